# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""From what a user asks for (a number, a volume's name, a UUID, a label, ``root``) to the file system, however deep it
lies: containers on the way are opened, and those that were opened for nothing are closed again.
"""

from __future__ import annotations

from .._common.errors import InvalidRequest
from . import devmapper, ledger, luks, selection, volumes
from .luks import Keys
from .partitions import Partition
from .selection import Choice
from .work import Work


def choose(work: Work, tag: str, selector: str, keys: Keys, shown: str) -> Choice:
    """The file system that is meant on an attached disk. Raises FleetError; open volumes are left to close_idle()."""
    if selector == selection.ROOT:
        return _root(work, tag, keys, shown)
    for _round in range(volumes.DEEPEST * 2):
        found = work.partitions_at(tag)
        matches = selection.matching(selector, found)
        if len(matches) == 1 and matches[0].fstype == luks.FSTYPE:
            volumes.open_luks(work, tag, matches[0], keys, shown)
            continue
        if len(matches) == 1 and matches[0].fstype == volumes.MEMBER:
            raise _names_a_group(work, tag, shown, matches[0])
        if matches:
            break
        if not _open_named(work, tag, selector, shown) and not open_all(work, tag, keys, shown):
            break
    found = work.partitions_at(tag)
    return Choice(selection.named(shown, selector, [*found, *_closed(work, tag, shown, found, selector)]))


def _open_named(work: Work, tag: str, selector: str, shown: str) -> bool:
    """Open the logical volume of this name; whether there is one that was not open."""
    for volume in _unopened(work, tag, shown):
        if volume.name == selector:
            volumes.open_lvm(work, tag, volume, shown)
            return True
    return False


def open_all(work: Work, tag: str, keys: Keys, shown: str) -> bool:
    """Open whatever is closed and can be opened, one layer of it; whether there was anything."""
    opened = False
    for volume in _unopened(work, tag, shown):
        if not volumes.why_not(work, tag, volume):
            volumes.open_lvm(work, tag, volume, shown)
            opened = True
    for partition in locked(work, tag) if keys else []:
        volumes.open_luks(work, tag, partition, keys, shown)
        opened = True
    return opened


def open_deep(work: Work, tag: str, keys: Keys, shown: str) -> list[Partition]:
    """Open all layers, as far as they can be opened, and return what there is then. Raises FleetError."""
    for _layer in range(volumes.DEEPEST):
        if not open_all(work, tag, keys, shown):
            break
    return work.partitions_at(tag)


def _unopened(work: Work, tag: str, shown: str) -> list[volumes.Volume]:
    there = {node.volume for node in devmapper.of_tag(work.host, tag) if node.kind == devmapper.LV}
    return [volume for volume in volumes.of_disk(work, tag, shown) if volume.name not in there]


def locked(work: Work, tag: str) -> list[Partition]:
    """Encrypted partitions and volumes that are not open."""
    found = work.partitions_at(tag)
    encrypted = [partition for partition in found if partition.fstype == luks.FSTYPE]
    return [outer for outer in encrypted if selection.innermost(outer, found) == outer]


def _root(work: Work, tag: str, keys: Keys, shown: str) -> Choice:
    found = open_deep(work, tag, keys, shown)
    closed = locked(work, tag)
    place = ledger.look_path(work.host, work.records[tag])
    try:
        return selection.root(work.host, shown, found, place, sure=not closed)
    except InvalidRequest as error:
        if not closed:
            raise
        which = ", ".join(outer.volume or str(outer.number or "the whole disk") for outer in closed)
        why = f"{error.why}; {which} is encrypted with LUKS"
        raise InvalidRequest(shown, why, "give luks_passphrase or luks_key_file, or set partition") from error


def _names_a_group(work: Work, tag: str, shown: str, member: Partition) -> InvalidRequest:
    there = ", ".join(volume.name for volume in volumes.of_disk(work, tag, shown)) or "none"
    why = f"partition {member.number} belongs to an LVM volume group" if member.number else "it is an LVM volume group"
    return InvalidRequest(shown, f"{why} (the disk has the volumes {there})", "name a volume")


def _closed(work: Work, tag: str, shown: str, found: list[Partition], selector: str) -> list[Partition]:
    """Volumes that could not be opened, for the list in an error."""
    if selection.matching(selector, found):
        return []
    return [Partition(0, "", 0, "not open", volume=volume.name) for volume in _unopened(work, tag, shown)]


def close_idle(work: Work, tag: str) -> None:
    """Close what was opened only to be looked at, or whose mount has just gone."""
    volumes.close(work.host, tag, idle=True)
    work.partitions.pop(tag, None)


__all__ = ["choose", "close_idle", "locked", "open_all", "open_deep"]
