# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Attaching and detaching: read the state, plan, apply, look again."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InUse, InvalidRequest, Refused, ToolFailed
from .._common.host import LONGEST_PAUSE
from .._common.plan import Step
from . import backends, image, ledger, losetup, mountinfo, mounts, partitions, processes, state, usage
from .diskspec import DiskRequest
from .ledger import Record
from .work import Work

# The header's size and the device's may differ by what each rounds to.
SIZE_ROUNDING = 4096
# Seconds that a program may have a disk open before it counts as holding it.
PASSING_LOOK = 2.0


def plan_attached(work: Work, wanted: t.Sequence[DiskRequest]) -> list[str]:
    """Plan that all these disks are attached; return each one's tag. Raises FleetError before anything is done."""
    images = [image.examine(disk) for disk in wanted]
    _refuse_writing_below(wanted, images)
    _clean_dead(work, {found.id for found in images})
    fresh = [found for disk, found in zip(wanted, images) if not _stands(work, disk, found)]
    uses = state.uses(work.host, work.state, fresh)
    return [_plan_one(work, disk, found, uses) for disk, found in zip(wanted, images)]


def plan_detached(work: Work, wanted: t.Sequence[DiskRequest], unmounting: t.Container[str] = ()) -> list[str]:
    """Plan that none of these disks is attached by us; return the tags of those that were.

    unmounting: paths whose mounts the plan takes away before. Raises InUse where somebody else holds one.
    """
    found = [(disk, record_of(work, disk)) for disk in wanted]
    _clean_dead(work, {record.id for _disk, record in found if record is not None})
    _refuse_foreign(work, [disk for disk, record in found if record is None])
    tags: list[str] = []
    for disk, record in found:
        if record is not None and record.tag not in tags:
            tags.append(record.tag)
            if not work.state.attachments[record.tag].trouble:
                plan_release(work, record, disk.image, unmounting)
    return tags


def record_of(work: Work, disk: DiskRequest) -> t.Optional[Record]:
    """Our attachment of an image, also when the image has been deleted meanwhile."""
    identity = image.identify(disk.image)
    same = [record for record in work.records.values() if record.id == identity]
    # Deleted, or replaced by another file under its name: what is attached is still meant.
    named = [record for record in work.records.values() if record.image == os.path.realpath(disk.image)]
    return next(iter([*same, *named]), None)


def plan_release(work: Work, record: Record, shown: str, unmounting: t.Container[str] = ()) -> None:
    """Plan to detach one of ours. Raises InUse unless nobody holds it (with force, mounts are taken off first)."""
    holders = _lasting_holders(work, record, unmounting)
    if holders and work.force:
        for mount in reversed(state.mounts_of(work.host, work.state, record)):
            if mount.path not in unmounting:
                mounts.plan_unmount(work, record.tag, mount.path)
        holders = [holder for holder in holders if holder.kind != "mount"]
    if holders:
        raise InUse(
            shown, f"{record.device} cannot be detached: {holders[0].why}", "unmount or end that first, then run again"
        )
    work.plan.add(
        Step(
            record.tag,
            f"detach {record.image} from {record.device}",
            lambda: _detach(work, work.records[record.tag], shown),
            lambda: _attach_again(work, record),
            before=f"{record.image}: attached {record.access} by {record.backend} as {record.device}",
            after="",
        )
    )


def _lasting_holders(work: Work, record: Record, ours: t.Container[str]) -> list[state.Holder]:
    """Holders that stay: udev, blkid and the like have a device open for a moment whenever something happens to it."""
    host = work.host
    deadline = host.clock() + min(PASSING_LOOK, host.timeout)
    openers = work.openers()
    while True:
        found = state.holders_of(host, work.state, record, ours, openers)
        if any(holder.kind != "program" for holder in found) or not found or host.clock() >= deadline:
            return found
        host.sleep(LONGEST_PAUSE)
        openers = state.openers_of(host, [record])


def apply(work: Work) -> None:
    """Carry out the plan, and look whether the host is now as planned. Rolls back and raises FleetError otherwise."""
    if work.planned:
        work.plan.verify = lambda: _look_again(work)
    work.plan.apply()
    work.applied = True


def _refuse_writing_below(wanted: t.Sequence[DiskRequest], images: t.Sequence[image.Image]) -> None:
    """Within one call too nobody may write to a file that another image is built on."""
    written = {found.id: disk.image for disk, found in zip(wanted, images) if disk.access == "w" and not disk.overlay}
    for disk, found in zip(wanted, images):
        for member in found.members[1:]:
            if member.id in written:
                raise InUse(
                    written[member.id], f"wanted for writing, but {disk.image} is built on it", "ask for one of the two"
                )


def _stands(work: Work, disk: DiskRequest, found: image.Image) -> bool:
    current = work.state.of_image(found.id)
    return current is not None and not current.trouble and current.record.same_as(disk)


def _plan_one(
    work: Work, disk: DiskRequest, found: image.Image, uses: t.Mapping[image.FileId, t.Sequence[usage.Use]]
) -> str:
    tag = ledger.new(found, disk, "", work.by).tag
    if tag in work.planned:
        if work.planned[tag][0]._replace(image=disk.image) != disk:
            raise InvalidRequest(
                disk.image, "asked for twice, and not alike", "ask once, or twice with the same options"
            )
        return tag
    work.planned[tag] = (disk, found)
    if _stands(work, disk, found):
        return tag
    current = work.state.of_image(found.id)
    _refuse_change(work, disk, current)
    ours = _own(work, current)
    usage.refuse_conflicts(
        found, "r" if disk.overlay else disk.access, uses, lambda use: use.pid in ours or use.device in ours, disk.image
    )
    backend = work.backends.choose(disk)
    if current is not None and not current.trouble:
        plan_release(work, current.record, disk.image)
    record = ledger.new(found, disk, backend.name, work.by)
    work.plan.add(
        Step(
            tag,
            f"attach {found.path}",
            lambda: _attach(work, record, disk),
            lambda: _release(work, work.records.get(tag, record)),
            before="",
            after=f"{found.path}: attached {disk.access} by {backend.name}{' with an overlay' if disk.overlay else ''}",
        )
    )
    return tag


def _refuse_change(work: Work, disk: DiskRequest, current: t.Optional[state.Attachment]) -> None:
    if current is None or current.trouble or work.force:
        return
    record = current.record
    raise Refused(
        disk.image,
        f"attached already as {record.device} ({record.format}, access {record.access}"
        f"{', with an overlay' if record.overlay else ''}), not as asked for",
        "detach it first, or let force attach it anew",
    )


def _own(work: Work, current: t.Optional[state.Attachment]) -> set[t.Union[int, str]]:
    """Process numbers and the device by which our own attachment uses its image, as far as they are still ours."""
    if current is None:
        return set()
    found: set[t.Union[int, str]] = {
        server.pid for server in current.record.servers if processes.lives(work.host, server)
    }
    return found | ({current.record.device} if current.record.device else set())


def _attach(work: Work, record: Record, disk: t.Optional[DiskRequest] = None) -> None:
    backend = backends.BACKENDS[record.backend]
    again = DiskRequest(record.image, record.format, record.access, record.backend, record.overlay)
    work.keep(record)
    work.keep(backend.attach(work.host, record, disk or again))
    partitions.announce(work.host, work.records[record.tag].device)


def _detach(work: Work, record: Record, shown: str) -> None:
    """Release a disk that nobody holds; a mount in another namespace shows only now that ours are gone."""
    if partitions.exists(work.host, record.device) and usage.claimed(record.device):
        raise InUse(
            shown,
            f"{record.device} cannot be detached: it is mounted in another mount namespace, or a device is built on it",
            "end the container or service that was started while it was mounted, then run again",
        )
    _release(work, record)


def _attach_again(work: Work, record: Record) -> None:
    """Undo of a detach: if it did not come to that the attachment stands, and a second one would be a second writer."""
    if not backends.BACKENDS[record.backend].trouble(work.host, record, losetup.listed(work.host)):
        work.keep(work.records.get(record.tag, record._replace(mounts=())))
        return
    if record.overlay:
        raise Refused(record.image, "what was written into its throwaway layer is gone", "attach it anew")
    if partitions.exists(work.host, record.device) and usage.claimed(record.device):
        raise InUse(record.image, f"{record.device} is still held", "look at it with lsblk, then run again")
    _release(work, record)
    _attach(work, record._replace(servers=(), mounts=(), device=""))


def _release(work: Work, record: Record) -> None:
    look = ledger.look_path(work.host, record)
    if mountinfo.at(mountinfo.read(work.host), look) is not None:
        mounts.umount_at(work.host, look)
    backends.BACKENDS[record.backend].release(work.host, record)
    work.drop(record)


def _clean_dead(work: Work, wanted: t.Container[image.FileId]) -> None:
    """Plan to take away what dead attachments of ours left; one that is still in somebody's hands is left and named."""
    for attachment in work.state.attachments.values():
        if attachment.trouble:
            _plan_cleaning(work, attachment, required=attachment.record.id in wanted)


def _plan_cleaning(work: Work, attachment: state.Attachment, *, required: bool) -> None:
    record = attachment.record
    paths = [mounted.path for mounted in record.mounts]
    holders = _lasting_holders(work, record, paths)
    if holders:
        error = InUse(
            record.image,
            f"{attachment.trouble}, but what it left cannot be cleaned: {holders[0].why}",
            "end that, then run again",
        )
        if required:
            raise error
        work.warnings.append(str(error))
        return
    for path in reversed(paths):
        mounts.plan_unmount(work, record.tag, path, dead=True)
    work.cleaned.append(f"{record.image}: {attachment.trouble}; what it left ({record.owner}) is cleaned up")
    work.plan.add(
        Step(
            record.tag,
            f"clean up after {record.image}",
            lambda: _release(work, work.records[record.tag]),
            None,
            before=f"{record.image}: dead attachment ({attachment.trouble})",
            after="",
        )
    )


def _refuse_foreign(work: Work, wanted: t.Sequence[DiskRequest]) -> None:
    """An image that somebody else attached to this host is not ours to detach, and not detached either."""
    for disk in wanted:
        identity = image.identify(disk.image)
        for loop in work.state.loops:
            if loop.id == identity:
                raise Refused(
                    disk.image,
                    f"attached as {loop.device}, but not by homevirt.fleet",
                    f"detach it with losetup -d {loop.device}",
                )


def _look_again(work: Work) -> None:
    seen = state.read(work.host)
    for tag, (disk, found) in work.planned.items():
        attachment = seen.attachments.get(tag)
        trouble = attachment.trouble if attachment else "it is not attached"
        if attachment is not None and not trouble:
            size = partitions.size_of(work.host, attachment.record.device)
            if size == 0 or (found.size is not None and abs(size - found.size) >= SIZE_ROUNDING):
                trouble = f"{attachment.record.device} has {size} bytes, the image {found.size}"
            trouble = trouble or _wrong_mount(work, seen, attachment.record)
        if trouble:
            raise ToolFailed(disk.image, f"every command succeeded, but {trouble}", "read the host's kernel log")
    work.partitions_of(work.planned)


def _wrong_mount(work: Work, seen: state.State, record: Record) -> str:
    for entry in record.mounts:
        visible = mountinfo.at(seen.mounts, entry.path)
        if visible is None or not mounts.is_of(work.host, record, visible):
            return f"it is not what is mounted on {entry.path}"
        if "rw" in entry.options.split(",") and not visible.writes:
            return f"{entry.path} is mounted read-only, as a hibernated or damaged file system is"
    return ""


__all__ = ["apply", "plan_attached", "plan_detached", "plan_release", "record_of"]
