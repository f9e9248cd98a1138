# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Mounting and unmounting one file system of an attached disk, as steps of a plan."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InUse, Refused, ToolFailed
from .._common.host import Host
from .._common.plan import Step
from .._common.runner import checked
from . import btrfs, filesystems, fstab, mountinfo, ntfs, partitions, processes, volumes
from .ledger import Mounted, Record
from .partitions import Partition
from .work import Work

BUSY_HINT = "find what uses it with fuser -vm, end that, then run again"


class Wanted(t.NamedTuple):
    """One mount as asked for. path: without symlinks; options: the user's own; fstab: write a line there.

    subvolume: of a btrfs, found and not asked for; tree: where the guest's tree begins that it is a part of.
    """

    path: str
    access: str
    options: str
    fstab: bool
    subvolume: str = ""
    tree: str = ""


def why_not_here(mounts: t.Sequence[mountinfo.Mount], path: str) -> str:
    """The reason why nothing may be mounted at a path; "" where it may."""
    other = mountinfo.at(mounts, path)
    if other is not None:
        return f"{other.source} is mounted there already"
    if os.path.isdir(path):
        return "the directory is not empty, and a mount would hide what is in it" if os.listdir(path) else ""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return "" if os.path.isdir(path) else f"{path} is not a directory"


def entry_for(partition: Partition, wanted: Wanted) -> Mounted:
    """How a mount is written down. Raises Refused for what cannot be mounted."""
    filesystems.require_mountable(partition.device, partition.fstype)
    if wanted.fstab and not partition.uuid:
        raise Refused(partition.device, "has no UUID to write into /etc/fstab", "leave fstab off for it")
    extra = [f"subvol={wanted.subvolume}"] if wanted.subvolume else []
    extra += [wanted.options] if wanted.options else []
    options = filesystems.options(partition.fstype, wanted.access, ",".join(extra))
    fstype = filesystems.mount_type(partition.fstype)
    line = fstab.line(partition.uuid, wanted.path, fstype, options) if wanted.fstab else ""
    made = _topmost_missing(wanted.path)
    return Mounted(
        wanted.path, partition.number, fstype, options, made, line, partition.volume, wanted.subvolume, wanted.tree
    )


def mount(work: Work, tag: str, partition: Partition, wanted: Wanted) -> None:
    """Mount, and note it in the record before: so the next run knows whose it is. Raises FleetError."""
    entry = entry_for(partition, wanted)
    record = work.records[tag]
    refuse_unfit(work.host, partition, f"{record.image}, {partition.device}", wanted.access)
    others = tuple(other for other in record.mounts if other.path != wanted.path)
    for before in set(record.mounts) - set(others):
        # Of a run that was killed after it had made the directory.
        entry = entry._replace(made=before.made or entry.made)
    work.keep(record._replace(mounts=(*others, entry)))
    os.makedirs(wanted.path, exist_ok=True)
    mount_at(work.host, partition.device, wanted.path, entry.fstype, entry.options)
    _must_be_there(work.host, record, wanted.path)
    if entry.fstab:
        fstab.change(wanted.path, entry.fstab)


def refuse_unfit(host: Host, partition: Partition, shown: str, access: str) -> None:
    """Raise Refused where a file system could be mounted, and yet must not be; ToolMissing without a driver for it."""
    ntfs.require_programs(host, partition.fstype)
    btrfs.refuse_clone(host, partition, shown)
    if partition.fstype == ntfs.FSTYPE and access == "w":
        ntfs.refuse_unfit(host, partition, shown)


def _must_be_there(host: Host, record: Record, path: str) -> None:
    """mount(8) follows a link that was put in the path's place meanwhile: then take away what it has just mounted."""
    there = mountinfo.read(host)
    visible = mountinfo.at(there, path)
    if visible is not None and is_of(host, record, visible):
        return
    own = partitions.numbers(host, record.device)
    astray = [mount.path for mount in there if mount.device in own]
    if astray:
        umount_at(host, astray[-1])
    raise Refused(path, "replaced by something else while it was being mounted upon", "find out who did that")


def mount_at(host: Host, device: str, path: str, fstype: str, options: str) -> None:
    """Run mount(8). The type is said, so that the kernel does not try others on what a guest wrote."""
    checked(
        host.runner,
        ["mount", "-t", fstype, "-o", options, device, path],
        host.timeout,
        f"{device} ({fstype}) on {path}",
        "read the host's kernel log; it may lack this file system",
    )


def unmount(work: Work, tag: str, path: str) -> None:
    """Unmount what is at a path and forget it; fine where nothing is mounted. Raises ToolFailed where it is busy.

    What somebody else has mounted there meanwhile is left.
    """
    record = work.records.get(tag)
    if record is None:
        return
    visible = mountinfo.at(mountinfo.read(work.host), path)
    if visible is not None and is_of(work.host, record, visible):
        umount_at(work.host, path)
    for entry in record.mounts:
        if entry.path == path and entry.fstab:
            fstab.change(entry.path, "")
        if entry.path == path and entry.made:
            _remove_made(work, entry)
    # Forgotten last: whoever is killed before has it done by the next run.
    record = work.records[tag]
    left = tuple(entry for entry in record.mounts if entry.path != path)
    work.keep(record._replace(mounts=left, trees=tuple(tree for tree in record.trees if tree.path != path)))


def is_of(host: Host, record: Record, mount: mountinfo.Mount) -> bool:
    """Whether a mount is of this disk of ours, or at a place of ours and of a disk that is gone from under it."""
    if partitions.exists(host, record.device):
        return mount.device in partitions.numbers(host, record.device)
    # A disk that was torn away leaves its file system mounted, and nothing but the place tells whose it was.
    at_our_place = any(entry.path == mount.path for entry in record.mounts)
    node = f"{host.sys}/class/block/{os.path.basename(mount.source)}"
    return at_our_place and mount.source.startswith(f"{host.dev}/") and not os.path.exists(node)


def umount_at(host: Host, path: str) -> None:
    """Run umount(8). Raises InUse, naming who is in there, and ToolFailed."""
    try:
        checked(host.runner, ["umount", path], host.timeout, path, BUSY_HINT)
    except ToolFailed as error:
        users = [f"{processes.name_of(host, pid)} (pid {pid})" for pid in processes.below(host, path)]
        if users:
            raise InUse(path, f"it is in use by {', '.join(users)}", "end that, or leave it, then run again") from error
        raise


def _remove_made(work: Work, entry: Mounted) -> None:
    """Remove the directories that were made for a mount, as far as they are empty."""
    path = entry.path
    while path.startswith(entry.made):
        try:
            os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError:
            _hand_over(work, entry, path)
            return
        path = os.path.dirname(path)


def _hand_over(work: Work, gone: Mounted, directory: str) -> None:
    """A directory that we made is still needed: whichever of our other mounts below it goes last is to remove it.

    Where none is below it, somebody has put something there since, and it is theirs now.
    """
    for record in list(work.records.values()):
        heirs = tuple(
            entry._replace(made=gone.made) if entry.path.startswith(f"{directory}/") and entry != gone else entry
            for entry in record.mounts
        )
        if heirs != record.mounts:
            work.keep(record._replace(mounts=heirs))


def _topmost_missing(path: str) -> str:
    """The highest directory that making this path will make; "" where it is there already."""
    missing = ""
    while not os.path.isdir(path):
        missing, path = path, os.path.dirname(path)
    return missing


def plan_unmount(work: Work, tag: str, path: str, *, dead: bool = False) -> None:
    """Plan to unmount a path. dead: the disk behind it is gone, so there is nothing to mount again on a rollback."""
    record = work.records[tag]
    visible = mountinfo.at(work.state.mounts, path)
    was = visible if visible is not None and is_of(work.host, record, visible) else None
    work.unmounting.add(path)
    work.plan.add(
        Step(
            tag,
            f"unmount {path}",
            lambda: unmount(work, tag, path),
            None if dead or was is None else lambda: _mount_again(work, record, was),
            before=f"{path}: {was.fstype} of {was.source}" if was else f"{path}: not mounted any more",
            after="",
        )
    )


def _mount_again(work: Work, record: Record, was: mountinfo.Mount) -> None:
    there = work.records.get(record.tag)
    if mountinfo.at(mountinfo.read(work.host), was.path) is not None:
        return
    if there is None or not partitions.exists(work.host, there.device) or was.root != "/":
        raise Refused(was.path, "cannot be mounted again as it was", "mount it by hand")
    os.makedirs(was.path, exist_ok=True)
    ours = [entry for entry in record.mounts if entry.path == was.path]
    fstype, options = (ours[0].fstype, ours[0].options) if ours else (was.fstype, ",".join(was.options))
    volume = ours[0].volume if ours else ""
    # Attached again in the same rollback, the disk may have another number.
    device = volumes.reopen(work, record.tag, volume) if volume else there.device + was.source[len(record.device) :]
    mount_at(work.host, device, was.path, fstype, options)
    for entry in ours:
        if entry.fstab:
            fstab.change(entry.path, entry.fstab)
    others = tuple(entry for entry in there.mounts if entry.path != was.path)
    work.keep(there._replace(mounts=(*others, *ours)))


__all__ = [
    "Wanted",
    "entry_for",
    "is_of",
    "mount",
    "mount_at",
    "plan_unmount",
    "refuse_unfit",
    "umount_at",
    "unmount",
    "why_not_here",
]
