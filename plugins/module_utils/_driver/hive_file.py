# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Header of a hive file and its logs: whether all that the guest wrote has reached the hive itself."""

from __future__ import annotations

import struct
import typing as t

from .._common.errors import Refused

BASE_BLOCK = 512
ENTRY = b"HvLE"
SMALLEST_ENTRY = 512


class Header(t.NamedTuple):
    """sound: the signature and checksum are right; first, second: sequence numbers, equal when nothing is pending."""

    sound: bool
    first: int
    second: int


def header(path: str) -> Header:
    with open(path, "rb") as stream:
        return _header(stream.read(BASE_BLOCK))


def refuse_dirty(shown: str, path: str, logs: t.Sequence[str]) -> None:
    """Raise Refused where the hive lacks what is in its logs: written now, it would lose that or be mixed with it."""
    found = header(path)
    hint = "start the guest and shut it down from its own menu, without fast startup, then run again"
    if not found.sound:
        raise Refused(shown, "its header is damaged", hint)
    if found.first != found.second:
        raise Refused(shown, f"the guest did not finish writing it (sequence {found.first}, {found.second})", hint)
    for log in logs:
        newest = _newest(log)
        if newest > found.second:
            raise Refused(
                shown, f"its log {log} is newer than the hive itself (sequence {newest}, {found.second})", hint
            )


def _header(block: bytes) -> Header:
    if len(block) < BASE_BLOCK or block[:4] != b"regf":
        return Header(False, 0, 0)
    total = 0
    for (word,) in struct.iter_unpack("<I", block[:508]):
        total ^= word
    # Two values are never stored.
    total = {0: 1, 0xFFFFFFFF: 0xFFFFFFFE}.get(total, total)
    first, second = struct.unpack_from("<II", block, 4)
    return Header(total == struct.unpack_from("<I", block, 508)[0], first, second)


def _newest(path: str) -> int:
    """Greatest sequence number of a log's entries, and of the header of a log of the older kind; 0 where it is void."""
    with open(path, "rb") as stream:
        data = stream.read()
    found = _header(data[:BASE_BLOCK])
    if not found.sound:
        return 0
    if data[BASE_BLOCK : BASE_BLOCK + 4] != ENTRY:
        return found.first if data[BASE_BLOCK : BASE_BLOCK + 4] == b"DIRT" else 0
    newest, at = 0, BASE_BLOCK
    while data[at : at + 4] == ENTRY and at + 16 <= len(data):
        size, _flags, sequence = struct.unpack_from("<III", data, at + 4)
        # Entries follow one another without a gap in their numbers; behind the last one lie older ones.
        if size < SMALLEST_ENTRY or (newest and sequence != newest + 1):
            break
        newest = sequence
        at += size
    return newest


__all__ = ["Header", "header", "refuse_dirty"]
