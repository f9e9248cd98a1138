# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: pattern.py write OFFSET DEVICE…, or pattern.py find OFFSET FORMAT:IMAGE…: a page that proves that writes
arrive.

write puts it on devices and syncs; find prints as JSON for each image, read by qemu-img, whether it is there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

PAGE = b"written by the host " * 204 + b"." * 16
SECTOR = 512


def write(offset: int, device: str) -> None:
    fd = os.open(device, os.O_WRONLY)
    try:
        if os.pwrite(fd, PAGE, offset) != len(PAGE):
            raise SystemExit(f"{device}: short write")
        os.fsync(fd)
    finally:
        os.close(fd)


def found(offset: int, image: str) -> bool:
    image_format, _colon, path = image.partition(":")
    copy = f"{path}.page"
    try:
        subprocess.run(
            ["qemu-img", "dd", "-f", image_format, "-O", "raw", f"bs={SECTOR}", f"skip={offset // SECTOR}"]
            + [f"count={offset // SECTOR + len(PAGE) // SECTOR}", f"if={path}", f"of={copy}"],
            check=True,
        )
        with open(copy, "rb") as stream:
            return stream.read(len(PAGE)) == PAGE
    finally:
        if os.path.exists(copy):
            os.unlink(copy)


def main() -> None:
    how, offset = sys.argv[1], int(sys.argv[2])
    if how == "write":
        for device in sys.argv[3:]:
            write(offset, device)
        return
    print(json.dumps({image.partition(":")[2]: found(offset, image) for image in sys.argv[3:]}))


if __name__ == "__main__":
    main()
