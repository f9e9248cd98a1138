# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull the plug of a host before any command of the guard, start the host again, and look what became of its files.

cut_everywhere.py LAB HOST [--every N] [--phases NAME…] [--kill]
The guard runs under ``sh -x``, whose prompt counts commands and stops the shell at the one that is wanted; the driver
sees that from outside and kills the whole host at once. Nothing of that is in the guard. With --kill only the guard's
process is killed, and the host goes on. The last table says for each phase how many cuts there were and what was seen.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import time

from ansible_collections.homevirt.fleet.plugins.plugin_utils._guard import script

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "shared"))
from lab_hosts import Lab  # noqa: E402

HOOK = """#!/bin/sh
mkdir -p /run/lab
read -r count 2> /dev/null < /run/lab/count || count=0
echo $((count + 1)) > /run/lab/count
read -r at < /etc/lab/at
[ $((count + 1)) -lt "$at" ] || { : > /run/lab/reached; exec sleep 1000; }
"""
TRACED = "PS4='$(/etc/lab/hook)+ ' sh -x"
NEVER = 10**9
OWNER = "lab"
FILES = ("/etc/config", "/etc/added", "/etc/gone", "/etc/conf.d", "/etc/alias")
BEFORE = """
echo original > /etc/config; chmod 640 /etc/config; chown 12:34 /etc/config
echo gone > /etc/gone
mkdir /etc/conf.d; echo one > /etc/conf.d/one; echo two > /etc/conf.d/two; chmod 711 /etc/conf.d/two; ln -s nowhere /etc/conf.d/link
ln -s config /etc/alias
"""
CHANGE = """
echo broken > /etc/config; chmod 600 /etc/config; chown 0:0 /etc/config
echo new > /etc/added
rm /etc/gone
echo other > /etc/conf.d/one; rm /etc/conf.d/two; echo three > /etc/conf.d/three
ln -sf gone /etc/alias
echo changed > /etc/change-made
"""
UNDO = script.command_undo("echo undone >> /etc/undone", None)


def seen(tree):
    """The guarded files, read by nothing of the guard."""
    found = {}
    for name in FILES:
        top = tree / name[1:]
        for path in [top, *sorted(top.rglob("*"))] if os.path.lexists(top) else []:
            info = path.lstat()
            kind = stat.S_IFMT(info.st_mode)
            content = ""
            if kind == stat.S_IFREG:
                content = path.read_text()
            elif kind == stat.S_IFLNK:
                content = os.readlink(path)
            found[str(path.relative_to(tree))] = (oct(info.st_mode), info.st_uid, info.st_gid, content)
    return found


class Host:
    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.tree = lab.place / "hosts" / name / "upper"
        self.kept = lab.place / "kept"
        self.guards = self.tree / "var/lib/homevirt.fleet/guard"
        (self.tree / "etc/lab/hook").write_text(HOOK)
        (self.tree / "etc/lab/hook").chmod(0o755)
        end = self.tree / "etc/init.d/S99lab"
        end.write_text("#!/bin/sh\nmkdir -p /run/lab\n: > /run/lab/booted\n")
        end.chmod(0o755)
        self.at(NEVER)
        self.sh(BEFORE)
        self.original = seen(self.tree)
        self.cut()
        shutil.rmtree(self.kept, ignore_errors=True)
        for part in ("etc", "var"):
            self.kept.mkdir(exist_ok=True)
            subprocess.run(["cp", "-a", self.tree / part, self.kept / part], check=True)

    def at(self, number):
        (self.tree / "etc/lab/at").write_text(f"{number}\n")

    def sh(self, text, shell="sh", wait=True):
        process = subprocess.Popen(
            [*self.lab.inside(self.name), "sh", "-c", shell],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        process.stdin.write(text if isinstance(text, bytes) else text.encode())
        process.stdin.close()
        if wait:
            out = process.stdout.read().decode()
            if process.wait():
                sys.exit(f"{text!r:.200} ended with {process.returncode}: {out}")
            return out
        return process

    def run_file(self, name):
        """A file in the host's /run, which is memory."""
        return pathlib.Path(f"/proc/{self.lab.record['hosts'][self.name]['init'][0]}/root/run/lab/{name}")

    def cut(self):
        self.lab.cut(self.name)

    def boot(self):
        self.lab.boot([self.name], answers=False)

    def fresh(self):
        self.cut()
        for part in ("etc", "var"):
            subprocess.run(["rm", "-rf", self.tree / part], check=True)
            subprocess.run(["cp", "-a", self.kept / part, self.tree / part], check=True)
        self.at(NEVER)
        self.boot()
        self.wait(lambda: self.run_file("booted").exists(), "boot")

    def wait(self, condition, what):
        deadline = time.monotonic() + 30
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"{what}: waited in vain; state {self.states()}")
            time.sleep(0.005)

    def states(self):
        return [path.read_text().strip() for path in self.guards.glob("*/state")]

    def settled(self):
        return self.run_file("booted").exists() and not set(self.states()) & {"armed", "restoring", "undoing"}

    def hooks(self):
        return [path.name for path in (self.tree / "etc/init.d").glob("*homevirt*")]


def arm_script():
    words = ["g", OWNER, "0123abcd", 600, "rollback", "mark"]
    return script.asked("arm", words, directory=None, files=FILES, undo=[UNDO])


def armed_and_changed(host):
    host.sh(arm_script())
    host.sh(CHANGE)


def hooked(host, which):
    """Have the boot's hook run the guard with the counting prompt."""
    hook = next((host.tree / "etc/init.d").glob(f"S??homevirt-fleet-guard-{which}"))
    hook.write_text(f"#!/bin/sh\nrm -f /run/lab/count\n{TRACED} {host_guard(host)} {'boot' if which == 'early' else 'late'}\n")


def host_guard(host):
    return f"/{(host.guards / 'guard').relative_to(host.tree)}"


def begin(host, phase):
    """Bring the host to where the phase begins, start it; returns the process to wait for, or None after a boot."""
    host.fresh()
    if phase == "arm":
        return lambda: host.sh(arm_script(), TRACED, wait=False)
    armed_and_changed(host)
    if phase == "confirm":
        return lambda: host.sh(script.asked("confirm", ["g", OWNER], directory=None), TRACED, wait=False)
    if phase == "expire":
        (host.guards / "g/due").write_text("0\n")
        return lambda: host.sh("", f"{TRACED} {host_guard(host)} expire g 0123abcd", wait=False)
    hooked(host, {"boot": "early", "late": "late"}[phase])
    return lambda: (host.cut(), host.boot())[1]


def count(host, phase):
    start = begin(host, phase)
    process = start()
    if process is not None:
        process.stdout.read()
        process.wait()
    host.wait(lambda: host.run_file("booted").exists() and host.run_file("count").exists(), phase)
    return int(host.run_file("count").read_text())


def cut_at(host, phase, number, kill):
    start = begin(host, phase)
    host.at(number)
    process = start()
    host.wait(lambda: host.run_file("reached").exists() or (process and process.poll() is not None), f"{phase} {number}")
    host.at(NEVER)
    if kill:
        host.sh("", "pkill -9 -f '[s]h -x' || true")
    else:
        host.cut()
    if process is not None:
        process.wait()
    if not kill:
        host.boot()
    host.wait(host.settled, f"{phase} {number}")
    return judge(host, phase)


def judge(host, phase):
    now = seen(host.tree)
    states = host.states()
    undone = (host.tree / "etc/undone").exists()
    if now == host.original:
        if phase == "arm":
            return "as before, no guard" if not states else "as before, rolled back"
        if states == ["rolled_back"] and undone:
            return "all put back, undo run"
        return f"WRONG: files back, but {states}, undo {undone}"
    if phase == "confirm" and states == ["confirmed"]:
        return "confirmed, the change stays"
    return f"WRONG: {states}: {sorted(set(now.items()) ^ set(host.original.items()))}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lab")
    parser.add_argument("host")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--phases", nargs="+", default=["arm", "confirm", "expire", "boot", "late"])
    parser.add_argument("--kill", action="store_true")
    options = parser.parse_args()
    host = Host(Lab(options.lab), options.host)
    wrong = False
    print("| cut in | before command | seen after the next start | times |\n|---|---|---|---|")
    for phase in options.phases:
        last = count(host, phase)
        tally = collections.Counter()
        where = collections.defaultdict(list)
        for number in range(1, last + 1, options.every):
            result = cut_at(host, phase, number, options.kill)
            tally[result] += 1
            where[result].append(number)
            wrong = wrong or result.startswith("WRONG")
        for result, times in tally.items():
            span = f"{where[result][0]} to {where[result][-1]} of {last}"
            print(f"| {phase} | {span} | {result} | {times} |", flush=True)
    host.fresh()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
