# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Attach and mount as one transaction, and the reverse: the engine of ``vbd_mount``."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InvalidRequest, Refused
from .._common.plan import Step
from . import engine, filesystems, fstab, mountinfo, mounts, partitions, reach, selection, tree, volumes
from .diskspec import DiskRequest
from .ledger import Mounted, Record
from .luks import NONE, Keys
from .partitions import Partition
from .work import Work


class MountRequest(t.NamedTuple):
    """One mount as wanted.

    partition: number, UUID or label as text, or ``root``.
    path:      absolute mount point; "" when unmounting whatever of the image is mounted.
    options:   further mount options.
    fstab:     whether /etc/fstab gets a line.
    keys:      what opens its encrypted volumes.
    mounts:    "one", or "all" for the guest's tree by its own fstab.
    """

    disk: DiskRequest
    partition: str
    path: str
    options: str = ""
    fstab: bool = False
    keys: Keys = NONE
    mounts: str = "one"


def plan_mounted(work: Work, requests: t.Sequence[MountRequest]) -> list[str]:
    """Plan that every request is attached and mounted; return each one's tag. Raises FleetError."""
    _require_paths(requests)
    tags = engine.plan_attached(work, [request.disk for request in requests])
    standing = _standing(work, tags)
    known = work.partitions_of(standing)
    _refuse_guests_symlinks(work, requests)
    for tag, request in _parents_first(list(zip(tags, requests))):
        path = real(request.path)
        if request.mounts == "all":
            tree.plan(work, tag, _asked(request, path), standing=tag in standing)
        elif tag in standing and path not in work.unmounting:
            _plan_on_standing(work, tag, request, path, known[tag])
        else:
            _plan_mount(work, tag, request, path)
    return tags


def _parents_first(pairs: list[tuple[str, MountRequest]]) -> list[tuple[str, MountRequest]]:
    """In the order asked for, but a mount point below another comes after it."""
    by_path: dict[str, list[tuple[str, MountRequest]]] = {}
    for pair in pairs:
        by_path.setdefault(real(pair[1].path), []).append(pair)
    found: dict[tuple[str, MountRequest], None] = {}
    for path in by_path:
        for place in [*reversed(above(path)), path]:
            found.update(dict.fromkeys(by_path.get(place, ())))
    return list(found)


def above(path: str) -> list[str]:
    """The directories above a path, the nearest first."""
    found = []
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        found.append(path)
    return found


def plan_unmounted(work: Work, requests: t.Sequence[MountRequest]) -> None:
    """Plan that no request is mounted by us, and that what this module attached is detached. Raises FleetError."""
    going: dict[str, list[str]] = {}
    for request in requests:
        record = engine.record_of(work, request.disk)
        if record is not None:
            going.setdefault(record.tag, []).extend(_paths_of(record, request.path))
    idle = []
    for request in requests:
        record = engine.record_of(work, request.disk)
        if record is None or _loses_all(work, record, going[record.tag]):
            idle.append(request.disk)
    dead = {tag for tag, attachment in work.state.attachments.items() if attachment.trouble}
    deepest_first = sorted(
        ((path, tag) for tag, paths in going.items() for path in paths), key=lambda pair: -pair[0].count("/")
    )
    for path, tag in deepest_first:
        if tag not in dead and path not in work.unmounting:
            mounts.plan_unmount(work, tag, path)
    for tag in going:
        if tag not in dead:
            volumes.plan_close(work, tag)
    for request in requests:
        _plan_fstab_leftover(work, request)
        _warn_of_another(work, request)
    engine.plan_detached(work, idle, work.unmounting | {path for paths in going.values() for path in paths})


def _warn_of_another(work: Work, request: MountRequest) -> None:
    """Whoever names a path wants it free, but another image is mounted there, which he did not name."""
    path = real(request.path) if request.path else ""
    for record in work.records.values():
        if path and path not in work.unmounting and any(mounted.path == path for mounted in record.mounts):
            work.warnings.append(f"{path} stays mounted, from {record.image}; name that image to unmount it.")


def _plan_fstab_leftover(work: Work, request: MountRequest) -> None:
    """A line of ours that a reboot has outlived, for the record went with it."""
    path = real(request.path) if request.path else ""
    if path and path not in work.unmounting and fstab.has_line(path):
        work.plan.add(
            Step(path, f"take {path} out of fstab", lambda: fstab.change(path, ""), None, f"{path}: line in fstab", "")
        )


def _refuse_guests_symlinks(work: Work, requests: t.Sequence[MountRequest]) -> None:
    """A link inside a guest must not decide where on the host something is mounted."""
    places = {mounted.path for record in work.records.values() for mounted in record.mounts}
    places |= {real(request.path) for request in requests}
    for request in requests:
        path = os.path.normpath(request.path)
        below = [place for place in above(path) if place in places]
        if below and real(path) != path:
            raise Refused(request.path, f"leads out of {below[0]} by a symlink of the guest", "give another path")


def _require_paths(requests: t.Sequence[MountRequest]) -> None:
    seen: dict[str, MountRequest] = {}
    for request in requests:
        if not os.path.isabs(request.path):
            raise InvalidRequest(
                request.disk.image, f"its path '{request.path}' is not absolute", "write it from the root directory on"
            )
        path = real(request.path)
        if path in seen and seen[path] != request:
            raise InvalidRequest(request.path, "wanted for two mounts", "give each a path of its own")
        if any(blank in request.options for blank in " \t\n"):
            raise InvalidRequest(request.path, "mount options with blanks in them", "separate them by commas alone")
        seen[path] = request


def real(path: str) -> str:
    """The path that the kernel will name a mount by."""
    return os.path.realpath(path)


def _standing(work: Work, tags: t.Sequence[str]) -> set[str]:
    """Attachments that are there and stay as they are."""
    found = set()
    for tag in tags:
        attachment = work.state.attachments.get(tag)
        if attachment and not attachment.trouble and attachment.record.same_as(work.planned[tag][0]):
            found.add(tag)
    return found


def _plan_on_standing(work: Work, tag: str, request: MountRequest, path: str, found: list[Partition]) -> None:
    record = work.records[tag]
    visible = mountinfo.at(work.state.mounts, path)
    current = partitions.numbers(work.host, record.device).get(visible.device) if visible else None
    if current is None:
        _plan_mount(work, tag, request, path)
        return
    present = next(partition for partition in found if os.path.basename(partition.device) == current)
    _must_be_meant(request, path, present, found)
    ours = [mounted for mounted in record.mounts if mounted.path == path]
    found_before = ours[0].subvolume if ours and request.partition == selection.ROOT else ""
    entry = mounts.entry_for(present, _wanted(request, path, found_before))
    if ours and _differs(ours[0], entry):
        mounts.plan_unmount(work, tag, path)
        _plan_mount(work, tag, request, path)


def _differs(was: Mounted, wanted: Mounted) -> bool:
    return (was.options, was.fstab) != (wanted.options, wanted.fstab)


def _must_be_meant(request: MountRequest, path: str, present: Partition, found: t.Sequence[Partition]) -> None:
    if request.partition == selection.ROOT:
        meant = filesystems.holds_os(path)
    else:
        meant = selection.named(request.disk.image, request.partition, found) == present
    if not meant:
        raise Refused(
            request.path,
            f"partition {present.number} of {request.disk.image} is mounted there, not '{request.partition}'",
            "unmount it first (state unmounted), or give another path",
        )


def _plan_mount(work: Work, tag: str, request: MountRequest, path: str) -> None:
    if path not in work.unmounting:
        reason = mounts.why_not_here(work.state.mounts, path)
        if reason:
            raise Refused(request.path, reason, "unmount or empty it, or give another path")
    access = work.planned[tag][0].access
    work.plan.add(
        Step(
            tag,
            f"mount {request.partition} of {request.disk.image} on {path}",
            lambda: _mount(work, tag, request, path),
            lambda: _unmount(work, tag, path),
            before="",
            after=f"{path}: partition {request.partition} of {request.disk.image}, access {access}",
        )
    )


def _mount(work: Work, tag: str, request: MountRequest, path: str) -> None:
    if real(path) != path:
        raise Refused(
            request.path, "leads elsewhere by a symlink of the guest that is mounted above", "give another path"
        )
    choice = reach.choose(work, tag, request.partition, request.keys, request.disk.image)
    mounts.mount(work, tag, choice.partition, _wanted(request, path, choice.subvolume))
    if request.partition == selection.ROOT:
        selection.require_os(request.disk.image, path)
    reach.close_idle(work, tag)


def _unmount(work: Work, tag: str, path: str) -> None:
    mounts.unmount(work, tag, path)
    if tag in work.records:
        reach.close_idle(work, tag)


def _wanted(request: MountRequest, path: str, subvolume: str) -> mounts.Wanted:
    return mounts.Wanted(path, request.disk.access, request.options, request.fstab, subvolume)


def _asked(request: MountRequest, path: str) -> tree.Asked:
    return tree.Asked(request.disk.image, request.partition, path, request.disk.access, request.options, request.keys)


def _paths_of(record: Record, path: str) -> list[str]:
    if not path:
        return [mounted.path for mounted in record.mounts]
    return [mounted.path for mounted in record.mounts if real(path) in (mounted.path, mounted.tree)]


def _loses_all(work: Work, record: Record, paths: t.Container[str]) -> bool:
    return record.by == work.by and all(mounted.path in paths for mounted in record.mounts)


__all__ = ["MountRequest", "above", "plan_mounted", "plan_unmounted", "real"]
