# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""The smallest guest that really uses its disk: a boot sector that counts, and writes each number to one sector."""

from __future__ import annotations

import struct

# Where a program in a boot sector lies, by the BIOS; and free memory after it.
ORIGIN, BUFFER = 0x7C00, 0x8000
# The partition table's own bytes begin at 440.
ROOM = 440
MAGIC = b"CNTR"


def program(sector: int) -> bytes:
    """Code that counts in the given sector of the first disk, eighteen times a second (each tick of the clock)."""
    start = bytes.fromhex("fa 31c0 8ed8 8ec0 8ed0 bc007c fb")  # cli; ds = es = ss = 0; sp = ORIGIN; sti
    start += b"\xb2\x80"  # dl = the first disk
    start += b"\x66\xc7\x06" + struct.pack("<H", BUFFER) + bytes(4)  # counter = 0
    start += b"\x66\xc7\x06" + struct.pack("<H", BUFFER + 4) + MAGIC
    body_length = 5 + 3 + 3 + 2 + 1 + 2
    packet_at = ORIGIN + len(start) + body_length
    body = b"\x66\xff\x06" + struct.pack("<H", BUFFER)  # counter += 1
    body += b"\xbe" + struct.pack("<H", packet_at)  # si = packet
    body += b"\xb8\x00\x43" + b"\xcd\x13"  # ah = 43: extended write; int 13
    body += b"\xf4"  # hlt: until the next tick
    body += b"\xeb" + struct.pack("b", -body_length)
    packet = struct.pack("<BBHHHQ", 16, 0, 1, BUFFER, 0, sector)
    code = start + body + packet
    assert len(body) == body_length and len(code) <= ROOM
    return code
