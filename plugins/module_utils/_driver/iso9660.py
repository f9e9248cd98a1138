# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Files of an ISO 9660 image (ECMA-119, with Joliet names where it has them), read without mounting and without root.

A host need not have a tool for it, nor the kernel's file system: the image is read only, and driver images are simple.
"""

from __future__ import annotations

import struct
import typing as t

from .._common.errors import InvalidRequest

SECTOR = 2048
FIRST_DESCRIPTOR = 16
PRIMARY, SUPPLEMENTARY, TERMINATOR = 1, 2, 255
JOLIET = (b"%/@", b"%/C", b"%/E")
DIRECTORY, MORE_EXTENTS = 0x02, 0x80
# Deeper or wider than any driver image, and an end for one whose directories go round in a circle.
MOST_DESCRIPTORS = 64
MOST_ENTRIES = 200_000


class _Entry(t.NamedTuple):
    name: str
    begin: int
    size: int
    flags: int


class IsoImage:
    """The image's files: {path: pieces}, a piece being (first byte, size)."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.files: dict[str, list[tuple[int, int]]] = {}
        with open(path, "rb") as stream:
            root, joliet = self._root(stream)
            self._walk(stream, root, joliet)

    def read(self, name: str) -> bytes:
        with open(self.path, "rb") as stream:
            return b"".join(self._piece(stream, begin, size) for begin, size in self.files[name])

    def size(self, name: str) -> int:
        return sum(size for _begin, size in self.files[name])

    def _root(self, stream: t.BinaryIO) -> tuple[_Entry, bool]:
        found: dict[bool, _Entry] = {}
        for number in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + MOST_DESCRIPTORS):
            data = self._piece(stream, number * SECTOR, SECTOR)
            if data[1:6] != b"CD001" or data[0] == TERMINATOR:
                break
            joliet = data[0] == SUPPLEMENTARY and data[88:91] in JOLIET
            if joliet or data[0] == PRIMARY:
                found.setdefault(joliet, _entry(data[156:190], joliet))
        if not found:
            raise InvalidRequest(
                self.path, "no ISO 9660 image", "give a directory, a zip archive or an ISO image of drivers"
            )
        return found[max(found)], max(found)

    def _walk(self, stream: t.BinaryIO, root: _Entry, joliet: bool) -> None:
        waiting = [("", root)]
        seen: set[int] = set()
        count = 0
        while waiting:
            prefix, directory = waiting.pop()
            if directory.begin in seen:
                continue
            seen.add(directory.begin)
            for entry in self._entries(stream, directory, joliet):
                count += 1
                if count > MOST_ENTRIES:
                    raise InvalidRequest(self.path, "it has more files than a driver image can have", "fetch it again")
                name = prefix + entry.name
                if entry.flags & DIRECTORY:
                    waiting.append((f"{name}/", entry))
                else:
                    self.files.setdefault(name, []).append((entry.begin, entry.size))

    def _entries(self, stream: t.BinaryIO, directory: _Entry, joliet: bool) -> t.Iterator[_Entry]:
        data = self._piece(stream, directory.begin, directory.size)
        at = 0
        while at < len(data):
            length = data[at]
            if length == 0:
                # Records do not cross sectors: the rest of this one is empty.
                at = (at // SECTOR + 1) * SECTOR
                continue
            record = data[at : at + length]
            at += length
            if len(record) < 34 or len(record) < 33 + record[32]:
                raise self._damaged()
            # The directory itself and the one above it.
            if record[33 : 33 + record[32]] not in (b"\0", b"\1"):
                yield _entry(record, joliet)

    def _piece(self, stream: t.BinaryIO, begin: int, size: int) -> bytes:
        stream.seek(begin)
        data = stream.read(size)
        if len(data) < size:
            raise self._damaged()
        return data

    def _damaged(self) -> InvalidRequest:
        return InvalidRequest(self.path, "the image ends too early, or is damaged", "fetch it again")


def _entry(record: bytes, joliet: bool) -> _Entry:
    begin = struct.unpack_from("<I", record, 2)[0]
    size = struct.unpack_from("<I", record, 10)[0]
    raw = record[33 : 33 + record[32]]
    name = raw.decode("utf-16-be" if joliet else "latin-1", "replace").split(";")[0]
    # The attributes' own record, if any, comes before the data.
    return _Entry(name if joliet else name.rstrip("."), (begin + record[1]) * SECTOR, size, record[25])


__all__ = ["IsoImage"]
