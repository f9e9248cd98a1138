# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts that cut_everywhere.py cuts off: started, seen from outside, and stopped at a command of the guard."""

from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import stat
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "shared"))
from lab_hosts import Lab  # noqa: E402

HOOK = """#!/bin/sh
[ -d /run/lab ] || mkdir -p /run/lab
read -r count 2> /dev/null < /run/lab/count || count=0
echo $((count + 1)) > /run/lab/count.$$
mv /run/lab/count.$$ /run/lab/count
read -r at < /etc/lab/at
[ $((count + 1)) -lt "$at" ] || { : > /run/lab/reached; exec sleep 1000; }
"""
TRACED = "PS4='$(/etc/lab/hook)+ ' sh -x"
NEVER = 10**9
FILES = ("/etc/config", "/etc/added", "/etc/gone", "/etc/conf.d", "/etc/alias")
BEFORE = """
echo original > /etc/config; chmod 640 /etc/config; chown 12:34 /etc/config
echo gone > /etc/gone
mkdir /etc/conf.d; echo one > /etc/conf.d/one; echo two > /etc/conf.d/two; chmod 711 /etc/conf.d/two
ln -s nowhere /etc/conf.d/link
ln -s config /etc/alias
"""
BOOTED = """
[Unit]
After=homevirt-fleet-guard-late.service
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mkdir -p /run/lab; : > /run/lab/booted'
"""


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


class Machine:
    """What both kinds of host have in common. tree: the root of its disk, as this machine sees it."""

    hook_glob = ""
    reset = ""

    def __init__(self, tree):
        self.tree = tree
        self.guards = tree / "var/lib/homevirt.fleet/guard"
        (tree / "etc/lab").mkdir(exist_ok=True)
        (tree / "etc/lab/hook").write_text(HOOK)
        (tree / "etc/lab/hook").chmod(0o755)
        self.at(NEVER)
        self.fresh()
        self.original = seen(tree)

    def at(self, number):
        (self.tree / "etc/lab/at").write_text(f"{number}\n")

    def sh(self, text, shell="sh", wait=True):
        process = subprocess.Popen(
            [*self.enter(), "sh", "-c", shell],
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
        return pathlib.Path(f"/proc/{self.init()}/root/run/lab/{name}")

    def booted(self):
        return self.run_file("booted").exists()

    def fresh(self):
        """As if no guard had ever been here."""
        self.cut()
        self.at(NEVER)
        for name in (*FILES, "/etc/undone", "/etc/change-made", "/var/lib/homevirt.fleet", *self.leftovers()):
            subprocess.run(["rm", "-rf", self.tree / name[1:]], check=True)
        self.boot()
        self.wait(self.booted, "boot")
        self.sh(BEFORE)

    def leftovers(self):
        return [f"/{path.relative_to(self.tree)}" for path in self.tree.glob(self.hook_glob)]

    def wait(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            if time.monotonic() > deadline:
                sys.exit(f"{what}: waited in vain; state {self.states()}")
            time.sleep(0.005)

    def states(self):
        return [path.read_text().strip() for path in self.guards.glob("[!.]*/state")]

    def settled(self):
        return self.booted() and not set(self.states()) & {"armed", "restoring", "undoing"}

    def kill_guard(self):
        """Only its process, as a machine short of memory does."""
        ours = os.readlink(f"/proc/{self.init()}/ns/pid")
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                words = (process / "cmdline").read_bytes().split(b"\0")
                if b"-x" in words and os.readlink(process / "ns/pid") == ours:
                    os.kill(int(process.name), signal.SIGKILL)


class NamespaceHost(Machine):
    """A BusyBox of lab_hosts.py."""

    hook_glob = "etc/init.d/S??homevirt*"

    def __init__(self, lab, name):
        self.lab, self.name = Lab(lab), name
        tree = self.lab.place / "hosts" / name / "upper"
        end = tree / "etc/init.d/S99lab"
        end.write_text("#!/bin/sh\nmkdir -p /run/lab\n: > /run/lab/booted\n")
        end.chmod(0o755)
        super().__init__(tree)

    def init(self):
        return self.lab.record["hosts"][self.name]["init"][0]

    def enter(self):
        return self.lab.inside(self.name)

    def cut(self):
        self.lab.cut(self.name)

    def boot(self):
        self.lab.boot([self.name], answers=False)

    def trace_boot(self, which, verb):
        hook = next((self.tree / "etc/init.d").glob(f"S??homevirt-fleet-guard-{which}"))
        hook.write_text(f"#!/bin/sh\nrm -f /run/lab/count\n{TRACED} {host_guard(self)} {verb}\n")


class ContainerHost(Machine):
    """A container with systemd."""

    hook_glob = "etc/systemd/system/**/homevirt*"

    def __init__(self, name):
        self.name = name
        tree = pathlib.Path(self.podman("mount", name))
        wants = tree / "etc/systemd/system/multi-user.target.wants"
        (wants.parent / "lab.service").write_text(BOOTED)
        (wants / "lab.service").unlink(missing_ok=True)
        (wants / "lab.service").symlink_to("../lab.service")
        super().__init__(tree)

    @staticmethod
    def podman(*words):
        return subprocess.run(["podman", *words], check=True, capture_output=True, text=True).stdout.strip()

    def init(self):
        return self.pid

    def enter(self):
        return ["podman", "exec", "-i", self.name]

    def cut(self):
        self.podman("kill", "--signal=KILL", self.name)
        self.podman("wait", self.name)

    def boot(self):
        self.podman("start", self.name)
        self.pid = self.podman("inspect", "--format={{.State.Pid}}", self.name)

    def trace_boot(self, which, verb):
        unit = self.tree / f"etc/systemd/system/homevirt-fleet-guard-{which}.service"
        start = f"ExecStart=/bin/sh {host_guard(self)} {verb}"
        traced = f'Environment="PS4=$(/etc/lab/hook)+ "\nExecStart=/bin/sh -x {host_guard(self)} {verb}'
        unit.write_text(unit.read_text().replace(start, traced))


def host_guard(host):
    return f"/{(host.guards / 'guard').relative_to(host.tree)}"
