# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Reading single values out of a Windows registry hive, with nothing but what a host's Python has.

The layout is that of hivex's documentation and of libregf's regf specification. A hive comes from a guest, so every
length is bounded and whatever does not fit is no value.
"""

from __future__ import annotations

import struct
import typing as t

BASE = 0x1000
ROOT_OFFSET = 0x24
COMPRESSED = 0x20
INLINE = 0x80000000
LARGEST_CELL = 1 << 20
DEEPEST_LIST = 3
SZ, EXPAND_SZ, DWORD = 1, 2, 4
# A node's signature, flags, subkeys, their list, values, their list, length of its name; its name follows.
NODE = struct.Struct("<2sH16xI4xI4xII28xH2x")
VALUE = struct.Struct("<2sHIIIH2x")


class Hive:
    """One hive of an open file. Names are looked up without regard to case, as Windows does."""

    def __init__(self, stream: t.BinaryIO) -> None:
        self._stream = stream

    def value(self, path: str, name: str) -> t.Union[str, int, None]:
        """A text or a number below a key (its path from the hive's root, parted by backslashes); None for none."""
        try:
            key = self._key(path)
            return self._value(key, name) if key else None
        except (struct.error, ValueError, IndexError):
            return None

    def _key(self, path: str) -> bytes:
        head = self._at(0, BASE)
        if head[:4] != b"regf":
            raise ValueError("no hive")
        key = self._cell(struct.unpack_from("<I", head, ROOT_OFFSET)[0])
        for part in path.split("\\"):
            key = next((found for found in self._subkeys(key) if _name(found).lower() == part.lower()), b"")
            if not key:
                return b""
        return key

    def _subkeys(self, key: bytes) -> t.Iterator[bytes]:
        _sig, _flags, count, place, _values, _list, _length = NODE.unpack_from(key)
        for offset in self._listed(place, DEEPEST_LIST) if count else ():
            yield self._cell(offset)

    def _listed(self, place: int, depth: int) -> t.Iterator[int]:
        cell = self._cell(place)
        kind, count = struct.unpack_from("<2sH", cell)
        if kind in (b"lf", b"lh"):
            yield from (struct.unpack_from("<I", cell, 4 + 8 * number)[0] for number in range(count))
        elif kind == b"li":
            yield from (struct.unpack_from("<I", cell, 4 + 4 * number)[0] for number in range(count))
        elif kind == b"ri" and depth:
            for number in range(count):
                yield from self._listed(struct.unpack_from("<I", cell, 4 + 4 * number)[0], depth - 1)

    def _value(self, key: bytes, name: str) -> t.Union[str, int, None]:
        _sig, _flags, _subkeys, _place, count, values, _length = NODE.unpack_from(key)
        offsets = self._cell(values) if count else b""
        for number in range(count):
            cell = self._cell(struct.unpack_from("<I", offsets, 4 * number)[0])
            _sig, length, size, place, kind, ascii_name = VALUE.unpack_from(cell)
            said = cell[VALUE.size : VALUE.size + length]
            if said.decode("latin-1" if ascii_name & 1 else "utf-16-le").lower() == name.lower():
                return self._content(size, place, kind)
        return None

    def _content(self, size: int, place: int, kind: int) -> t.Union[str, int, None]:
        data = struct.pack("<I", place) if size & INLINE else self._cell(place)
        data = data[: size & ~INLINE]
        if kind in (SZ, EXPAND_SZ):
            return data.decode("utf-16-le", "replace").partition("\0")[0]
        return int(struct.unpack("<I", data)[0]) if kind == DWORD else None

    def _cell(self, offset: int) -> bytes:
        size = -int(struct.unpack("<i", self._at(BASE + offset, 4))[0])
        if not 4 < size <= LARGEST_CELL:
            raise ValueError("a cell that is free, or too large")
        return self._at(BASE + offset + 4, size - 4)

    def _at(self, place: int, size: int) -> bytes:
        self._stream.seek(place)
        return self._stream.read(size)


def _name(key: bytes) -> str:
    _sig, flags, _subkeys, _place, _values, _list, length = NODE.unpack_from(key)
    return key[NODE.size : NODE.size + length].decode("latin-1" if flags & COMPRESSED else "utf-16-le", "replace")


__all__ = ["Hive"]
