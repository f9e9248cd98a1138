# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes small Windows registry hives: enough of the regf format for readers, ours and others', to find keys and values.

Run with a directory, it leaves there what a Windows guest of the lab needs: SYSTEM, SOFTWARE and ntoskrnl.exe.
"""

from __future__ import annotations

import pathlib
import struct
import sys

BASE = 0x1000
SZ, DWORD = 1, 4


class Builder:
    """Keys are dictionaries; an entry whose name begins with @ is a value, a text or a number."""

    def __init__(self, kind=b"lh"):
        self.cells = bytearray()
        self.kind = kind

    def cell(self, data):
        """Append a cell and return its offset."""
        place = len(self.cells) + 32
        size = (len(data) + 4 + 7) & ~7
        self.cells += struct.pack("<i", -size) + data.ljust(size - 4, b"\0")
        return place

    def key(self, name, content, flags=0x20):
        values = [self.value(entry[1:], said) for entry, said in content.items() if entry.startswith("@")]
        keys = [(self.key(entry, below), entry) for entry, below in content.items() if not entry.startswith("@")]
        value_list = self.cell(struct.pack(f"<{len(values)}I", *values)) if values else 0xFFFFFFFF
        key_list = self.list_of(keys) if keys else 0xFFFFFFFF
        raw = name.encode("latin-1")
        head = struct.pack("<2sHQIIIIIIIIII20xHH", b"nk", flags, 0, 0, 0, len(keys), 0, key_list, 0xFFFFFFFF,
                           len(values), value_list, 0xFFFFFFFF, 0xFFFFFFFF, len(raw), 0)  # fmt: skip
        return self.cell(head + raw)

    def list_of(self, keys):
        if self.kind == b"li":
            return self.cell(
                struct.pack("<2sH", b"li", len(keys)) + b"".join(struct.pack("<I", it) for it, _name in keys)
            )
        if self.kind == b"ri":
            halves = (keys[: len(keys) // 2], keys[len(keys) // 2 :])
            lists = [self._hashed(half) for half in halves if half]
            return self.cell(struct.pack("<2sH", b"ri", len(lists)) + b"".join(struct.pack("<I", it) for it in lists))
        return self._hashed(keys)

    def _hashed(self, keys):
        entries = b"".join(struct.pack("<II", key, hashed(name)) for key, name in keys)
        return self.cell(struct.pack("<2sH", b"lh", len(keys)) + entries)

    def value(self, name, said):
        raw = name.encode("latin-1")
        if isinstance(said, int):
            size, place, kind = 4 | 0x80000000, said, DWORD
        else:
            data = (said + "\0").encode("utf-16-le")
            size, place, kind = len(data), self.cell(data), SZ
        return self.cell(struct.pack("<2sHIIIHH", b"vk", len(raw), size, place, kind, 1, 0) + raw)


def hashed(name):
    """How an lh list finds a name."""
    found = 0
    for char in name.upper():
        found = (found * 37 + ord(char)) & 0xFFFFFFFF
    return found


def build(content, kind=b"lh"):
    """The bytes of a hive."""
    builder = Builder(kind)
    root = builder.key("ROOT", content, 0x2C)
    size = (len(builder.cells) + 32 + 0xFFF) & ~0xFFF
    left = size - 32 - len(builder.cells)
    rest = struct.pack("<i", left).ljust(left, b"\0") if left else b""
    head = bytearray(BASE)
    struct.pack_into("<4sIIQIIIIII", head, 0, b"regf", 1, 1, 0, 1, 5, 0, 1, root, size)
    struct.pack_into("<I", head, 0x2C, 1)
    checksum = 0
    for (word,) in struct.iter_unpack("<I", bytes(head[:508])):
        checksum ^= word
    struct.pack_into("<I", head, 508, checksum)
    block = struct.pack("<4sII8xQI", b"hbin", 0, size, 0, 0)
    return bytes(head) + block + bytes(builder.cells) + rest


SOFTWARE = {
    "Microsoft": {
        "Windows NT": {
            "CurrentVersion": {
                "@ProductName": "Windows Server 2022 Standard",
                "@CurrentBuildNumber": "20348",
                "@CurrentVersion": "6.3",
                "@CurrentMajorVersionNumber": 10,
                "@CurrentMinorVersionNumber": 0,
            }
        }
    }
}
SYSTEM = {
    "Select": {"@Current": 2, "@Default": 1},
    "ControlSet001": {"Control": {"ComputerName": {"ComputerName": {"@ComputerName": "OLD"}}}},
    "ControlSet002": {"Control": {"ComputerName": {"ComputerName": {"@ComputerName": "WIN-LAB"}}}},
}


def kernel(machine=0x8664):
    """The head of a PE file."""
    return (
        (b"MZ".ljust(60, b"\0") + struct.pack("<I", 128)).ljust(128, b"\0") + b"PE\0\0" + struct.pack("<HH", machine, 1)
    )


def main():
    place = pathlib.Path(sys.argv[1])
    (place / "SYSTEM").write_bytes(build(SYSTEM))
    (place / "SOFTWARE").write_bytes(build(SOFTWARE))
    (place / "ntoskrnl.exe").write_bytes(kernel())


if __name__ == "__main__":
    main()
