# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a Linux guest was before: kept inside of it, written before anything else, so that it can be had back."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import typing as t

from .._common import rooted
from .._common.errors import Refused

STORE = "/var/lib/homevirt.fleet/guest_driver"
RECORD = f"{STORE}/record.json"
# Of a hard link that cannot be: another file system, one that knows none, or one that is full of them.
NO_LINKS = (errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK)
Mark = list[int]


class Record(t.NamedTuple):
    """files: {path: content before, None for no file}; written: the same as we left it.

    images: {release: (its path, the mark it got from us; empty while it is being made)}; links: those that we made.
    """

    files: dict[str, t.Optional[str]]
    written: dict[str, t.Optional[str]]
    images: dict[str, tuple[str, Mark]]
    links: list[str]


def read(root: str) -> t.Optional[Record]:
    """The record; None where nothing of ours is in the guest. Raises Refused for one that cannot be read."""
    text = rooted.whole(root, RECORD)
    if not text:
        return None
    try:
        kept = json.loads(text)
        images = {
            release: (str(path), [int(value) for value in mark]) for release, (path, mark) in kept["images"].items()
        }
        return Record(dict(kept["files"]), dict(kept["written"]), images, [str(link) for link in kept["links"]])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused(
            f"{root}{RECORD}", f"cannot be read: {error}", "look into it; remove it to give up what it keeps"
        ) from error


def write(root: str, record: t.Optional[Record]) -> None:
    """Replace the record in one step; None forgets it and everything that is kept."""
    if record is not None:
        rooted.write(root, RECORD, json.dumps(record._asdict(), indent=1, sort_keys=True) + "\n")
        return
    # The record last: what is left by a kill is still known as ours.
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(rooted.resolve(root, f"{STORE}/images"))
    rooted.write(root, RECORD, None)
    for directory in (STORE, os.path.dirname(STORE)):
        with contextlib.suppress(OSError):
            os.rmdir(rooted.resolve(root, directory))


def mark(root: str, image: str) -> Mark:
    """What tells an image from one that was made since."""
    status = os.stat(rooted.resolve(root, image))
    return [status.st_size, status.st_mtime_ns]


def kept(root: str, release: str, *, last: bool = False) -> str:
    """The host's path of the image as it was at first, or before the last change."""
    return rooted.resolve(root, f"{STORE}/images/{release}{'.last' if last else ''}")


def keep(root: str, release: str, image: str, *, first: bool) -> None:
    """Keep an image as it is now; first: also as the one to which ``restored`` goes back."""
    os.makedirs(rooted.resolve(root, f"{STORE}/images"), exist_ok=True)
    copy(rooted.resolve(root, image), kept(root, release, last=True))
    if first:
        copy(kept(root, release, last=True), kept(root, release))


def forget(root: str, release: str, *, first: bool) -> None:
    for path in [kept(root, release, last=True), *([kept(root, release)] if first else [])]:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def copy(source: str, target: str) -> None:
    """Put a file in the place of another in one step; without its content being written again where that can be."""
    draft = f"{target}.homevirt-new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(draft)
    try:
        os.link(source, draft)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        shutil.copy2(source, draft)
        with open(draft, "rb") as stream:
            os.fsync(stream.fileno())
    os.replace(draft, target)
    with contextlib.suppress(FileNotFoundError):
        # Two names of one file: rename(2) does nothing then.
        os.unlink(draft)


def room(root: str, image: str) -> tuple[int, int]:
    """(bytes that are free where the image lies, bytes that are needed there) to make it anew and keep the old one."""
    place = rooted.resolve(root, image)
    status, size = os.statvfs(os.path.dirname(place)), os.path.getsize(place)
    # The new one is complete before the old one goes; a few modules make it a little larger.
    return status.f_bfree * status.f_frsize, size + size // 4 + (4 << 20)


__all__ = ["RECORD", "STORE", "Record", "copy", "forget", "keep", "kept", "mark", "read", "room", "write"]
