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
        _await_lock(host, fd, path, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def shared(host: Host, path: str) -> t.Iterator[None]:
    """Keep whoever changes something from beginning while the block reads. Makes no file. Raises TimedOut."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        # Nobody has ever changed anything here since the host was started.
        yield
        return
    try:
        _await_lock(host, fd, path, fcntl.LOCK_SH)
        yield
    finally:
        os.close(fd)


def _await_lock(host: Host, fd: int, path: str, kind: int) -> None:
    host.await_true(
        lambda: _try_lock(fd, kind),
        path,
        "another play that changes disks of this host did not end",
        "wait for it, or raise timeout",
    )


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


__all__ = ["exclusive", "shared"]
