# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What attaching and mounting costs beside the bare tools and libguestfs: commands, and seconds side by side.

Usage, as root: make bench [ARGS="--images 1,20,100 --rounds 5 --guestmount 1,5"]
Every round does each variant once, in turn, so that the machine's moods meet all of them alike; the tables show
medians. guestmount (Debian package libguestfs-tools) is left out where it is not installed.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import SystemRunner
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.arguments import WORKERS
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest

# What an administrator would type, with the waiting that it takes to be right.
BARE_UP = """
for n in $(seq 0 $(($1 - 1))); do
  mkdir -p $n/fuse $n/mnt
  nbdfuse --pidfile $n/pid --readonly $n/fuse/disk --socket-activation qemu-nbd --format=qcow2 --read-only \\
    $PWD/$n.qcow2 &
  until [ -s $n/pid ]; do sleep 0.002; done
  device=$(losetup --find --show --partscan --read-only --direct-io=on $n/fuse/disk)
  [ -e ${device}p1 ] || partx --add $device
  type=$(blkid -p -s TYPE -o value ${device}p1)
  mount -t $type -o ro,noload,nodev,nosuid ${device}p1 $n/mnt
  echo $device > $n/device
done
"""
BARE_DOWN = """
for n in $(seq 0 $(($1 - 1))); do
  umount $n/mnt
  losetup --detach $(cat $n/device)
  until umount $n/fuse 2> /dev/null; do sleep 0.002; done
  while kill -0 $(cat $n/pid) 2> /dev/null && [ "$(cut -d' ' -f3 /proc/$(cat $n/pid)/stat)" != Z ]; do sleep 0.002; done
  rm -r $n
done
"""
# libguestfs at its quickest: no libvirt, and its appliance built before.
GUESTMOUNT_UP = """
for n in $(seq 0 $(($1 - 1))); do
  mkdir -p guest$n
  guestmount --ro --format=qcow2 --add $PWD/$n.qcow2 --mount /dev/sda1 --pid-file guest$n.pid guest$n
done
"""
GUESTMOUNT_DOWN = """
for n in $(seq 0 $(($1 - 1))); do
  pid=$(cat guest$n.pid)
  guestunmount guest$n
  while [ -e /proc/$pid ]; do sleep 0.01; done
  rmdir guest$n
done
"""
GUESTMOUNT_SETTINGS = {"LIBGUESTFS_BACKEND": "direct", "LIBGUESTFS_BACKEND_SETTINGS": "force_tcg"}


class CountingRunner(SystemRunner):
    """Counts the processes that it starts."""

    def __init__(self):
        self.count = 0

    def run(self, argv, timeout):
        self.count += 1
        return super().run(argv, timeout)

    def run_all(self, argvs, timeout):
        # run() comes here too, with one.
        self.count += len(argvs) if len(argvs) > 1 else 0
        return super().run_all(argvs, timeout)

    def spawn(self, argv, log, env):
        self.count += 1
        return super().spawn(argv, log, env)


def sh(script, place, *args):
    subprocess.run(
        ["bash", "-euc", script, "bench", *args], cwd=place, check=True, env={**os.environ, **GUESTMOUNT_SETTINGS}
    )


def make_images(place, count):
    tree = place / "tree" / "etc"
    tree.mkdir(parents=True)
    (tree / "os-release").write_text("ID=bench\n")
    sh(
        "truncate -s 64M raw; echo 'label: gpt\n-' | sed 's/-/size=62M/' | sfdisk -q raw; "
        "mkfs.ext4 -q -F -d tree -E offset=$((1 << 20)) raw 62M; qemu-img convert -O qcow2 raw 0.qcow2; "
        "for n in $(seq 1 $(($1 - 1))); do cp 0.qcow2 $n.qcow2; done",
        place,
        str(count),
    )


def requests(place, count):
    return [MountRequest(DiskRequest(f"{place}/{n}.qcow2", "qcow2"), "root", f"{place}/mnt{n}") for n in range(count)]


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def engine_variant(place, count):
    wanted, counts = requests(place, count), []

    def call(function):
        runner = CountingRunner()
        function(Host(runner, workers=WORKERS), wanted, force=False, check=False)
        counts.append(runner.count)

    return counts, {
        "mount": lambda: call(report.mount),
        "again": lambda: call(report.mount),
        "unmount": lambda: call(report.unmount),
    }


def bare_variant(place, count):
    return {
        "mount": lambda: sh(BARE_UP, place, str(count)),
        "unmount": lambda: sh(BARE_DOWN, place, str(count)),
    }


def role_variant(place, count):
    disks = ", ".join(f"{{image: {place}/{n}.qcow2, path: {place}/mnt{n}}}" for n in range(count))
    (place / "inventory.yml").write_text(
        "all:\n  hosts:\n    localhost:\n      ansible_connection: local\n"
        f"      ansible_python_interpreter: {sys.executable}\n      vbd_mount_disks: [{disks}]\n"
    )
    playbook = shutil.which("ansible-playbook", path=f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")

    def play(name):
        subprocess.run(
            [playbook, "-i", "inventory.yml", f"homevirt.fleet.{name}"],
            cwd=place,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    return {"mount": lambda: play("attach"), "again": lambda: play("attach"), "unmount": lambda: play("detach")}


def guestmount_variant(place, count):
    return {
        "mount": lambda: sh(GUESTMOUNT_UP, place, str(count)),
        "unmount": lambda: sh(GUESTMOUNT_DOWN, place, str(count)),
    }


def measure(variants, rounds):
    """{(variant, step): median of its seconds}."""
    seconds = {}
    for _round in range(rounds):
        for name, steps in variants.items():
            for step, action in steps.items():
                seconds.setdefault((name, step), []).append(timed(action))
    return {key: statistics.median(values) for key, values in seconds.items()}


def beside_the_bare_tools(place, sizes, rounds):
    print("| images | step | engine, s | its commands | per image | bare tools, s | engine / bare | role, s |")
    print("|---|---|---|---|---|---|---|---|")
    role = {}
    for size in sizes:
        counts, engine = engine_variant(place, size)
        variants = {"engine": engine, "bare tools": bare_variant(place, size), "role": role_variant(place, size)}
        median = measure(variants, rounds)
        for commands, step in zip(counts[:3], ("mount", "again", "unmount")):
            own, bare = median["engine", step], median.get(("bare tools", step))
            beside = f"{bare:.3f} | {own / bare:.2f}" if bare else "– | –"
            role[size, step] = median["role", step]
            each = f"{commands} | {commands / size:.2f}"
            print(f"| {size} | {step} | {own:.3f} | {each} | {beside} | {role[size, step]:.2f} |", flush=True)
    few, many = min(sizes), max(sizes)
    print(
        f"\nThe role, again: {many} images cost {role[many, 'again'] / role[few, 'again']:.2f} times what {few} cost.\n"
    )


def beside_guestmount(place, sizes, rounds):
    if not shutil.which("guestmount"):
        print("guestmount is not installed, and not measured.")
        return
    # Builds the appliance, which it keeps.
    measure({"guestmount": guestmount_variant(place, 1)}, 1)
    print("| images | engine, mount + unmount, s | guestmount, s | guestmount / engine |\n|---|---|---|---|")
    for size in sizes:
        _counts, engine = engine_variant(place, size)
        median = measure({"engine": engine, "guestmount": guestmount_variant(place, size)}, rounds)
        own, other = (sum(median[name, step] for step in ("mount", "unmount")) for name in ("engine", "guestmount"))
        print(f"| {size} | {own:.3f} | {other:.2f} | {other / own:.0f} |", flush=True)


def numbers(text):
    return [int(word) for word in text.split(",") if word]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=numbers, default=[1, 20, 100])
    parser.add_argument("--guestmount", type=numbers, default=[1, 5], help="numbers of images, or nothing")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vbd-bench-", dir="/var/tmp") as name:
        place = pathlib.Path(name)
        make_images(place, max([*options.images, *options.guestmount, 1]))
        if options.images:
            beside_the_bare_tools(place, options.images, options.rounds)
        if options.guestmount:
            beside_guestmount(place, options.guestmount, min(options.rounds, 3))


if __name__ == "__main__":
    main()
