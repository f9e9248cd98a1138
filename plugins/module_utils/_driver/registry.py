# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Registry keys and values as plain data, what is to be changed in them, and both as .reg text."""

from __future__ import annotations

import struct
import typing as t

NONE, SZ, EXPAND_SZ, BINARY, DWORD, DWORD_BIG_ENDIAN, LINK, MULTI_SZ = range(8)
QWORD = 11
# Names of keys from the hive's root downwards.
Path = tuple[str, ...]


class RegValue(t.NamedTuple):
    """A value's type and its bytes as the hive holds them."""

    type: int
    data: bytes


class Change(t.NamedTuple):
    """One change of a hive: of a key (name is None, before and after tell whether it is there) or of a value.

    before, after: the value; None where there is none.
    """

    path: Path
    name: t.Optional[str]
    before: t.Union[RegValue, bool, None]
    after: t.Union[RegValue, bool, None]


class Reader(t.Protocol):
    """What a draft reads a hive by. Paths are compared without regard to case."""

    def values(self, path: Path) -> t.Optional[dict[str, RegValue]]:
        """Values of a key by name ("" the default one); None where there is no such key."""

    def children(self, path: Path) -> list[str]:
        """Names of the keys below a key, empty where there is none."""


def sz(text: str) -> RegValue:
    return RegValue(SZ, _text(text))


def expand_sz(text: str) -> RegValue:
    return RegValue(EXPAND_SZ, _text(text))


def multi_sz(items: t.Iterable[str]) -> RegValue:
    return RegValue(MULTI_SZ, b"".join(_text(item) for item in items) + b"\0\0")


def dword(number: int) -> RegValue:
    return RegValue(DWORD, struct.pack("<I", number & 0xFFFFFFFF))


def binary(data: bytes) -> RegValue:
    return RegValue(BINARY, data)


def text_of(value: t.Optional[RegValue]) -> str:
    """A string value's text; "" where it is none."""
    if value is None or value.type not in (SZ, EXPAND_SZ):
        return ""
    return value.data.decode("utf-16-le", "replace").split("\0")[0]


def items_of(value: t.Optional[RegValue]) -> list[str]:
    """A string list's items; one item of a plain string."""
    if value is None or value.type != MULTI_SZ:
        return [text for text in [text_of(value)] if text]
    return [item for item in value.data.decode("utf-16-le", "replace").split("\0") if item]


def number_of(value: t.Optional[RegValue]) -> t.Optional[int]:
    """A number's value; None where it is none."""
    if value is None or value.type != DWORD or len(value.data) < 4:
        return None
    return int(struct.unpack("<I", value.data[:4])[0])


def as_reg(hive: str, changes: t.Iterable[Change], *, after: bool) -> str:
    """One side of changes as Windows' own .reg text; keys and values that are not there on that side are left out."""
    lines: list[str] = []
    last: t.Optional[Path] = None
    for change in sorted(changes, key=lambda change: ([part.casefold() for part in change.path], change.name or "")):
        side = change.after if after else change.before
        if side is None or side is False:
            continue
        if change.path != last:
            lines.append("[" + "\\".join(("HKEY_LOCAL_MACHINE", hive, *change.path)) + "]")
            last = change.path
        if change.name is not None and isinstance(side, RegValue):
            name = f'"{_escaped(change.name)}"' if change.name else "@"
            # .reg text has no readable form of these, so a comment says what the bytes are.
            shown = {EXPAND_SZ: text_of(side), MULTI_SZ: " | ".join(items_of(side))}.get(side.type)
            lines += [f"; {name}: {shown}"] if shown else []
            lines.append(f"{name}={_as_reg_value(side)}")
    return "\n".join(lines)


def _as_reg_value(value: RegValue) -> str:
    if value.type == SZ and value.data == _text(text_of(value)):
        return f'"{_escaped(text_of(value))}"'
    if value.type == DWORD and len(value.data) == 4:
        return f"dword:{number_of(value):08x}"
    kind = "hex" if value.type == BINARY else f"hex({value.type:x})"
    return f"{kind}:{','.join(f'{byte:02x}' for byte in value.data)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _text(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


__all__ = [
    "BINARY",
    "DWORD",
    "EXPAND_SZ",
    "MULTI_SZ",
    "SZ",
    "Change",
    "Path",
    "Reader",
    "RegValue",
    "as_reg",
    "binary",
    "dword",
    "expand_sz",
    "items_of",
    "multi_sz",
    "number_of",
    "sz",
    "text_of",
]
