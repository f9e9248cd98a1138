# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""An image and the files below it: who they are, and whether opening them is allowed.

Identity is device and inode number, never the name: hard links, symlinks and renames are the same image.
"""

from __future__ import annotations

import os
import re
import stat
import typing as t

from .._common.errors import FleetError, InvalidRequest, Refused
from .._common.runner import printable
from . import header
from .diskspec import DiskRequest

DEEPEST_CHAIN = 16
PROTOCOL = re.compile(r"^[^/:]*:")


class FileId(t.NamedTuple):
    """What the kernel knows a file by. For a block device both numbers are the device's own (block=True)."""

    dev: int
    ino: int
    block: bool = False

    @property
    def key(self) -> str:
        """Short text for file names and owner tags, e.g. ``fe00-20c03f``."""
        return f"{self.dev:x}-{self.ino:x}" + ("-block" if self.block else "")


class Member(t.NamedTuple):
    """One file of an image's chain. path is free of symlinks; kind: image, backing, data or extent."""

    path: str
    id: FileId
    kind: str


class Image(t.NamedTuple):
    """An image that may be opened. size: bytes of the disk inside, None where the header does not tell."""

    path: str
    id: FileId
    size: t.Optional[int]
    members: tuple[Member, ...]


def file_id(status: os.stat_result) -> FileId:
    if stat.S_ISBLK(status.st_mode):
        return FileId(os.major(status.st_rdev), os.minor(status.st_rdev), True)
    return FileId(status.st_dev, status.st_ino)


def examine(wanted: DiskRequest) -> Image:
    """Look at an image and everything that opening it would open, without opening it as a disk.

    Raises InvalidRequest (no such file, other format than said) and Refused (a file outside the image's directory that
    was not allowed by name, a loop, encryption).
    """
    try:
        path = os.path.realpath(wanted.image)
        members: list[Member] = []
        # QEMU is given this path, and resolves each name below from the name of the file above.
        top = _walk(wanted, path, "image", wanted.format, members)
        if wanted.access == "w" and not wanted.overlay and not members[0].id.block and _is_read_only(path):
            raise Refused(wanted.image, "lies on a read-only file system", "attach it with access r or with an overlay")
    except OSError as error:
        raise InvalidRequest(
            wanted.image, f"cannot be read ({error.strerror})", "check the path on the host itself"
        ) from error
    return Image(path, members[0].id, top.size, tuple(members))


def _is_read_only(path: str) -> bool:
    """losetup would take read-only for an answer, and say nothing."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def by_name(wanted: DiskRequest) -> t.Optional[Image]:
    """An image without a look into it: its size and what it is built on stay unknown. None: there is no such file."""
    identity = identify(wanted.image)
    if identity is None:
        return None
    path = os.path.realpath(wanted.image)
    return Image(path, identity, None, (Member(path, identity, "image"),))


def identify(path: str) -> t.Optional[FileId]:
    """The identity of a path, or None where there is no such file."""
    try:
        return file_id(os.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def chain(path: str, *, follow: bool) -> list[FileId]:
    """The identities of an image and, with follow, of the files below it, as far as they can be told.

    For images that somebody else has opened already: nothing is refused. The image itself comes first.
    """
    found: list[FileId] = []
    waiting = [path]
    while waiting and len(found) < DEEPEST_CHAIN:
        name = waiting.pop(0)
        try:
            identity = identify(name)
            below = header.read(name).references if follow and identity and not identity.block else ()
        except (OSError, ValueError):
            # A name from a header may be anything, also what no file system takes.
            continue
        if identity is None or identity in found:
            continue
        found.append(identity)
        waiting += [os.path.join(os.path.dirname(os.path.realpath(name)), reference.name) for reference in below]
    return found


def _walk(wanted: DiskRequest, path: str, kind: str, expected: t.Optional[str], members: list[Member]) -> header.Header:
    status = os.stat(path)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode)):
        raise InvalidRequest(path, "neither a file nor a block device", "name the image itself")
    identity = file_id(status)
    if any(member.id == identity for member in members):
        raise _refused(
            wanted, path, "its chain of backing files comes back to itself", "repair it with qemu-img rebase"
        )
    if len(members) >= DEEPEST_CHAIN:
        raise _refused(
            wanted, path, f"its chain is longer than {DEEPEST_CHAIN} files", "shorten it with qemu-img rebase"
        )
    members.append(Member(os.path.realpath(path), identity, kind))
    found = header.read(path)
    if kind == "extent" and (found.references or found.flaws):
        raise _refused(wanted, path, "an extent of it opens further files", "convert it with qemu-img convert")
    if kind in ("data", "extent"):
        return found
    _check(path, expected, found)
    for reference in found.references:
        _walk(wanted, _resolve(wanted, path, reference), reference.kind, reference.format, members)
    return found


def _check(path: str, expected: t.Optional[str], found: header.Header) -> None:
    if found.format != expected:
        raise Refused(
            path,
            f"said to be {expected}, but its header is that of {found.format}",
            "find out which is true with qemu-img info on a copy, and say so in format",
        )
    if found.flaws:
        raise Refused(path, " and ".join(found.flaws), "repair or convert a copy of it with qemu-img first")


def _resolve(wanted: DiskRequest, path: str, reference: header.Reference) -> str:
    name, kind = reference.name, reference.kind
    shown = printable(name)
    if not name:
        raise _refused(wanted, path, f"it needs a {kind} file whose name it does not hold", "convert it with qemu-img")
    if PROTOCOL.match(name):
        raise _refused(
            wanted, path, f"its {kind} file '{shown}' is not a plain path", "change it with qemu-img rebase -u"
        )
    if kind == "backing" and reference.format is None:
        raise _refused(
            wanted,
            path,
            f"it does not say of which format its backing file '{shown}' is, so QEMU would guess",
            "write it down with qemu-img rebase -u -b FILE -F FORMAT",
        )
    if kind == "data" and not os.path.isabs(name):
        raise _refused(
            wanted,
            path,
            f"its data file '{shown}' is not an absolute path, so QEMU looks elsewhere",
            "convert it with qemu-img",
        )
    named = os.path.join(os.path.dirname(path), name)
    target = os.path.realpath(named)
    allowed = {os.path.realpath(allowed) for allowed in wanted.references}
    if os.path.dirname(target) != os.path.dirname(os.path.realpath(wanted.image)) and target not in allowed:
        raise _refused(
            wanted,
            path,
            f"its {kind} file '{shown}' lies outside the image's directory",
            f"if it belongs to it, add '{printable(target)}' to references",
        )
    return named


def _refused(wanted: DiskRequest, path: str, why: str, hint: str) -> FleetError:
    about = wanted.image if path == os.path.realpath(wanted.image) else f"{wanted.image} ({path})"
    return Refused(about, why, hint)


__all__ = ["FileId", "Image", "Member", "by_name", "chain", "examine", "file_id", "identify"]
