# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook attach costs over many hosts by ssh, beside the same commands by parallel ssh, and beside a ping.

Usage, as root: tools/bench fleet [--hosts 50 --forks 10,25,50]
The hosts are namespaces of this machine (molecule/shared/lab_hosts.py) and share its cores with the controller, so
every figure is one of both sides together. Each mounts a partition of a raw image of its own.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "molecule/shared"))
from lab_hosts import Lab  # noqa: E402

# What an administrator would type on each host.
UP = """
mkdir -p /mnt/guest
device=$(losetup --find --show --partscan --read-only --direct-io=on /srv/images/guest.img)
[ -e ${device}p1 ] || partx --add $device
mount -t ext4 -o ro,noload,nodev,nosuid ${device}p1 /mnt/guest
"""
DOWN = "device=$(findmnt -no SOURCE /mnt/guest); umount /mnt/guest; losetup --detach ${device%p1}; rmdir /mnt/guest"


def make_image(place):
    (place / "tree/etc").mkdir(parents=True)
    (place / "tree/etc/os-release").write_text("ID=bench\n")
    subprocess.run(
        "truncate -s 32M guest.img; printf 'label: gpt\\nsize=30M\\n' | sfdisk -q guest.img; "
        "mkfs.ext4 -q -F -d tree -E offset=$((1 << 20)) guest.img 30M",
        shell=True, check=True, cwd=place,
    )  # fmt: skip


def ssh(lab, host, command):
    variables = json.loads((lab.place / "inventory/hosts.yml").read_text())["all"]
    common = shlex.split(variables["vars"]["ansible_ssh_common_args"])
    argv = ["ssh", *common, "-i", variables["vars"]["ansible_ssh_private_key_file"]]
    subprocess.run(
        [*argv, f"root@{variables['hosts'][host]['ansible_host']}", command], check=True, capture_output=True
    )


def parallel(lab, hosts, command, forks):
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(forks) as pool:
        list(pool.map(lambda host: ssh(lab, host, command), hosts))
    return time.monotonic() - began


class Memory(threading.Thread):
    """The largest sum of the proportional set sizes of a process and its descendants, in KiB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.done = pid, 0, threading.Event()

    def run(self):
        while not self.done.wait(0.5):
            self.peak = max(self.peak, sum(map(pss, tree(self.pid))))


def tree(pid):
    found = [pid]
    for each in found:
        try:
            found += map(int, pathlib.Path(f"/proc/{each}/task/{each}/children").read_text().split())
        except OSError:
            continue
    return found


def pss(pid):
    try:
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def ansible(lab, argv, forks):
    """Seconds and KiB."""
    environment = {
        **os.environ,
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
    }
    began = time.monotonic()
    process = subprocess.Popen(
        [argv[0], "-i", str(lab.place / "inventory"), "--forks", str(forks), *argv[1:]],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
    )  # fmt: skip
    memory = Memory(process.pid)
    memory.start()
    out = process.communicate()[0]
    took = time.monotonic() - began
    memory.done.set()
    memory.join()
    if process.returncode:
        sys.exit(out)
    return took, memory.peak, out


def measure(lab, hosts, forks):
    # Everybody's files are in the page cache, and no connection is left over.
    parallel(lab, hosts, "true", forks)
    floor = parallel(lab, hosts, UP, forks)
    parallel(lab, hosts, DOWN, forks)
    ansible(lab, ["ansible", "all", "-m", "ansible.builtin.ping"], forks)
    ping = ansible(lab, ["ansible", "all", "-m", "ansible.builtin.ping"], forks)[0]
    first, _peak, out = ansible(lab, ["ansible-playbook", "homevirt.fleet.attach"], forks)
    if out.count("changed=1 ") != len(hosts):
        sys.exit(out)
    again, peak, out = ansible(lab, ["ansible-playbook", "homevirt.fleet.attach"], forks)
    if out.count("changed=0 ") != len(hosts):
        sys.exit(out)
    ansible(lab, ["ansible-playbook", "homevirt.fleet.detach"], forks)
    print(
        f"| {forks} | {floor:.1f} | {first:.1f} | {first / floor:.1f} | {ping:.1f} | {again:.1f} | "
        f"{again / ping:.2f} | {peak / 1024:.0f} | {peak / 1024 / len(hosts):.1f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--forks", default="10,25,50")
    options = parser.parse_args()
    place = pathlib.Path(tempfile.mkdtemp(prefix="fleet-bench."))
    lab = Lab(place / "lab")
    try:
        make_image(place)
        hosts = [f"h{number:02}" for number in range(1, options.hosts + 1)]
        lab.up(hosts)
        for host in hosts:
            with open(place / "guest.img", "rb") as image:
                command = "mkdir -p /srv/images && cat > /srv/images/guest.img"
                subprocess.run([*lab.inside(host), "sh", "-c", command], stdin=image, check=True)
        (lab.place / "inventory/group_vars").mkdir()
        (lab.place / "inventory/group_vars/all.yml").write_text(
            "vbd_mount_backend: loop\n"
            "vbd_mount_disks: [{image: /srv/images/guest.img, format: raw, path: /mnt/guest}]\n"
        )
        print(f"{options.hosts} hosts, load {os.getloadavg()[0]:.1f}\n")
        print(
            "| forks | ssh, s | attach, s | attach / ssh | ping, s | again, s | again / ping "
            "| controller, MiB | MiB a host |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for forks in map(int, options.forks.split(",")):
            measure(lab, hosts, forks)
        print(f"\nload {os.getloadavg()[0]:.1f}")
    finally:
        lab.down()
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    main()
