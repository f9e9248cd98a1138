# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""One change of a host at a time: two plays must not race for one image or the last free device."""

from __future__ import annotations

import contextlib
import fcntl
import os
import typing as t

from .host import Host


@contextlib.contextmanager
def exclusive(host: Host, path: str) -> t.Iterator[None]:
    """Hold flock(2) on a file while the block runs. The kernel frees it when we are killed. Raises TimedOut."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        host.await_true(
            lambda: _try_lock(fd),
            path,
            "another play that changes disks of this host did not end",
            "wait for it, or raise timeout",
        )
        yield
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


__all__ = ["exclusive"]
