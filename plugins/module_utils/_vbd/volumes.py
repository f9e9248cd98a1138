# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What lies in containers on a disk: LVM volumes, LUKS, and each in the other; opened as far as wanted, and closed.

LVM's own commands are never run. What a group's metadata says is read from the disk, and each volume becomes a
device-mapper device of ours, under a name of ours: so it does not matter whether the host, or another guest, has a
group of the same name or UUID, nothing on the disk changes, and the host's LVM neither knows nor is asked.
"""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InUse, Refused, ToolFailed
from .._common.host import Host
from .._common.plan import Step
from .._common.runner import require
from . import devmapper, luks, lvm_group, lvm_label, lvm_text, mountinfo, partitions, processes
from .image import FileId
from .luks import Keys
from .lvm_group import Group, Logical
from .partitions import Partition
from .work import Work

MEMBER = "LVM2_member"
CONTAINERS = (MEMBER, luks.FSTYPE)
UUID = "HOMEVIRT-"
# LUKS on LVM on LUKS: nobody goes further.
DEEPEST = 4
BY_HAND = "attach the disk with vbd and open it by hand with lvm and its option --devices"


class Volume(t.NamedTuple):
    """A logical volume of this disk. name: ``group/volume``; disks: {PV's UUID: device}."""

    name: str
    logical: Logical
    disks: dict[str, str]


def of_disk(work: Work, tag: str, shown: str) -> list[Volume]:
    """The logical volumes that lie, at least partly, on a disk. Raises Refused where LVM's words make no sense.

    Physical volumes on other disks are looked for only among those of the same call.
    """
    own = _labels(work, tag, shown)
    groups = _newest(shown, own.values())
    if any(uuid not in own for group in groups.values() for uuid in group.physical):
        own = {**_of_others(work, tag, shown, groups), **own}
        groups = _newest(shown, own.values())
    disks = {uuid: device for uuid, (device, _label) in own.items()}
    names = [group.name for group in groups.values()]
    return [
        Volume(_name(group, logical, names), logical, disks)
        for group in groups.values()
        if set(group.physical) & set(_labels(work, tag, shown))
        for logical in group.logical
    ]


def _name(group: Group, logical: Logical, names: t.Sequence[str]) -> str:
    """By its UUID where a disk has two groups of one name."""
    own = logical.name.partition("/")[2]
    return logical.name if names.count(group.name) == 1 else f"{group.uuid}/{own}"


# {PV's UUID: (device, what it says)}
_Labels = dict[str, tuple[str, lvm_label.Label]]


def _labels(work: Work, tag: str, shown: str) -> _Labels:
    found: _Labels = {}
    for partition in work.partitions_at(tag):
        if partition.fstype == MEMBER:
            try:
                with open(partition.device, "rb") as stream:
                    label = lvm_label.read(stream)
            except lvm_text.Unreadable as error:
                raise Refused(
                    shown, f"the physical volume {_place(partition)} cannot be read: {error}", "look at it with pvck"
                ) from error
            if label.uuid in found:
                why = (
                    f"the physical volume {label.uuid} is on it twice, as {found[label.uuid][0]} and {partition.device}"
                )
                raise Refused(shown, why, "give one of them a UUID of its own inside the guest (vgimportclone)")
            found[label.uuid] = (partition.device, label)
    return found


def _of_others(work: Work, tag: str, shown: str, groups: t.Mapping[str, Group]) -> _Labels:
    """Physical volumes of these groups on the other disks of the call."""
    wanted = {uuid for group in groups.values() for uuid in group.physical}
    found: _Labels = {}
    for other in work.planned:
        if other == tag or other not in work.records or work.records[other].domid:
            continue
        for uuid, place in _labels(work, other, shown).items():
            if uuid in wanted and uuid in found:
                why = f"its physical volume {uuid} is on several disks of this task ({found[uuid][0]}, {place[0]})"
                raise Refused(shown, why, "mount a guest and its clone in tasks of their own")
            if uuid in wanted:
                found[uuid] = place
    return found


def _newest(shown: str, labels: t.Iterable[tuple[str, lvm_label.Label]]) -> dict[str, Group]:
    try:
        return lvm_group.newest(label for _device, label in labels)
    except lvm_text.Unreadable as error:
        raise Refused(shown, f"its LVM metadata cannot be used: {error}", BY_HAND) from error


def open_lvm(work: Work, tag: str, volume: Volume, shown: str) -> None:
    """Make a device of a logical volume; fine where it is open. Raises Refused where it is not safe, and ToolFailed."""
    host, record = work.host, work.records[tag]
    if volume.name in {node.volume for node in devmapper.of_tag(host, tag) if node.kind == devmapper.LV}:
        return
    _refuse(volume, record.access, f"{shown}, volume {volume.name}")
    require(host.runner, [devmapper.PROGRAM])
    name = devmapper.name_of(tag, devmapper.LV, *volume.name.split("/", 1))
    uuid = f"{UUID}{volume.logical.uuid}-{tag}"
    devmapper.create(host, name, uuid, table(volume), read_only=record.access == "r")
    _await_node(work, tag, name)


def _refuse(volume: Volume, access: str, what: str) -> None:
    logical = volume.logical
    if logical.why_not:
        raise Refused(what, logical.why_not, BY_HAND)
    if logical.origin and access == "w":
        why = "it has a snapshot, which writing to it past LVM would destroy"
        raise Refused(what, why, "mount it with access r, or remove the snapshot inside the guest")
    for uuid in sorted({uuid for stretch in logical.stretches for uuid, _start in stretch.places}):
        if uuid not in volume.disks:
            why = f"it lies partly on the physical volume {uuid}, which is on none of the disks of this task"
            raise Refused(what, why, "name the image that holds it in the same task")


def why_not(work: Work, tag: str, volume: Volume) -> str:
    """Why a volume cannot be opened; "" where it can be tried."""
    try:
        _refuse(volume, work.records[tag].access, volume.name)
    except Refused as error:
        return error.why
    return ""


def table(volume: Volume) -> str:
    """The device-mapper table of a volume: one line for each of its pieces."""
    lines = []
    for stretch in volume.logical.stretches:
        places = " ".join(f"{volume.disks[uuid]} {start}" for uuid, start in stretch.places)
        kind = f"striped {len(stretch.places)} {stretch.stripe}" if stretch.stripe else "linear"
        lines.append(f"{stretch.start} {stretch.length} {kind} {places}\n")
    return "".join(lines)


def open_luks(work: Work, tag: str, partition: Partition, keys: Keys, shown: str) -> None:
    """Open an encrypted partition or volume. Raises FleetError."""
    inside = partition.volume.split("/", 1) if partition.volume else (str(partition.number),)
    name = devmapper.name_of(tag, devmapper.LUKS, *inside)
    if name in {node.name for node in devmapper.of_tag(work.host, tag)}:
        return
    what = f"{shown}, {_place(partition)}"
    read_only = work.records[tag].access == "r"
    luks.open_volume(work.host, partition.device, name, keys, what, read_only=read_only)
    _await_node(work, tag, name)


def _await_node(work: Work, tag: str, name: str) -> None:
    def there() -> bool:
        found = [node for node in devmapper.of_tag(work.host, tag) if node.name == name]
        return bool(found) and os.path.exists(partitions.node_of(work.host, found[0].node))

    work.host.await_true(there, name, "it got no node in /dev", "in a container, give it the host's /dev")
    work.partitions.pop(tag, None)


def _place(partition: Partition) -> str:
    if partition.volume:
        return f"volume {partition.volume}"
    return f"partition {partition.number}" if partition.number else "the whole disk"


def close(host: Host, tag: str, *, idle: bool) -> None:
    """Close the volumes of an attachment, those on top first; with idle, only what is neither mounted nor open.

    Raises InUse, naming who holds one, where not all can be closed and idle is not set.
    """
    left = devmapper.of_tag(host, tag)
    while left:
        mounted = {mount.device for mount in mountinfo.read(host)}
        free = [node for node in left if not _in_use(host, node, mounted)]
        reasons = {node: _close(host, node) for node in free}
        left = [node for node in left if node not in reasons or reasons[node]]
        if not any(reason == "" for reason in reasons.values()):
            break
    if left and not idle:
        raise InUse(
            left[-1].volume or left[-1].name,
            f"it cannot be closed: {_who(host, left[-1])}",
            "end that, then run again",
        )


def _in_use(host: Host, node: devmapper.Node, mounted: t.Container[tuple[int, int]]) -> bool:
    ours, foreign = devmapper.above(host, [f"{host.sys}/block/{node.node}"])
    return bool(ours or foreign) or _numbers(host, node) in mounted


def _numbers(host: Host, node: devmapper.Node) -> tuple[int, int]:
    try:
        with open(f"{host.sys}/block/{node.node}/dev", encoding="ascii") as stream:
            major, minor = stream.read().strip().split(":")
    except OSError:
        return 0, 0
    return int(major), int(minor)


def _close(host: Host, node: devmapper.Node) -> str:
    if node.kind == devmapper.LUKS and host.runner.find(luks.PROGRAM):
        return luks.close_volume(host, node.name)
    return devmapper.remove(host, node)


def _who(host: Host, node: devmapper.Node) -> str:
    _ours, foreign = devmapper.above(host, [f"{host.sys}/block/{node.node}"])
    if foreign:
        return f"/dev/{foreign[0]} is built on it"
    identity = FileId(*_numbers(host, node), True)
    openers = [f"{held.name} (pid {held.pid})" for held in processes.open_files(host, {identity})]
    return f"{', '.join(openers)} has it open" if openers else "it is mounted, perhaps in another mount namespace"


def plan_close(work: Work, tag: str) -> None:
    """Plan to close what will be idle by then of an attachment's volumes; nothing where none is open."""
    record = work.records[tag]
    opened = devmapper.of_tag(work.host, tag)
    if not opened:
        return
    work.plan.add(
        Step(
            tag,
            f"close the volumes of {record.image}",
            lambda: close(work.host, tag, idle=True),
            None,
            before="".join(f"{record.image}: open volume {node.name}\n" for node in opened).rstrip("\n"),
            after="",
        )
    )


def reopen(work: Work, tag: str, name: str) -> str:
    """Open a logical volume again that was closed, and return its device. Raises FleetError."""
    shown = work.records[tag].image
    for volume in of_disk(work, tag, shown):
        if volume.name == name:
            open_lvm(work, tag, volume, shown)
    for found in reversed(work.partitions_at(tag)):
        if found.volume == name and found.fstype not in CONTAINERS:
            return found.device
    raise ToolFailed(shown, f"its volume {name} cannot be opened again", "mount it again")


__all__ = [
    "CONTAINERS",
    "MEMBER",
    "Volume",
    "close",
    "of_disk",
    "open_luks",
    "open_lvm",
    "plan_close",
    "reopen",
    "table",
    "why_not",
]
