# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""INF files as text: encodings, comments, continued lines, quotes, strings, sections that go on elsewhere.

What the sections mean is told in inf_package.py. Rules: "General Syntax Rules for INF Files" of Microsoft's driver
documentation.
"""

from __future__ import annotations

import codecs
import re
import typing as t

from .._common.errors import FleetError

# Tried in this order; a file without a mark is in the maker's 8-bit code page, nearly always this one.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNMARKED = "cp1252"
# English strings, where a file has them in language sections only.
ENGLISH = "strings.0409"
TOKEN = re.compile(r"%([^%]*)%")
LINE_END = re.compile(r"\r\n|\n|\r")


class InvalidInf(FleetError):
    """A file that is no INF."""


class Line(t.NamedTuple):
    """One entry of a section.

    key:    what stands before ``=`` ("" where there is none), strings not replaced.
    fields: what is separated by commas, quotes removed, strings replaced.
    """

    key: str
    fields: tuple[str, ...]


class Inf:
    """The sections of a file. Names are compared without regard to case, entries stay in their order, none is lost."""

    def __init__(self, sections: t.Mapping[str, t.Sequence[Line]]) -> None:
        self._raw = sections
        english = {line.key.casefold(): _first(line) for line in sections.get(ENGLISH, ())}
        self._strings = {**english, **{line.key.casefold(): _first(line) for line in sections.get("strings", ())}}

    def __contains__(self, section: str) -> bool:
        return section.casefold() in self._raw

    def section(self, name: str) -> list[Line]:
        """Entries of a section, empty where there is none."""
        return [
            Line(line.key, tuple(self.replaced(field) for field in line.fields))
            for line in self._raw.get(name.casefold(), ())
        ]

    def values(self, section: str, key: str) -> list[tuple[str, ...]]:
        """Fields of each entry with that key, which may be there several times."""
        return [line.fields for line in self.section(section) if self.replaced(line.key).casefold() == key.casefold()]

    def value(self, section: str, key: str) -> str:
        """First field of the first entry with that key, "" where there is none."""
        return next((fields[0] for fields in self.values(section, key) if fields), "")

    def replaced(self, text: str) -> str:
        """Text with its %strings%; ``%%`` is a percent sign, and what has no string (a directory's number) stays."""

        def replacement(match: re.Match[str]) -> str:
            name = match.group(1)
            return self._strings.get(name.casefold(), match.group(0)) if name else "%"

        return TOKEN.sub(replacement, text)


def decode(data: bytes) -> str:
    """The text of a file, whatever wrote it. Raises InvalidInf."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise InvalidInf("INF file", f"no {encoding}: {error.reason}", "fetch the file again") from None
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    return data.decode(UNMARKED, "replace")


def parse(text: str) -> Inf:
    """Read a file's text. Raises InvalidInf, whose ``what`` is the line."""
    sections: dict[str, list[Line]] = {}
    current: t.Optional[list[Line]] = None
    for number, line in _logical_lines(text.split("\x1a")[0]):
        if line.startswith("["):
            end = line.find("]")
            if end < 0:
                raise InvalidInf(f"line {number}", "a section's name does not end", "fetch the file again")
            # A section may go on in another place of the file.
            current = sections.setdefault(line[1:end].strip().strip('"').casefold(), [])
        elif current is not None:
            current.append(_entry(line))
    return Inf(sections)


def _logical_lines(text: str) -> t.Iterator[tuple[int, str]]:
    """(number, text) of lines without comments, those that a backslash continues joined; empty ones are left out."""
    begun, start = "", 0
    for number, raw in enumerate(LINE_END.split(text), start=1):
        line = _without_comment(raw).strip()
        start = start or number
        if line.endswith("\\") and line.count('"') % 2 == 0:
            begun += line[:-1]
            continue
        if begun + line:
            yield start, (begun + line).strip()
        begun, start = "", 0
    if begun.strip():
        yield start, begun.strip()


def _without_comment(line: str) -> str:
    quoted = False
    for index, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            return line[:index]
    return line


def _entry(line: str) -> Line:
    *key, value = _split(line, "=", 1)
    return Line(_unquoted("".join(key)), tuple(_unquoted(field) for field in _split(value, ",")))


def _split(text: str, separator: str, most: int = -1) -> list[str]:
    """Split outside of quotes."""
    parts, quoted, begin = [], False, 0
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == separator and not quoted and len(parts) != most:
            parts.append(text[begin:index])
            begin = index + 1
    return [*parts, text[begin:]]


def _unquoted(field: str) -> str:
    """A field without its quotes; two quotes inside of quotes are one."""
    field = field.strip()
    if '"' not in field:
        return field
    out, quoted, index = [], False, 0
    while index < len(field):
        char = field[index]
        if char == '"' and quoted and field[index + 1 : index + 2] == '"':
            out.append('"')
            index += 1
        elif char == '"':
            quoted = not quoted
        else:
            out.append(char)
        index += 1
    return "".join(out)


def _first(line: Line) -> str:
    return line.fields[0] if line.fields else ""


__all__ = ["Inf", "InvalidInf", "Line", "decode", "parse"]
