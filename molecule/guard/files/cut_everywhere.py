# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pull the plug of a host before any command of the guard, start the host again, and look what became of its files.

cut_everywhere.py HOST [--lab DIR] [--every N] [--seed N] [--phases NAME…]
HOST is one of lab_hosts.py, in DIR, or a container of podman.
The guard runs under ``sh -x``, whose prompt counts commands and stops the shell at the one that is wanted; the driver
sees that from outside and kills the whole host at once. Nothing of that is in the guard. In the phase killed the window
ends by itself, only the process that puts back is killed, and the host goes on. Of every N commands one is chosen, by
the seed. The last table says for each phase how many cuts there were and what was seen.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import time

from cut_machines import FILES, NEVER, TRACED, ContainerHost, NamespaceHost, host_guard, seen

from ansible_collections.homevirt.fleet.plugins.plugin_utils._guard import script

# Seconds in which the driver has to change the host, before the window ends by itself.
WINDOW = 6
OWNER = "lab"
IDENTIFIER = "0123abcd"
CHANGE = """
echo broken > /etc/config; chmod 600 /etc/config; chown 0:0 /etc/config
echo new > /etc/added
rm /etc/gone
echo other > /etc/conf.d/one; rm /etc/conf.d/two; echo three > /etc/conf.d/three
ln -sf gone /etc/alias
echo changed > /etc/change-made
"""
UNDO = script.command_undo("echo undone >> /etc/undone", None)


def arm_script(seconds=600):
    words = ["g", OWNER, IDENTIFIER, seconds, "rollback", "mark"]
    return script.asked("arm", words, directory=None, files=FILES, undo=[UNDO])


def trace_expiry(host):
    """Whoever waits for the end of the window starts what is traced instead of the guard, again and again."""
    guard = host.guards / "guard"
    guard.rename(guard.with_name("guard.lab"))
    place = f"/{host.guards.relative_to(host.tree)}"
    guard.write_text(
        f'#!/bin/sh\nexport GUARD_DIR={place} PS4="\\$(/etc/lab/hook)+ "\nexec sh -x {place}/guard.lab "$@"\n'
    )


def begin(host, phase):
    """Bring the host to where the phase begins, start it; returns the process to wait for, or None after a boot."""
    host.fresh()
    if phase == "arm":
        return lambda: host.sh(arm_script(), TRACED, wait=False)
    host.sh(arm_script(WINDOW if phase == "killed" else 600))
    if phase == "killed":
        trace_expiry(host)
    host.sh(CHANGE)
    if phase == "killed":
        return lambda: None
    if phase == "confirm":
        return lambda: host.sh(script.asked("confirm", ["g", OWNER], directory=None), TRACED, wait=False)
    if phase == "expire":
        (host.guards / "g/due").write_text("0\n")
        return lambda: host.sh("", f"{TRACED} {host_guard(host)} expire g {IDENTIFIER}", wait=False)
    host.trace_boot({"boot": "early", "late": "late"}[phase], phase)
    return lambda: (host.cut(), host.boot())[1]


def count(host, phase):
    start = begin(host, phase)
    process = start()
    if process is not None:
        process.stdout.read()
        process.wait()
    host.wait(lambda: (phase == "arm" or host.settled()) and host.run_file("count").exists(), phase)
    return int(host.run_file("count").read_text())


def cut_at(host, phase, number):
    start = begin(host, phase)
    host.at(number)
    process = start()
    host.wait(
        lambda: host.run_file("reached").exists() or (process and process.poll() is not None), f"{phase} {number}"
    )
    host.at(NEVER)
    if phase == "killed":
        host.kill_guard()
    else:
        host.cut()
        host.boot()
    if process is not None:
        process.stdout.close()
        process.wait()
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
    parser.add_argument("host")
    parser.add_argument("--lab")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--phases", nargs="+", default=["arm", "confirm", "expire", "boot", "late", "killed"])
    options = parser.parse_args()
    host = NamespaceHost(options.lab, options.host) if options.lab else ContainerHost(options.host)
    wrong = False
    began = time.monotonic()
    print("| cut in | before command | seen after the next start | times |\n|---|---|---|---|")
    for phase in options.phases:
        last = count(host, phase)
        tally = collections.Counter()
        where = collections.defaultdict(list)
        first = random.Random(f"{options.seed} {phase}").randint(1, min(options.every, last))
        for number in range(first, last + 1, options.every):
            result = cut_at(host, phase, number)
            tally[result] += 1
            where[result].append(number)
            wrong = wrong or result.startswith("WRONG")
        for result, times in tally.items():
            span = f"{where[result][0]} to {where[result][-1]} of {last}"
            print(f"| {phase} | {span} | {result} | {times} |", flush=True)
    host.fresh()
    print(f"{time.monotonic() - began:.0f} seconds")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
