# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Keeping udev off a disk that is being attached: it leaves alone what somebody holds flock(2) on (udev(7) and systemd,
docs/BLOCK_DEVICE_LOCKING.md), and looks at it afterwards. Otherwise it has the disk open at the wrong moment, and may
build something on a half-made one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import typing as t


@contextlib.contextmanager
def undisturbed(device: str) -> t.Iterator[None]:
    """Hold the lock of a whole disk while the block runs. Where udev has it just then, that is not waited for."""
    fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


__all__ = ["undisturbed"]
