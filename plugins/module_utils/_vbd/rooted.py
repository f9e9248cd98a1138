# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Reading a guest's files as the guest would: a symlink inside it that begins with / begins at the guest's root.

Otherwise a guest decides which file of the host is read, or where on the host something is mounted.
"""

from __future__ import annotations

import errno
import os
import stat
import typing as t

MOST_LINKS = 40
LARGEST = 1 << 20


def resolve(root: str, path: str) -> str:
    """The host's path of a guest's path, free of symlinks and never outside of root; it need not exist.

    Raises OSError for a loop of links.
    """
    waiting = [part for part in path.split("/") if part not in ("", ".")]
    found: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop(0)
        if part == "..":
            found = found[:-1]
            continue
        here = os.path.join(root, *found, part)
        if not os.path.islink(here):
            found.append(part)
            continue
        links += 1
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        target = os.readlink(here)
        if target.startswith("/"):
            found = []
        waiting = [word for word in target.split("/") if word not in ("", ".")] + waiting
    return os.path.join(root, *found)


def open_file(root: str, path: str) -> t.Optional[t.BinaryIO]:
    """A regular file, opened for reading; None where there is none, or it cannot be read."""
    try:
        # A guest's fifo would block, and its device must not be opened.
        fd = os.open(resolve(root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return None
    return os.fdopen(fd, "rb")


def read(root: str, path: str, largest: int = LARGEST) -> t.Optional[bytes]:
    """The first bytes of a regular file; None where there is none, or it cannot be read."""
    stream = open_file(root, path)
    if stream is None:
        return None
    with stream:
        try:
            return stream.read(largest)
        except OSError:
            return None


def text(root: str, path: str) -> str:
    """The text of a file, "" where there is none."""
    return (read(root, path) or b"").decode("utf-8", "replace")


def names(root: str, path: str) -> list[str]:
    """The names in a directory, sorted; none where it is not there."""
    try:
        return sorted(os.listdir(resolve(root, path)))
    except OSError:
        return []


def is_directory(root: str, path: str) -> bool:
    try:
        return os.path.isdir(resolve(root, path))
    except OSError:
        return False


__all__ = ["is_directory", "names", "open_file", "read", "resolve", "text"]
