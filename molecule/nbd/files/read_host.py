# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""What a host says of its mounts, disks and nbd servers, without a line of the collection's own code."""

from __future__ import annotations

import glob
import json
import os
import pathlib
import subprocess
import sys


def told(*argv: str) -> dict:
    """A command's JSON; losetup prints nothing at all where there is nothing."""
    text = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(text) if text.strip() else {}


def servers() -> list[dict]:
    """Who serves a /dev/nbdX, by the kernel's word; it goes on naming a dead server while the device is mounted."""
    found = []
    for path in sorted(glob.glob("/sys/block/nbd*/pid")):
        pid = pathlib.Path(path).read_text().strip()
        proc = pathlib.Path("/proc") / pid
        if not proc.exists():
            continue
        argv = proc.joinpath("cmdline").read_bytes().decode().rstrip("\0").split("\0")
        cgroup = [line.split(":", 2) for line in proc.joinpath("cgroup").read_text().splitlines()]
        found.append(
            {
                "device": path.split("/")[3],
                "pid": int(pid),
                "image": argv[-1],
                "read_only": "--read-only" in argv,
                "cgroup": next((name for number, kind, name in cgroup if "0" == number or "systemd" in kind), ""),
            }
        )
    return found


def processes() -> list[str]:
    """Command lines of everything that could serve an image, whether a device knows of it or not."""
    found = []
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if proc.joinpath("comm").read_text().strip() in ("qemu-nbd", "nbdfuse", "qemu-storage-da"):
                found.append(proc.joinpath("cmdline").read_bytes().decode().replace("\0", " ").strip())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def units() -> list[str]:
    listed = told("systemctl", "list-units", "--all", "--output=json", "homevirt-fleet-*")
    return [unit["unit"] for unit in listed]


records = "/run/homevirt.fleet/vbd"
disks = told("lsblk", "--json", "--bytes", "--nodeps", "--output", "NAME,RO,SIZE").get("blockdevices", [])
json.dump(
    {
        "mounts": told("findmnt", "--json", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS")["filesystems"],
        # An nbd device that nothing is connected to is listed too, with no size.
        "disks": [disk for disk in disks if disk["name"].startswith(("nbd", "loop")) and disk["size"]],
        "loops": told("losetup", "--json", "--list").get("loopdevices", []),
        "servers": servers(),
        "processes": processes(),
        "units": units(),
        "records": sorted(os.listdir(records)) if os.path.isdir(records) else [],
    },
    sys.stdout,
)
