# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which partition of a disk is meant: by number, name, UUID, label, or ``root`` for that of the guest's system."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.errors import InvalidRequest, Refused, ToolFailed
from .._common.host import Host
from . import filesystems, mountinfo, mounts
from .partitions import AMBIVALENT, Partition

ROOT = "root"
LUKS = "crypto_LUKS"
# The file system in which a system may be in a subvolume, so that it does not show at the top.
SUBVOLUMES = "btrfs"


class Choice(t.NamedTuple):
    """What is to be mounted. subvolume: of a btrfs, where the system is in one and not at the top; "" elsewhere."""

    partition: Partition
    subvolume: str = ""


def named(shown: str, selector: str, found: t.Sequence[Partition]) -> Partition:
    """The one file system that a number, a volume's name, a UUID or a label stands for.

    Raises InvalidRequest where it is none or several.
    """
    matches = matching(selector, found)
    if len(matches) == 1:
        return matches[0]
    why = f"{len(matches)} partitions are" if matches else "no partition is"
    raise InvalidRequest(shown, f"{why} '{selector}' (there are {listing(found)})", "name one by its number")


def matching(selector: str, found: t.Sequence[Partition]) -> list[Partition]:
    """All that a number, name, UUID or label stands for; of an open encrypted one what is in it."""
    matches = [partition for partition in found if selector in _names(partition)]
    if selector.isdigit():
        numbered = [partition for partition in found if partition.number == int(selector) and not partition.volume]
        matches = numbered or matches
    return list(dict.fromkeys(innermost(partition, found) for partition in matches))


def innermost(outer: Partition, found: t.Sequence[Partition]) -> Partition:
    """What is in an encrypted partition or volume comes after it, with its number and name."""
    same = [inner for inner in found if (inner.number, inner.volume) == (outer.number, outer.volume)]
    return same[-1] if outer.fstype == LUKS else outer


def _names(partition: Partition) -> tuple[str, ...]:
    names = (partition.uuid, partition.uuid.lower(), partition.partuuid, partition.label, partition.partlabel)
    return tuple(name for name in (*names, partition.volume) if name)


def root_candidates(shown: str, found: t.Sequence[Partition]) -> list[Partition]:
    """Partitions that could hold the guest's system, by the kind of their content. Raises InvalidRequest for none.

    One whose content cannot be told may hold it too, so then it is not guessed.
    """
    for partition in found:
        if partition.fstype == AMBIVALENT:
            reason = filesystems.why_not_mountable(AMBIVALENT)
            hint = "mend that, or name the one you mean by its number"
            raise InvalidRequest(shown, f"partition {partition.number} may hold its system or not: {reason}", hint)
    candidates = [partition for partition in found if filesystems.may_hold_os(partition.fstype)]
    if not candidates:
        raise InvalidRequest(
            shown, f"no partition can hold a guest's system (there are {listing(found)})", "set partition"
        )
    return candidates


def root(host: Host, shown: str, found: t.Sequence[Partition], place: str, *, sure: bool = True) -> Choice:
    """The one partition that holds an operating system. place: an empty directory to look at them, one after another.

    With a single candidate nothing is mounted here, unless it may be in a subvolume; require_os() looks at it where it
    was wanted. sure: all of the disk is open; where it is not, the single candidate need not be the one.
    """
    candidates = root_candidates(shown, found)
    if sure and len(candidates) == 1 and candidates[0].fstype != SUBVOLUMES:
        return Choice(candidates[0])
    holding = [choice for partition in candidates for choice in _look(host, partition, place)]
    if len(holding) == 1:
        return holding[0]
    if not holding:
        why = f"no partition holds an operating system (there are {listing(found)})"
    else:
        there = ", ".join(f"{choice.partition.number or 'the whole disk'}{_detail(choice)}" for choice in holding)
        why = f"{len(holding)} partitions hold an operating system: {there} (there are {listing(found)})"
    raise InvalidRequest(shown, why, "name the one you mean by its number")


def _detail(choice: Choice) -> str:
    subvolume = f" subvolume {choice.subvolume}" if choice.subvolume else ""
    return f"{f' ({choice.partition.volume})' if choice.partition.volume else ''}{subvolume}"


def require_os(shown: str, path: str) -> None:
    """Raise InvalidRequest unless the file system mounted at path holds an operating system."""
    if not filesystems.holds_os(path):
        raise InvalidRequest(
            shown, "its only file system holds no operating system", "set partition to mount it anyway"
        )


def _look(host: Host, partition: Partition, place: str) -> list[Choice]:
    """The systems on a file system: none, one, or on a btrfs one in each of some subvolumes."""
    with looking(host, partition, place) as path:
        if not path:
            # What cannot be mounted is not where the system is; if it should be, naming it gives mount's own reason.
            return []
        if filesystems.holds_os(path) or partition.fstype != SUBVOLUMES:
            return [Choice(partition)] if filesystems.holds_os(path) else []
        below = sorted(
            entry.name for entry in os.scandir(path) if entry.is_dir(follow_symlinks=False) and "," not in entry.name
        )
        return [Choice(partition, name) for name in below if filesystems.holds_os(os.path.join(path, name))]


@contextlib.contextmanager
def looking(host: Host, partition: Partition, place: str, extra: str = "") -> t.Iterator[str]:
    """A file system mounted read-only at a place of ours for a moment; its path, or "" where it cannot be mounted."""
    if mountinfo.at(mountinfo.read(host), place) is not None:
        # Of a run that was killed.
        mounts.umount_at(host, place)
    own = mountinfo.numbers_of(partition.device)
    there = [mount for mount in mountinfo.read(host) if own == mount.device or partition.device == mount.source]
    mounted = [mount for mount in there if mount.root == "/"]
    if mounted and not extra:
        yield mounted[0].path
        return
    os.makedirs(place, mode=0o700, exist_ok=True)
    options = filesystems.options(partition.fstype, "r", extra)
    try:
        mounts.refuse_unfit(host, partition, partition.device, "r")
        mounts.mount_at(host, partition.device, place, filesystems.mount_type(partition.fstype), options)
    except (Refused, ToolFailed):
        yield ""
        return
    try:
        yield place
    finally:
        mounts.umount_at(host, place)


def listing(found: t.Sequence[Partition]) -> str:
    """The partitions of a disk in words."""
    return "; ".join(_in_words(partition) for partition in found) or "none"


def _in_words(partition: Partition) -> str:
    label = partition.label or partition.partlabel
    name = partition.volume or partition.number or "the whole disk"
    return f"{name}: {partition.fstype or 'nothing known'}" + (f" '{label}'" if label else "")


__all__ = [
    "ROOT",
    "Choice",
    "innermost",
    "listing",
    "looking",
    "matching",
    "named",
    "require_os",
    "root",
    "root_candidates",
]
