# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a volume group's metadata says: its logical volumes, and where on its physical volumes each one lies."""

from __future__ import annotations

import re
import typing as t

from . import lvm_label
from .lvm_text import Section, Unreadable

# The characters that lvm(8) allows in names.
NAME = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}")
MOST_VOLUMES = 4096
MOST_SEGMENTS = 1 << 16
LINEAR = "striped"
# What a kind of segment is called in a sentence; LVM's own word does for the rest.
KINDS = {
    "thin": "a thin volume",
    "thin-pool": "a pool of thin volumes",
    "snapshot": "a snapshot",
    "mirror": "a mirror",
    "cache": "a cached volume",
    "writecache": "a cached volume",
    "error": "a volume of errors",
}


class Stretch(t.NamedTuple):
    """A piece of a logical volume, in sectors. stripe: 0 for one that lies in one piece; places: (PV's UUID, start)."""

    start: int
    length: int
    stripe: int
    places: tuple[tuple[str, int], ...]


class Logical(t.NamedTuple):
    """A logical volume. name: ``group/volume``; why_not: why it cannot be opened here ("" where it can).

    origin: it has a snapshot, which would be destroyed if it were written to past LVM.
    """

    name: str
    uuid: str
    sectors: int
    stretches: tuple[Stretch, ...]
    origin: bool
    why_not: str


class Group(t.NamedTuple):
    """physical: UUIDs of all its physical volumes, the missing ones too."""

    name: str
    uuid: str
    physical: tuple[str, ...]
    logical: tuple[Logical, ...]


def newest(labels: t.Iterable[lvm_label.Label]) -> dict[str, Group]:
    """{group's UUID: group} by the newest copy that any of these physical volumes has. Raises Unreadable."""
    latest: dict[str, tuple[int, str, Section]] = {}
    for label in labels:
        for text in label.texts:
            for name, body in text.items():
                if isinstance(body, dict) and "physical_volumes" in body:
                    uuid, seqno = _text(body, "id"), _number(body, "seqno")
                    if uuid not in latest or seqno > latest[uuid][0]:
                        latest[uuid] = (seqno, name, body)
    return {uuid: group(name, body) for uuid, (_seqno, name, body) in latest.items()}


def group(name: str, body: Section) -> Group:
    """A group from its section. Raises Unreadable."""
    extent = _number(body, "extent_size")
    physical = {key: _physical(key, values) for key, values in _sections(body, "physical_volumes").items()}
    logical = _sections(body, "logical_volumes") if "logical_volumes" in body else {}
    if len(logical) > MOST_VOLUMES or extent <= 0:
        raise Unreadable("it has too many volumes, or extents of no size")
    snapshots = [segment for values in logical.values() for segment in _segments(values) if segment[1] == "snapshot"]
    origins = {str(values.get("origin")) for values, _kind in snapshots}
    stores = {str(values.get("cow_store")) for values, _kind in snapshots}
    return Group(
        _name(name),
        _text(body, "id"),
        tuple(uuid for uuid, _start, _count, _missing in physical.values()),
        tuple(
            _logical(name, _known_as(key, values), values, physical, extent, origin=key in origins, store=key in stores)
            for key, values in logical.items()
            if "VISIBLE" in _words(values, "status")
        ),
    )


# UUID, first sector of the data, number of extents, whether LVM knows it as missing.
_Physical = tuple[str, int, int, bool]


def _physical(key: str, values: Section) -> _Physical:
    missing = "MISSING" in _words(values, "status") + _words(values, "flags")
    return _text(values, "id"), _number(values, "pe_start"), _number(values, "pe_count"), missing


def _known_as(key: str, values: Section) -> str:
    """A snapshot is known by the name of the volume that keeps what differs, and not by that of its own entry."""
    return next((str(segment.get("cow_store")) for segment, kind in _segments(values) if kind == "snapshot"), key)


def _logical(
    group_name: str,
    key: str,
    values: Section,
    physical: t.Mapping[str, _Physical],
    extent: int,
    *,
    origin: bool,
    store: bool,
) -> Logical:
    why_not = "it is a snapshot" if store else ""
    stretches: list[Stretch] = []
    sectors = 0
    for segment, kind in _segments(values):
        length = _number(segment, "extent_count") * extent
        if kind != LINEAR:
            why_not = why_not or f"it is {KINDS.get(kind, f'of the kind {kind}')}"
        elif not why_not:
            places, why_not = _places(segment, physical, extent)
            if _number(segment, "start_extent") * extent != sectors:
                raise Unreadable(f"{key} has a gap")
            stretches.append(Stretch(sectors, length, _stripe(segment, places), places))
        sectors += length
    return Logical(f"{_name(group_name)}/{_name(key)}", _text(values, "id"), sectors, tuple(stretches), origin, why_not)


def _stripe(segment: Section, places: t.Sequence[object]) -> int:
    return _number(segment, "stripe_size") if len(places) > 1 else 0


def _places(
    segment: Section, physical: t.Mapping[str, _Physical], extent: int
) -> tuple[tuple[tuple[str, int], ...], str]:
    """(places of a segment's stripes, why they cannot be used)."""
    words = segment.get("stripes", [])
    count = _number(segment, "stripe_count")
    if not isinstance(words, list) or len(words) != 2 * count or count == 0:
        raise Unreadable("its stripes are not as many as it says")
    each = _number(segment, "extent_count") // count
    found = []
    for key, first in zip(words[::2], words[1::2]):
        if key not in physical:
            # While pvmove runs, and for volumes built on others.
            return (), f"it lies on the volume {key}"
        uuid, start, room, missing = physical[str(key)]
        if missing:
            return (), f"it lies partly on the physical volume {uuid}, which LVM has given up for lost"
        if not isinstance(first, int) or not 0 <= first <= room - each:
            raise Unreadable("one of its volumes lies outside its disk")
        found.append((uuid, start + first * extent))
    return tuple(found), ""


def _segments(values: Section) -> list[tuple[Section, str]]:
    count = _number(values, "segment_count")
    if count > MOST_SEGMENTS:
        raise Unreadable("a volume has too many segments")
    found = []
    for number in range(1, count + 1):
        segment = values.get(f"segment{number}")
        if not isinstance(segment, dict):
            raise Unreadable(f"segment {number} is not there")
        found.append((segment, _text(segment, "type")))
    return found


def _sections(body: Section, key: str) -> dict[str, Section]:
    found = body.get(key)
    if not isinstance(found, dict) or not all(isinstance(values, dict) for values in found.values()):
        raise Unreadable(f"it has no {key}")
    return found


def _number(body: Section, key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or value < 0:
        raise Unreadable(f"{key} is no number")
    return value


def _text(body: Section, key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise Unreadable(f"{key} is no text")
    return value


def _words(body: Section, key: str) -> list[str]:
    value = body.get(key, [])
    return [str(word) for word in value] if isinstance(value, list) else [str(value)]


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise Unreadable("a name has characters that LVM does not allow")
    return text


__all__ = ["Group", "Logical", "Stretch", "group", "newest"]
