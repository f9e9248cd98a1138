# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Runs a line in a guest of the lab and prints what it says there. Usage: ask_guest.py GUEST LINE

The guest has no network; its init runs the lines that come on its console and tells how each ended (guest_init.sh).
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import termios
import time
import tty

PATIENCE = 60.0
ENDED = re.compile(r"^lab: ended with (\d+)$", re.MULTILINE)


def told(*argv: str) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def main() -> int:
    guest, line = sys.argv[1:]
    console = os.open(told("xenstore-read", f"/local/domain/{told('xl', 'domid', guest)}/console/tty"), os.O_RDWR)
    tty.setraw(console)
    # What it said before nobody waits for, but for a guest that is still booting.
    termios.tcflush(console, termios.TCIFLUSH)
    os.write(console, f"{line}\n".encode())
    said, end = "", time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if select.select([console], [], [], 1.0)[0]:
            said += os.read(console, 65536).decode("utf-8", "replace").replace("\r", "")
        ended = ENDED.search(said)
        if ended:
            sys.stdout.write(said[: ended.start()].rpartition("lab: ready\n")[2])
            return int(ended[1])
    raise SystemExit(f"{guest} did not answer; its console says:\n{said}")


sys.exit(main())
