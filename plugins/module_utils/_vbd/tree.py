# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A guest's whole tree by its own fstab, mounted under one directory, as one step of a plan."""

from __future__ import annotations

import os
import typing as t

from .._common import rooted
from .._common.errors import Refused, ToolFailed
from .._common.plan import Step
from . import filesystems, guest_fstab, mountinfo, mounts, reach, selection
from .guest_fstab import Line
from .ledger import Record, Tree
from .luks import Keys
from .mounts import Wanted
from .partitions import Partition
from .work import Work


class Asked(t.NamedTuple):
    """A tree as asked for. path: without symlinks; shown: the image as the user named it."""

    shown: str
    selector: str
    path: str
    access: str
    options: str
    keys: Keys


def plan(work: Work, tag: str, asked: Asked, *, standing: bool) -> None:
    """Plan that the tree is mounted; nothing where it is. Raises Refused."""
    record = work.records.get(tag)
    if standing and record is not None:
        if _is_whole(work, record, asked):
            return
        for path in reversed(parts(record, asked.path)):
            mounts.plan_unmount(work, tag, path)
    if asked.path not in work.unmounting:
        reason = mounts.why_not_here(work.state.mounts, asked.path)
        if reason:
            raise Refused(asked.path, reason, "unmount or empty it, or give another path")
    work.plan.add(
        Step(
            tag,
            f"mount the tree of {asked.shown} on {asked.path}",
            lambda: _mount(work, tag, asked),
            lambda: _undo(work, tag, asked.path),
            before="",
            after=f"{asked.path}: the tree of {asked.shown}, access {asked.access}",
        )
    )


def parts(record: Record, path: str) -> list[str]:
    """The mount points of a tree of ours, in the order in which they were mounted."""
    return [entry.path for entry in record.mounts if entry.tree == path]


def skipped(record: t.Optional[Record], path: str) -> list[str]:
    """What of the guest's fstab was left out, a sentence each."""
    return [sentence for tree in (record.trees if record else ()) if tree.path == path for sentence in tree.skipped]


def _is_whole(work: Work, record: Record, asked: Asked) -> bool:
    entries = [entry for entry in record.mounts if entry.tree == asked.path]
    if not any(tree.path == asked.path for tree in record.trees):
        return False
    for entry in entries:
        visible = mountinfo.at(work.state.mounts, entry.path)
        if visible is None or not mounts.is_of(work.host, record, visible):
            return False
        if asked.options and not entry.options.endswith(f",{asked.options}"):
            return False
    return True


def _mount(work: Work, tag: str, asked: Asked) -> None:
    choice = reach.choose(work, tag, asked.selector, asked.keys, asked.shown)
    top = Wanted(asked.path, asked.access, asked.options, False, choice.subvolume, asked.path)
    mounts.mount(work, tag, choice.partition, top)
    selection.require_os(asked.shown, asked.path)
    found = reach.open_deep(work, tag, asked.keys, asked.shown)
    lines = guest_fstab.read(asked.path)
    root = (next((line.spec for line in lines if line.path == "/"), ""), choice.partition.number)
    words = []
    for line in lines:
        if line.path != "/":
            why = guest_fstab.why_skipped(line) or _mount_line(work, tag, asked, line, found, root)
            words += [f"{line.path} ({line.spec}): {why}"] if why else []
    record = work.records[tag]
    others = tuple(tree for tree in record.trees if tree.path != asked.path)
    work.keep(record._replace(trees=(*others, Tree(asked.path, tuple(words)))))
    reach.close_idle(work, tag)


def _mount_line(
    work: Work, tag: str, asked: Asked, line: Line, found: t.Sequence[Partition], root: tuple[str, int]
) -> str:
    """Mount what a line of the guest's fstab says; return why that was not done, "" where it was."""
    partition = guest_fstab.meant(line.spec, found, guest_fstab.crypttab(asked.path), root)
    if partition is None:
        return "it is not on this disk, or not open"
    reason = filesystems.why_not_mountable(partition.fstype)
    if reason:
        return reason
    path = rooted.resolve(asked.path, line.path)
    if not os.path.isdir(path) or os.path.realpath(path) != path or path == asked.path:
        return "its mount point is not there"
    options = ",".join(word for word in (line.subvolume, asked.options) if word)
    try:
        mounts.mount(work, tag, partition, Wanted(path, asked.access, options, False, "", asked.path))
    except (Refused, ToolFailed) as error:
        # It is written down before it is mounted.
        mounts.unmount(work, tag, path)
        return error.why
    return ""


def _undo(work: Work, tag: str, path: str) -> None:
    record = work.records.get(tag)
    if record is None:
        return
    for place in reversed(parts(record, path)):
        mounts.unmount(work, tag, place)
    reach.close_idle(work, tag)


__all__ = ["Asked", "parts", "plan", "skipped"]
