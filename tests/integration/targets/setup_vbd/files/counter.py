# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: counter.py IMAGE OFFSET: print the number that the counting guest has reached, read by qemu-io beside it."""

from __future__ import annotations

import re
import subprocess
import sys

from boot_sector import MAGIC


def main() -> None:
    image, offset = sys.argv[1:]
    # -U: the guest holds QEMU's locks, and a page that is older by a moment is good enough.
    argv = ["qemu-io", "-r", "-U", "-f", "qcow2", "-c", f"read -v {offset} 512", image]
    text = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"^[0-9a-f]+:\s+((?:[0-9a-f]{2} ){16})", text, re.MULTILINE)
    page = bytes.fromhex(found.group(1)) if found else b""
    print(int.from_bytes(page[:4], "little") if page[4:8] == MAGIC else 0)


if __name__ == "__main__":
    main()
