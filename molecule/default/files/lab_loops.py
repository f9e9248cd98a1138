# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Print the loop devices behind which the lab's images are, one a line: ``lab_loops.py DIRECTORY [DEVICE@NUMBER...]``.

All containers share the machine's loop devices, and most of those are not the lab's. Of a raw image the file behind the
device is the image itself; of a served one the path of that file holds the image's device and inode. That path is lost
when the container ends, so what was printed once can be given again: the number tells whether it is still the same
attachment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

SERVED = re.compile(r"/run/homevirt\.fleet/vbd/([0-9a-f]+)-([0-9a-f]+)-")


def lab_loops(directory: str, known: list[str]) -> list[str]:
    images = {
        (status.st_dev, status.st_ino)
        for parent, _directories, names in os.walk(directory)
        for status in (os.stat(os.path.join(parent, name)) for name in names)
    }
    loops = {f"{loop['name']}@{sequence(loop)}": loop for loop in kernel_loops()}
    return [name for name, loop in loops.items() if name in known or identity(loop) in images]


def kernel_loops() -> list[dict[str, str]]:
    argv = ["losetup", "--list", "--json", "--output", "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN"]
    # losetup prints nothing at all where there is no loop device.
    listing = subprocess.run(argv, check=True, capture_output=True, text=True).stdout or '{"loopdevices": []}'
    return json.loads(listing)["loopdevices"]


def sequence(loop: dict[str, str]) -> str:
    """The kernel counts every disk it ever had (since Linux 5.15); a device's name is used again."""
    try:
        with open(f"/sys/block/{os.path.basename(loop['name'])}/diskseq", encoding="ascii") as stream:
            return stream.read().strip()
    except FileNotFoundError:
        return ""


def identity(loop: dict[str, str]) -> tuple[int, int]:
    served = SERVED.match(loop["back-file"] or "")
    if served:
        return int(served[1], 16), int(served[2], 16)
    major, minor = (loop["back-maj:min"] or "0:0").strip().split(":")
    return os.makedev(int(major), int(minor)), int(loop["back-ino"] or 0)


if __name__ == "__main__":
    print(*lab_loops(sys.argv[1], sys.argv[2:]), sep="\n")
