# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which partition of a disk is meant: by number, UUID, label, or ``root`` for the one that holds the guest's system."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InvalidRequest, ToolFailed
from .._common.host import Host
from . import filesystems, mountinfo, mounts
from .partitions import Partition

ROOT = "root"


def named(shown: str, selector: str, found: t.Sequence[Partition]) -> Partition:
    """The one partition that a number, UUID or label stands for. Raises InvalidRequest where it is none or several."""
    matches = [partition for partition in found if selector in _names(partition)]
    if selector.isdigit():
        matches = [partition for partition in found if partition.number == int(selector)] or matches
    if len(matches) == 1:
        return matches[0]
    why = f"{len(matches)} partitions are" if matches else "no partition is"
    raise InvalidRequest(shown, f"{why} '{selector}' (there are {listing(found)})", "name one by its number")


def _names(partition: Partition) -> tuple[str, ...]:
    names = (partition.uuid, partition.uuid.lower(), partition.partuuid, partition.label, partition.partlabel)
    return tuple(name for name in names if name)


def root_candidates(shown: str, found: t.Sequence[Partition]) -> list[Partition]:
    """Partitions that could hold the guest's system, by the kind of their content. Raises InvalidRequest for none."""
    candidates = [partition for partition in found if filesystems.may_hold_os(partition.fstype)]
    if not candidates:
        raise InvalidRequest(
            shown, f"no partition can hold a guest's system (there are {listing(found)})", "set partition"
        )
    return candidates


def root(host: Host, shown: str, found: t.Sequence[Partition], place: str) -> Partition:
    """The one partition that holds an operating system. place: an empty directory to look at them, one after another.

    With a single candidate nothing is mounted here; require_os() looks at it where it was wanted.
    """
    candidates = root_candidates(shown, found)
    if len(candidates) == 1:
        return candidates[0]
    holding = [partition for partition in candidates if _look(host, partition, place)]
    if len(holding) == 1:
        return holding[0]
    why = f"{len(holding)} partitions hold an operating system" if holding else "no partition holds an operating system"
    raise InvalidRequest(shown, f"{why} (there are {listing(found)})", "name the one you mean by its number")


def require_os(shown: str, path: str) -> None:
    """Raise InvalidRequest unless the file system mounted at path holds an operating system."""
    if not filesystems.holds_os(path):
        raise InvalidRequest(
            shown, "its only file system holds no operating system", "set partition to mount it anyway"
        )


def _look(host: Host, partition: Partition, place: str) -> bool:
    mounted = [mount for mount in mountinfo.read(host) if mount.source == partition.device and mount.root == "/"]
    if mounted:
        return filesystems.holds_os(mounted[0].path)
    os.makedirs(place, mode=0o700, exist_ok=True)
    options = filesystems.options(partition.fstype, "r", "")
    try:
        mounts.mount_at(host, partition.device, place, filesystems.mount_type(partition.fstype), options)
    except ToolFailed:
        # What cannot be mounted is not where the system is; if it should be, naming it gives mount's own reason.
        return False
    try:
        return filesystems.holds_os(place)
    finally:
        mounts.umount_at(host, place)


def listing(found: t.Sequence[Partition]) -> str:
    """The partitions of a disk in words."""
    return "; ".join(_in_words(partition) for partition in found) or "none"


def _in_words(partition: Partition) -> str:
    label = partition.label or partition.partlabel
    return f"{partition.number or 'the whole disk'}: {partition.fstype or 'nothing known'}" + (
        f" '{label}'" if label else ""
    )


__all__ = ["ROOT", "listing", "named", "require_os", "root", "root_candidates"]
