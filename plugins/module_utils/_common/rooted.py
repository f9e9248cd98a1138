# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Files of a guest whose root is a directory of this host, found as the guest would find them.

The guest wrote its own symlinks: an absolute one means the guest's root, and none may lead out of it, or a guest
decides which file of the host is read or written. As openat2(2) with RESOLVE_IN_ROOT does it, which Python 3.9 cannot
call.
"""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from .errors import Refused

# As many as the kernel follows, path_resolution(7).
MOST_LINKS = 40
LARGEST = 1 << 20
# A guest's fifo would block, and its device must not be opened.
READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def resolve(root: str, path: str) -> str:
    """The host's path of a guest's path, free of symlinks and never outside of root; it need not exist.

    Raises Refused for a ring of links.
    """
    waiting = list(reversed(path.split("/")))
    found: list[str] = []
    links = 0
    while waiting:
        part = waiting.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del found[-1:]
            continue
        here = os.path.join(root, *found, part)
        if not os.path.islink(here):
            found.append(part)
            continue
        links += 1
        if links > MOST_LINKS:
            raise Refused(f"{root}{path}", "its symbolic links lead round in a ring", "mend them in the guest")
        target = os.readlink(here)
        if target.startswith("/"):
            found = []
        waiting.extend(reversed(target.split("/")))
    return os.path.join(root, *found)


def exists(root: str, path: str) -> bool:
    return os.path.exists(resolve(root, path))


def names(root: str, path: str) -> list[str]:
    """What is in a directory, sorted; nothing where it is none."""
    try:
        return sorted(os.listdir(resolve(root, path)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def content(root: str, path: str) -> t.Optional[str]:
    """A text file's whole content, whatever its bytes; None where there is none. Raises Refused for no regular file."""
    place = resolve(root, path)
    try:
        fd = os.open(place, READING)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Refused(place, "it is no regular file", "look at it in the guest")
        return stream.read().decode("utf-8", "surrogateescape")


def whole(root: str, path: str) -> str:
    """The same, "" where there is none."""
    return content(root, path) or ""


def open_file(root: str, path: str) -> t.Optional[t.BinaryIO]:
    """A regular file, opened for reading; None where there is none, or it cannot be read."""
    try:
        fd = os.open(resolve(root, path), READING)
    except (OSError, Refused):
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
    """What of a file can be read, fit to be shown; "" where there is none."""
    return (read(root, path) or b"").decode("utf-8", "replace")


def is_directory(root: str, path: str) -> bool:
    try:
        return os.path.isdir(resolve(root, path))
    except Refused:
        return False


def write(root: str, path: str, text: t.Optional[str]) -> None:
    """Replace a file in one step, keeping its rights and owner; None removes it. Missing directories are made."""
    place = resolve(root, path)
    if text is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(place)
        return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    draft = f"{place}.homevirt-new"
    with contextlib.suppress(FileNotFoundError):
        # Of a run that was killed.
        os.unlink(draft)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), "wb") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
        with contextlib.suppress(FileNotFoundError):
            was = os.stat(place)
            os.fchmod(stream.fileno(), was.st_mode & 0o7777)
            os.fchown(stream.fileno(), was.st_uid, was.st_gid)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(draft, place)


__all__ = ["content", "exists", "is_directory", "names", "open_file", "read", "resolve", "text", "whole", "write"]
