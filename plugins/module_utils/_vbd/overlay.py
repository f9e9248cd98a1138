# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Where throwaway layers lie: room for them is asked for before, and nothing of them is left after.

QEMU gives the layer a name, opens it, and takes the name away. For that moment it gets a directory of its own, so that
whoever is killed just then leaves nothing that could not be told from other people's files.
"""

from __future__ import annotations

import os
import stat
import typing as t

from .._common.errors import InvalidRequest, Refused
from .diskspec import DiskRequest
from .image import Image
from .ledger import Record

PREFIX = ".homevirt.fleet-"
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def place(directory: str, tag: str) -> str:
    """The directory of one layer, while it has a name."""
    return f"{os.path.realpath(directory)}/{PREFIX}{tag}"


def require_space(wanted: t.Iterable[tuple[DiskRequest, Image]]) -> None:
    """Raise Refused where a file system has no room for all layers that are to lie on it."""
    needs: dict[int, list[tuple[str, int]]] = {}
    # Asked for twice, with two partitions, an image has one layer.
    for disk, found in {found.id: (disk, found) for disk, found in wanted}.values():
        _require_directory(disk)
        # A layer grows no larger than the disk, but for its tables.
        need = disk.overlay_space if found.size is None else min(disk.overlay_space, found.size)
        needs.setdefault(os.stat(disk.overlay_dir).st_dev, []).append((disk.overlay_dir, need))
    for layers in needs.values():
        directory, need = layers[0][0], sum(size for _directory, size in layers)
        status = os.statvfs(directory)
        free = status.f_bavail * status.f_frsize
        if free < need:
            whose = f"{len(layers)} throwaway layers" if len(layers) > 1 else "the throwaway layer"
            raise Refused(
                directory,
                f"{in_words(free)} are free there, and {whose} may need {in_words(need)}",
                "free some, name another overlay_dir, or ask for less with overlay_space",
            )


def _require_directory(disk: DiskRequest) -> None:
    directory = disk.overlay_dir
    if not os.path.isabs(directory):
        raise InvalidRequest(directory, "overlay_dir is not an absolute path", "write it from the root directory on")
    if not os.path.isdir(directory):
        raise InvalidRequest(directory, "overlay_dir is not a directory", "make it, or name another one")
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        raise Refused(directory, "overlay_dir lies on a read-only file system", "name another one")


def in_words(size: int) -> str:
    """A number of bytes for people, e.g. ``1.5 GiB``."""
    power = min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    return f"{size / (1 << 10 * power):.4g} {UNITS[power]}"


def prepare(record: Record) -> None:
    """Make the directory of a layer. Raises Refused where somebody else has put something in its place."""
    if not record.layer:
        return
    remove(record)
    try:
        os.mkdir(record.layer, 0o700)
    except FileExistsError:
        raise Refused(record.layer, "not ours, but in the way of the throwaway layer", "see whose it is") from None


def remove(record: Record) -> None:
    """Take the directory away, and what QEMU left in it when it was killed; fine where there is none."""
    if not record.layer or not _is_ours(record.layer):
        return
    for entry in os.scandir(record.layer):
        os.unlink(entry.path)
    os.rmdir(record.layer)


def _is_ours(path: str) -> bool:
    """/var/tmp is everybody's: a link there, or another user's directory, is not what we made."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and status.st_mode & 0o077 == 0


__all__ = ["in_words", "place", "prepare", "remove", "require_space"]
