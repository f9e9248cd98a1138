# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Looking into images for what is in them: attached read-only for the moment, mounted read-only, and left as they were.

One that cannot be looked into says why, and hinders no other.
"""

from __future__ import annotations

import typing as t

from .._common import interrupts
from .._common.errors import FleetError
from .._common.host import Host
from . import acts, engine, filesystems, guest_fstab, guest_system, ledger, luks, reach, selection, volumes
from .diskspec import DiskRequest
from .luks import Keys
from .partitions import Partition
from .selection import Choice
from .work import LOOKING, Work, working

# Where nothing is known of its own, and nothing is amiss.
NOTHING: dict[str, t.Any] = {"system": None, "partitions": [], "skipped": [], "trouble": ""}


class Wanted(t.NamedTuple):
    disk: DiskRequest
    keys: Keys


class Told(t.NamedTuple):
    """Sentences for the user. cleaned: what an earlier look had left and is gone; warnings: what is left alone."""

    cleaned: list[str]
    warnings: list[str]


def inspect(host: Host, wanted: t.Sequence[Wanted]) -> tuple[list[dict[str, t.Any]], Told]:
    """What is in each image: image, system, partitions, skipped, trouble; and what else is to be told.

    system: as guest_system.describe() returns it, with its place; None where there is none or it cannot be told.
    """
    told = Told([], [])
    try:
        found = _together(host, wanted, told)
    except FleetError:
        # Of many at once one may have been refused; alone, each says its own reason.
        found = []
        for one in wanted:
            try:
                found += _together(host, [one], told)
            except FleetError as error:
                found.append({"image": one.disk.image, **NOTHING, "trouble": str(error)})
    return found, Told(*(list(dict.fromkeys(sentences)) for sentences in told))


def _together(host: Host, wanted: t.Sequence[Wanted], told: Told) -> list[dict[str, t.Any]]:
    with working(host, LOOKING, force=False, check=False) as work:
        standing = {one.disk.image: _standing(work, one.disk) for one in wanted}
        fresh = [one.disk for one in wanted if not standing[one.disk.image]]
        tags = engine.plan_attached(work, fresh)
        told.warnings.extend(work.warnings)
        work.plan.apply()
        told.cleaned.extend(work.cleaned)
        try:
            placed = {**standing, **{disk.image: tag for disk, tag in zip(fresh, tags)}}
            return [_look(work, placed[one.disk.image], one) for one in wanted]
        finally:
            with interrupts.held():
                for tag in dict.fromkeys(tags):
                    if tag in work.records:
                        acts.release(work, work.records[tag])


def _standing(work: Work, disk: DiskRequest) -> str:
    """The tag of a whole attachment of ours to this host, however it is attached; "" for none."""
    record = engine.record_of(work, disk)
    return record.tag if record is not None and not work.state.attachments[record.tag].trouble else ""


def _look(work: Work, tag: str, one: Wanted) -> dict[str, t.Any]:
    shown = one.disk.image
    found: dict[str, t.Any] = {"image": shown, **NOTHING}
    try:
        there = reach.open_deep(work, tag, one.keys, shown)
        found["partitions"] = [_public(partition) for partition in there]
        found["skipped"] = _skipped(there)
        choice = reach.choose(work, tag, selection.ROOT, one.keys, shown)
        found["system"] = _system(work, tag, choice, there)
    except FleetError as error:
        found["trouble"] = str(error)
    finally:
        reach.close_idle(work, tag)
    return found


def _public(partition: Partition) -> dict[str, t.Any]:
    # The device is gone again when this is read.
    return {**partition.public(), "device": ""}


def _skipped(there: t.Sequence[Partition]) -> list[str]:
    """What cannot be mounted, a sentence each; containers that are open are no loss."""
    words = []
    for partition in there:
        why = filesystems.why_not_mountable(partition.fstype)
        opened = partition.fstype == luks.FSTYPE and selection.innermost(partition, there) != partition
        opened = opened or any(other.volume and other.number == partition.number for other in there)
        if why and not (opened and partition.fstype in volumes.CONTAINERS):
            place = partition.volume or (f"partition {partition.number}" if partition.number else "the whole disk")
            words.append(f"{place}: {why}")
    return words


def _system(work: Work, tag: str, choice: Choice, there: t.Sequence[Partition]) -> t.Optional[dict[str, t.Any]]:
    host = work.host
    place = ledger.look_path(host, work.records[tag])
    extra = f"subvol={choice.subvolume}" if choice.subvolume else ""
    boot = None
    with selection.looking(host, choice.partition, place, extra) as root:
        if not root or not filesystems.holds_os(root):
            return None
        lines = guest_fstab.read(root)
        own = (next((line.spec for line in lines if line.path == "/"), ""), choice.partition.number)
        names = guest_fstab.crypttab(root)
        found = guest_system.describe(root)
        for line, shown in zip(lines, found["mounts"]):
            meant = guest_fstab.meant(line.spec, there, names, own)
            shown.update(partition=meant.number if meant else None, volume=meant.volume if meant else "")
            boot = meant if line.path == "/boot" and meant != choice.partition else boot
    if boot is not None:
        with selection.looking(host, boot, place) as path:
            found["kernels"] = sorted({*found["kernels"], *guest_system.kernel_images(path, "/")})
    return {
        **found,
        "partition": choice.partition.number,
        "volume": choice.partition.volume,
        "subvolume": choice.subvolume,
    }


__all__ = ["Told", "Wanted", "inspect"]
