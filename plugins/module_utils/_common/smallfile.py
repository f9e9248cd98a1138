# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Reads the small files of sysfs and /run, of which a run that changes nothing reads dozens for every disk.

Three system calls each, where open() makes seven; on a Xen Domain-0 they are most of what such a run costs.
"""

from __future__ import annotations

import os

# More than a page, which sysfs never exceeds, and less than what the allocator gets from the kernel anew each time.
CHUNK = 1 << 15


def read(path: str) -> bytes:
    """The whole file. Raises OSError."""
    stream = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = more = os.read(stream, CHUNK)
        while len(more) == CHUNK:
            more = os.read(stream, CHUNK)
            found += more
        return found
    finally:
        os.close(stream)


def text(path: str) -> str:
    """As read(), as text whose bytes that are no UTF-8 can be written back. Raises OSError."""
    return read(path).decode("utf-8", "surrogateescape")


def attribute(path: str) -> str:
    """What a file of sysfs or procfs says, fit to be shown; "" where there is none, or it is for others to read."""
    try:
        return read(path).decode("utf-8", "replace").strip()
    except (FileNotFoundError, PermissionError):
        return ""


__all__ = ["attribute", "read", "text"]
