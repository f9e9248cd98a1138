# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Files of a guest whose root is a directory of this host.

The guest wrote its own symlinks: an absolute one means the guest's root, and none may lead out of it. As openat2(2)
with RESOLVE_IN_ROOT does it, which Python 3.9 cannot call.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.errors import Refused

# As many as the kernel follows, path_resolution(7).
MOST_LINKS = 40


def inside(root: str, path: str) -> str:
    """The host's path of a guest's path, all symlinks followed as the guest itself would. Raises Refused for a ring."""
    done: list[str] = []
    todo = list(reversed(path.split("/")))
    links = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[-1:]
            continue
        here = os.path.join(root, *done, part)
        if not os.path.islink(here):
            done.append(part)
            continue
        links += 1
        if links > MOST_LINKS:
            raise Refused(f"{root}{path}", "its symbolic links lead round in a ring", "mend them in the guest")
        target = os.readlink(here)
        if target.startswith("/"):
            done = []
        todo.extend(reversed(target.split("/")))
    return os.path.join(root, *done)


def exists(root: str, path: str) -> bool:
    return os.path.exists(inside(root, path))


def read(root: str, path: str) -> str:
    """A text file's content; "" where there is none."""
    try:
        with open(inside(root, path), encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def content(root: str, path: str) -> t.Optional[str]:
    """A text file's content; None where there is none."""
    return read(root, path) if exists(root, path) else None


def names(root: str, path: str) -> list[str]:
    """What is in a directory, sorted; nothing where it is none."""
    try:
        return sorted(os.listdir(inside(root, path)))
    except (FileNotFoundError, NotADirectoryError):
        return []


def write(root: str, path: str, text: t.Optional[str]) -> None:
    """Replace a file in one step, keeping its rights and owner; None removes it. Missing directories are made."""
    place = inside(root, path)
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


__all__ = ["content", "exists", "inside", "names", "read", "write"]
