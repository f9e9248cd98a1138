# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Where LVM2 keeps its words on a physical volume: label, metadata areas, text (LVM2: lib/format_text/layout.h).

Read here and not by lvm(8), which looks at every disk of the host, takes two volume groups of one name for a clash, and
of one UUID for the same.
"""

from __future__ import annotations

import struct
import typing as t
import zlib

from . import lvm_text

SECTOR = 512
# The label is in one of the first four sectors.
LABEL_SECTORS = 4
LABEL = struct.Struct("<8sQII8s")
LABEL_ID, LABEL_TYPE = b"LABELONE", b"LVM2 001"
# The checksum of a label begins behind itself.
LABEL_SUMMED = 20
PV_HEADER = struct.Struct("<32sQ")
AREA = struct.Struct("<QQ")
MOST_AREAS = 16
MDA_HEADER = struct.Struct("<I16sIQQ")
MDA_MAGIC, MDA_VERSION, MDA_SIZE = b" LVM2 x[5A%r0N*>", 1, 512
# Offset, size, checksum, flags of the text that counts.
TEXT = struct.Struct("<QQII")
IGNORED = 1
CRC_START = 0xF597A6CF
LARGEST_PLACE = 1 << 60


class Label(t.NamedTuple):
    """A physical volume by its own words. uuid: as lvm prints it; texts: its copies of the metadata, parsed."""

    uuid: str
    texts: tuple[lvm_text.Section, ...]


def read(stream: t.BinaryIO) -> Label:
    """Raises lvm_text.Unreadable where it is no physical volume, or a checksum is wrong in all its copies."""
    stream.seek(0)
    head = stream.read(LABEL_SECTORS * SECTOR)
    for at in range(0, LABEL_SECTORS * SECTOR, SECTOR):
        if head[at : at + 8] == LABEL_ID:
            return _of_sector(stream, head[at : at + SECTOR])
    raise lvm_text.Unreadable("it has no label")


def _of_sector(stream: t.BinaryIO, sector: bytes) -> Label:
    if len(sector) < SECTOR:
        raise lvm_text.Unreadable("its label is cut off")
    _id, _sector, checksum, offset, kind = LABEL.unpack_from(sector)
    if kind != LABEL_TYPE or _crc(sector[LABEL_SUMMED:]) != checksum:
        raise lvm_text.Unreadable("the checksum of its label is wrong")
    if offset + PV_HEADER.size > SECTOR:
        raise lvm_text.Unreadable("its label points behind itself")
    uuid, _size = PV_HEADER.unpack_from(sector, offset)
    _data, behind = _areas(sector, offset + PV_HEADER.size)
    metadata, _behind = _areas(sector, behind)
    found, reasons = [], []
    for start, size in metadata:
        try:
            found += _text(stream, start, size)
        except lvm_text.Unreadable as error:
            reasons.append(str(error))
    if reasons and not found:
        raise lvm_text.Unreadable(reasons[0])
    return Label(dashed(uuid.decode("ascii", "replace")), tuple(found))


def _areas(sector: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
    """(areas of a list that ends with an empty one, where the next list begins)."""
    found: list[tuple[int, int]] = []
    while at + AREA.size <= len(sector) and len(found) <= MOST_AREAS:
        start, size = AREA.unpack_from(sector, at)
        at += AREA.size
        if start == 0:
            return found, at
        found.append((start, size))
    raise lvm_text.Unreadable("its list of areas does not end")


def _text(stream: t.BinaryIO, start: int, size: int) -> list[lvm_text.Section]:
    header = _at(stream, start, MDA_SIZE) if start < LARGEST_PLACE else b""
    if len(header) < MDA_SIZE:
        raise lvm_text.Unreadable("its metadata area is cut off")
    checksum, magic, version, at, length = MDA_HEADER.unpack_from(header)
    if (magic, version, at) != (MDA_MAGIC, MDA_VERSION, start) or _crc(header[4:]) != checksum:
        raise lvm_text.Unreadable("the header of its metadata area is damaged")
    offset, text_size, text_sum, flags = TEXT.unpack_from(header, MDA_HEADER.size)
    if offset == 0 or flags & IGNORED:
        # A volume that belongs to no group yet, or one of many that need no copy.
        return []
    room = min(length, size) if size else length
    if text_size > min(room, lvm_text.LONGEST) or not MDA_SIZE <= offset < room:
        raise lvm_text.Unreadable("its metadata lies outside its area")
    # The area is a ring; the text goes on behind the header.
    first = min(text_size, room - offset)
    raw = _at(stream, start + offset, first) + _at(stream, start + MDA_SIZE, text_size - first)
    if _crc(raw) != text_sum:
        raise lvm_text.Unreadable("the checksum of its metadata is wrong")
    return [lvm_text.parse(raw.rstrip(b"\0\n").decode("utf-8", "replace"))]


def _at(stream: t.BinaryIO, place: int, size: int) -> bytes:
    stream.seek(place)
    return stream.read(size)


def _crc(data: bytes) -> int:
    """The usual CRC-32, but for LVM's start value and without the inversions."""
    return zlib.crc32(data, CRC_START ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def dashed(uuid: str) -> str:
    """A UUID as lvm writes it: 6-4-4-4-4-4-6."""
    cuts = (0, 6, 10, 14, 18, 22, 26, 32)
    return "-".join(uuid[first:last] for first, last in zip(cuts, cuts[1:])) if len(uuid) == 32 else uuid


__all__ = ["Label", "dashed", "read"]
