# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Files of a Windows guest: found without regard to case, replaced at once or not at all, with Windows' own rights.

A file that Linux makes on NTFS is everybody's to write, and a driver that everybody may replace hands over the guest.
So new files get the rights of the registry's own.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import typing as t

from .._common.errors import Refused

# How the two drivers for NTFS call a file's security descriptor.
RIGHTS = ("system.ntfs_acl", "system.ntfs_security")
NOT_THERE = (errno.ENOTSUP, errno.ENODATA, errno.EPERM, errno.EACCES, errno.EINVAL)
NEW = ".homevirt-new"
PIECE = 1 << 20


def variants(directory: str, name: str) -> list[str]:
    """Paths of the entries that Windows takes for that name."""
    try:
        there = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [os.path.join(directory, each) for each in sorted(there) if each.casefold() == name.casefold()]


def find(directory: str, *names: str) -> t.Optional[str]:
    """The path that Windows means by names below a directory; None where there is none.

    Raises Refused for what is neither file nor directory: a link that the guest has made may lead into the host.
    """
    path = directory
    for name in names:
        found = variants(path, _checked(path, name))
        if len(found) > 1:
            raise Refused(
                path,
                f"{' and '.join(os.path.basename(each) for each in found)} are there, which are one name to Windows",
                "find out which of them Windows uses, and rename or remove the others",
            )
        if not found:
            return None
        path = found[0]
        mode = os.lstat(path).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise Refused(
                path,
                "neither a file nor a directory, but a link, or compressed in a way that this host cannot read",
                "look at it in the guest; compact /u /exe uncompresses what Windows has compressed",
            )
    return path


def place(directory: str, *names: str) -> str:
    """Where names below a directory are, or would be made: what exists keeps its spelling. Raises Refused."""
    path = directory
    for name in names:
        path = find(path, name) or os.path.join(path, name)
    return path


def _checked(directory: str, name: str) -> str:
    """A name that stays in its directory. Names come from the guest's own record and from INF files too."""
    if name in ("", ".", "..") or any(char in name for char in "/\\\0"):
        raise Refused(os.path.join(directory, name), "no name of a file", "find out who wrote that name")
    return name


def digest(path: str) -> str:
    """SHA-256 of a file; "" where there is none."""
    found = hashlib.sha256()
    try:
        with open(path, "rb") as stream:
            while True:
                piece = stream.read(PIECE)
                if not piece:
                    return found.hexdigest()
                found.update(piece)
    except FileNotFoundError:
        return ""


def make_directory(path: str, rights_of: str) -> None:
    """Make a directory where missing, with another directory's rights."""
    if find(os.path.dirname(path), os.path.basename(path)) is None:
        os.mkdir(path)
        _copy_rights(rights_of, path)
        sync(os.path.dirname(path))


def put(path: str, data: bytes, rights_of: str) -> None:
    """Write a file so that at any moment either the old or the new one is there, whole."""
    new = path + NEW
    with _fresh(new) as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    move(new, path, rights_of)


def copy(source: str, path: str, rights_of: str) -> None:
    """The same with the content of another file."""
    new = path + NEW
    with open(source, "rb") as origin, _fresh(new) as stream:
        shutil.copyfileobj(origin, stream, PIECE)
        stream.flush()
        os.fsync(stream.fileno())
    move(new, path, rights_of)


def _fresh(path: str) -> t.BinaryIO:
    """A new file for writing; what a killed writer, or the guest, has left under that name is not followed."""
    remove(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


def move(new: str, path: str, rights_of: str) -> None:
    """Put a complete file into its place."""
    if os.path.exists(rights_of):
        _copy_rights(rights_of, new)
    os.replace(new, path)
    sync(os.path.dirname(path))


def remove(path: str) -> None:
    """Take a file away, where it is there."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def sync(directory: str) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        # A file system in user space need not know how to sync a directory.
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def _copy_rights(origin: str, path: str) -> None:
    for name in RIGHTS:
        try:
            rights = os.getxattr(origin, name)
        except OSError as error:
            # Not an NTFS, or the other of its drivers.
            if error.errno not in NOT_THERE:
                raise
            continue
        os.setxattr(path, name, rights)


__all__ = [
    "NEW",
    "copy",
    "digest",
    "find",
    "make_directory",
    "move",
    "place",
    "put",
    "remove",
    "sync",
    "variants",
]
