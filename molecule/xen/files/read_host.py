# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""What a dom0 says of its disks and mounts, without a line of the collection's own code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

ENTRY = re.compile(r'/local/domain/0/backend/\w+/0/(\d+)/(params|mode|state) = "(.*)"')
RECORDS = "/run/homevirt.fleet/vbd"


def told(*argv: str) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def entries() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in told("xenstore-ls", "-f", "/local/domain/0/backend").splitlines():
        match = ENTRY.fullmatch(line.rstrip())
        if match:
            found.setdefault(match[1], {})[match[2]] = match[3]
    return found


def sum_of(path: str) -> str:
    """ "" where it cannot be read, as on a disk that was taken away."""
    done = subprocess.run(["sha256sum", path], check=False, capture_output=True, text=True)
    return done.stdout.split()[0] if done.returncode == 0 else ""


json.dump(
    {
        "entries": entries(),
        "disks": json.loads(told("lsblk", "--json", "--output", "PATH,RO,SIZE,PTUUID"))["blockdevices"],
        "mounts": json.loads(told("findmnt", "--json", "--list", "--types", "ext4"))["filesystems"],
        "planted": {path: sum_of(path) for path in sys.argv[1:] if os.path.exists(path)},
        "sum": open("/srv/lab/planted.sum", encoding="ascii").read().split()[0],
        "records": sorted(os.listdir(RECORDS)) if os.path.isdir(RECORDS) else [],
    },
    sys.stdout,
)
