# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Attaching and detaching: read the state, plan, apply, look again."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InUse, InvalidRequest, Refused
from .._common.host import LONGEST_PAUSE
from .._common.plan import Step
from . import acts, image, ledger, mounts, overlay, processes, state, usage, vdev, verify
from .diskspec import DiskRequest
from .ledger import Record
from .work import Work


def plan_attached(work: Work, wanted: t.Sequence[DiskRequest]) -> list[str]:
    """Plan that all these disks are attached; return each one's tag. Raises FleetError before anything is done."""
    images = [_looked_at(work, disk) for disk in wanted]
    _refuse_writing_below(wanted, images)
    _clean_dead(work, {found.id for found in images})
    fresh = [found for disk, found in zip(wanted, images) if not _stands(work, disk, found)]
    overlay.require_space(
        (disk, found) for disk, found in zip(wanted, images) if disk.overlay and not _stands(work, disk, found)
    )
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
    if identity is not None:
        work.require_known(identity, disk.domid, disk.image)
    there = [record for record in work.records.values() if record.domid == disk.domid]
    same = [record for record in there if record.id == identity]
    # Deleted, or replaced by another file under its name: what is attached is still meant.
    path = os.path.realpath(disk.image)
    named = [record for record in there if record.image == path]
    return next(iter([*same, *named]), None)


def plan_release(work: Work, record: Record, shown: str, unmounting: t.Container[str] = ()) -> None:
    """Plan to detach one of ours. Raises InUse unless nobody holds it (with force, mounts are taken off first)."""
    _refuse_unseen(work, record, shown)
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
    work.places.free(record)
    place = _place(record)
    work.plan.add(
        Step(
            record.tag,
            f"detach {record.image} from {place}",
            lambda: acts.detach(work, work.records[record.tag], shown),
            lambda: acts.attach_again(work, record),
            before=f"{record.image}: attached {record.access} by {record.backend} as {place}",
            after="",
        )
    )


def _refuse_unseen(work: Work, record: Record, shown: str) -> None:
    """What a running guest does with its disk cannot be seen, and Linux lets go of one that is mounted (6.1 did)."""
    if record.domid and record.access == "w" and not work.force:
        raise Refused(
            shown,
            f"domain {record.domid} may have {record.vdev} mounted, and would lose what it has not written yet",
            "unmount it inside the guest, then detach it with force",
        )


def _lasting_holders(work: Work, record: Record, ours: t.Container[str]) -> list[state.Holder]:
    """Holders that stay: udev, blkid and the like have a device open for a moment whenever something happens to it."""
    host = work.host
    deadline = host.clock() + min(usage.PASSING_LOOK, host.timeout)
    openers = work.openers()
    while True:
        found = state.holders_of(host, work.state, record, ours, openers)
        if any(holder.kind != "program" for holder in found) or not found or host.clock() >= deadline:
            return found
        host.sleep(LONGEST_PAUSE)
        openers = state.openers_of(host, [record])


def apply(work: Work) -> None:
    """Carry out the plan, and look whether the host is now as planned. Rolls back and raises FleetError otherwise."""
    work.plan.verify = lambda: verify.look_again(work)
    work.plan.apply(work.host.workers)
    work.applied = True


def _refuse_writing_below(wanted: t.Sequence[DiskRequest], images: t.Sequence[image.Image]) -> None:
    """Within one call too nobody may write to a file that another image is built on."""
    pairs = list(zip(wanted, images))
    written = {found.id: disk for disk, found in pairs if disk.access == "w" and not disk.overlay}
    for disk, found in pairs:
        writer = written.get(found.id)
        if writer is not None and writer.domid != disk.domid:
            raise InUse(
                disk.image, "wanted for two domains, and for writing by one of them", "give it to one domain at a time"
            )
        for member in found.members[1:]:
            if member.id in written:
                raise InUse(
                    written[member.id].image,
                    f"wanted for writing, but {disk.image} is built on it",
                    "ask for one of the two",
                )


def _looked_at(work: Work, disk: DiskRequest) -> image.Image:
    """What stands was examined when it was attached, and is open since; its header tells nothing new."""
    standing = image.by_name(disk)
    return standing if standing is not None and _stands(work, disk, standing) else image.examine(disk)


def _stands(work: Work, disk: DiskRequest, found: image.Image) -> bool:
    current = work.state.of_image(found.id, disk.domid)
    return current is not None and not current.trouble and current.record.same_as(disk)


def _plan_one(
    work: Work, disk: DiskRequest, found: image.Image, uses: t.Mapping[image.FileId, t.Sequence[usage.Use]]
) -> str:
    tag = ledger.new(found, disk, "", work.by).tag
    work.require_known(found.id, disk.domid, disk.image)
    if tag in work.planned:
        if work.planned[tag][0]._replace(image=disk.image) != disk:
            raise InvalidRequest(
                disk.image, "asked for twice, and not alike", "ask once, or twice with the same options"
            )
        return tag
    work.planned[tag] = (disk, found)
    if _stands(work, disk, found):
        return tag
    current = work.state.of_image(found.id, disk.domid)
    _refuse_change(work, disk, current)
    ours = _own(work, current)
    usage.refuse_conflicts(
        found,
        "r" if disk.overlay else disk.access,
        uses,
        lambda use: bool({use.pid, use.device, use.vbd} & ours),
        disk.image,
    )
    backend = work.backends.choose(disk)
    if current is not None and not current.trouble:
        plan_release(work, current.record, disk.image)
    record = ledger.new(found, disk, backend.name, work.by)
    if disk.overlay:
        record = record._replace(layer=overlay.place(disk.overlay_dir, tag))
    record = record._replace(length=0 if found.id.block else os.path.getsize(found.path), run=work.run)
    if backend.reaches_guests:
        record = record._replace(vdev=work.places.claim(disk), under=work.backends.below(backend, disk))
    work.plan.add(
        Step(
            tag,
            f"attach {found.path}",
            lambda: acts.attach(work, record, disk),
            lambda: acts.release(work, ledger.latest(work.host, work.records.get(tag, record))),
            before="",
            after=f"{found.path}: attached {disk.access} by {backend.name}{_as(record)}"
            f"{' with an overlay' if disk.overlay else ''}",
            # Not where the image has to be let go first: then there would be two.
            early=(lambda: acts.begin(work, record, disk)) if backend.begins_ahead(record) and not current else None,
        )
    )
    return tag


def _refuse_change(work: Work, disk: DiskRequest, current: t.Optional[state.Attachment]) -> None:
    if current is None or current.trouble or work.force:
        return
    record = current.record
    raise Refused(
        disk.image,
        f"attached already as {_place(record)} ({record.format}, access {record.access}"
        f"{', with an overlay' if record.overlay else ''}), not as asked for",
        "detach it first, or let force attach it anew",
    )


def _place(record: Record) -> str:
    """Where a disk is attached, in words."""
    return f"{record.vdev} of domain {record.domid}" if record.domid else record.device


def _as(record: Record) -> str:
    return f" as {record.vdev} of {f'domain {record.domid}' if record.domid else 'Domain-0'}" if record.vdev else ""


def _own(work: Work, current: t.Optional[state.Attachment]) -> set[t.Hashable]:
    """Process numbers, device and Xen's place by which our own attachment uses its image, as far as still ours."""
    if current is None:
        return set()
    found: set[t.Hashable] = {server.pid for server in current.record.servers if processes.lives(work.host, server)}
    place = vdev.parse(current.record.vdev)
    found |= {(current.record.domid, place.devid)} if place else set()
    return found | ({current.record.device} if current.record.device else set())


def _clean_dead(work: Work, wanted: t.Container[image.FileId]) -> None:
    """Plan to take away what dead attachments of ours left; one that is still in somebody's hands is left and named.

    A run whose own attachments are passing leaves those that are to stay; they are no affair of its own.
    """
    for attachment in work.state.attachments.values():
        record, required = attachment.record, attachment.record.id in wanted
        if attachment.trouble and work.may_clean(record):
            _plan_cleaning(work, attachment, required=required)
        elif attachment.trouble and required:
            why = f"{attachment.trouble}, and {work.by} takes nothing away of what {record.by} attached"
            raise InUse(record.image, why, "run vbd or vbd_mount first, for whichever disk: they clean up")


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
    work.places.free(record)
    work.cleaned.append(f"{record.image}: {attachment.trouble}; what it left ({record.owner}) is cleaned up")
    work.plan.add(
        Step(
            record.tag,
            f"clean up after {record.image}",
            lambda: acts.release(work, work.records[record.tag]),
            None,
            before=f"{record.image}: dead attachment ({attachment.trouble})",
            after="",
        )
    )


def _refuse_foreign(work: Work, wanted: t.Sequence[DiskRequest]) -> None:
    """An image that somebody else attached to this host or guest is not ours to detach, and not detached either."""
    for disk in wanted:
        identity = image.identify(disk.image)
        for place, command in _foreign_places(work, disk.domid, identity):
            raise Refused(disk.image, f"attached as {place}, but not by homevirt.fleet", f"detach it with {command}")


def _foreign_places(work: Work, domid: int, identity: t.Optional[image.FileId]) -> t.Iterator[tuple[str, str]]:
    """(where it is attached to that domain, the command that would detach it there) for each attachment."""
    xen = work.state.seen.xen
    of_xen = {vbd.device for vbd in xen.vbds} if xen else set()
    for loop in work.state.seen.loops if domid == 0 else ():
        if loop.id == identity and loop.device not in of_xen:
            yield loop.device, f"losetup -d {loop.device}"
    for vbd in xen.vbds if xen and identity else ():
        if vbd.domid == domid and identity in image.chain(vbd.target, follow=False):
            yield f"{vbd.vdev} of {xen.name_of(domid)}", f"xl block-detach {domid} {vbd.devid}"


__all__ = ["apply", "plan_attached", "plan_detached", "plan_release", "record_of"]
