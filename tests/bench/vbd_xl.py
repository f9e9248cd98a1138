# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What attaching with xl costs beside a plain shell loop of xl: commands, and seconds side by side in one run.

Run on a Xen Domain-0 as root; make xen-bench does it in the lab. Every round does each variant once, in turn, so that
the machine's moods meet all of them alike; the table shows medians.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import vbd

from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.vdev import Vdev

# Seconds until a host must be idle, and the share of its time that it may then be busy.
SETTLED, QUIET = 300, 0.2
STEPS = ("attach", "again", "detach")
# What an administrator would type, with the waiting that it takes to have a device, and to be rid of it.
BARE_UP = """
n=0
for vdev; do
  xl block-attach 0 format=qcow2,vdev=$vdev,access=rw,target=$PWD/$n.qcow2 > /dev/null
  until [ -b /dev/$vdev ]; do sleep 0.01; done
  n=$((n + 1))
done
"""
BARE_DOWN = """
for vdev; do
  xl block-detach 0 $vdev > /dev/null
  while [ -e /dev/$vdev ]; do sleep 0.01; done
done
"""


# A process of its own for each call, as Ansible starts a module on the host.
MODULE = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from ansible_collections.homevirt.fleet.plugins.modules import vbd
with patch_module_args(json.loads(sys.argv[1])):
    vbd.main()
"""


def engine_variant(place, count):
    """Attach, find nothing to do, detach; with the number of commands of each."""
    wanted = [DiskRequest(f"{place}/{n}.qcow2", "qcow2", "w", "xl") for n in range(count)]
    commands = {}

    def call(step, function):
        runner = vbd.CountingRunner()
        function(Host(runner), wanted, force=False, check=False)
        commands[step] = runner.count

    functions = (report.attach, report.attach, report.detach)
    return commands, {step: lambda s=step, f=function: call(s, f) for step, function in zip(STEPS, functions)}


def module_variant(place, count):
    disks = [{"image": f"{place}/{n}.qcow2", "access": "w", "backend": "xl"} for n in range(count)]

    def call(state):
        args = json.dumps({"state": state, "disks": disks})
        subprocess.run([sys.executable, "-c", MODULE, args], stdout=subprocess.DEVNULL, check=True)

    return {step: lambda s=state: call(s) for step, state in zip(STEPS, ("attached", "attached", "detached"))}


def bare_variant(place, count):
    names = [Vdev("xvd", n, 0).name for n in range(count)]
    return {"attach": lambda: vbd.sh(BARE_UP, place, *names), "detach": lambda: vbd.sh(BARE_DOWN, place, *names)}


def settle():
    """Wait until the host is idle: Xen's own QEMU and xenstored work on for a minute after many attachments."""
    deadline = time.monotonic() + SETTLED
    while time.monotonic() < deadline:
        before = processor_times()
        time.sleep(1)
        busy, all_in_all = (after - first for after, first in zip(processor_times(), before))
        if busy < QUIET * all_in_all:
            return
    raise SystemExit(f"this host is not idle within {SETTLED} seconds; see with top what keeps it busy")


def processor_times():
    """(busy, all) since boot, in ticks: proc_stat(5)."""
    with open("/proc/stat", encoding="ascii") as stream:
        ticks = [int(word) for word in stream.readline().split()[1:9]]
    return sum(ticks) - ticks[3] - ticks[4], sum(ticks)


def measure(place, count, rounds):
    commands, engine = engine_variant(place, count)
    variants = {"engine": engine, "module": module_variant(place, count), "bare": bare_variant(place, count)}
    seconds = {}
    for _round in range(rounds):
        for name, steps in variants.items():
            for step, action in steps.items():
                settle()
                # What changes nothing can be had several times for one attaching.
                times = [vbd.timed(action) for _time in range(3 if step == "again" else 1)]
                seconds.setdefault((name, step), []).extend(times)
    return commands, {key: statistics.median(values) for key, values in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", default="1,10,50")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sizes = [int(size) for size in options.images.split(",")]
    again = {}
    print("| attachments | step | engine, s | its commands | shell loop of xl, s | engine / loop | module, s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="vbd-bench-", dir="/var/tmp") as name:
        place = pathlib.Path(name)
        vbd.make_images(place, max(sizes))
        for size in sizes:
            commands, median = measure(place, size, options.rounds)
            again[size] = median["module", "again"]
            for step in STEPS:
                engine, bare = median["engine", step], median.get(("bare", step))
                beside = f"{bare:.2f} | {engine / bare:.2f}" if bare else "– | –"
                module = median["module", step]
                print(f"| {size} | {step} | {engine:.2f} | {commands[step]} | {beside} | {module:.2f} |", flush=True)
    least, most = min(sizes), max(sizes)
    ratio = again[most] / again[least]
    print(f"\nA run of the module that changes nothing: {most} cost {ratio:.2f} times what {least} costs.")


if __name__ == "__main__":
    main()
