# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: hold.py read|write|lock PATH: keep a file open, or locked, in a process of its own, and print that one's
number.

It returns only once the file is held, so nobody has to wait. The process lives until it is ended by its number.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys


def main() -> None:
    how, path = sys.argv[1:]
    ready, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        if os.read(ready, 1) != b"y":
            raise SystemExit(f"{path}: cannot be held")
        print(pid)
        return
    os.setsid()
    fd = os.open(path, os.O_RDONLY if how == "read" else os.O_RDWR)
    if how == "lock":
        fcntl.flock(fd, fcntl.LOCK_EX)
    # Whoever started us waits for the end of our output.
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.write(tell, b"y")
    os.close(tell)
    # A test that is killed must not leave us behind for ever.
    signal.alarm(600)
    signal.pause()


if __name__ == "__main__":
    main()
