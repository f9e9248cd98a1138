# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The text in which LVM2 writes a volume group down (lvm.conf(5) has the same syntax), read into dictionaries.

It comes from a guest's disk, so nothing in it is believed: depth and length are bounded, and what does not parse is an
error.
"""

from __future__ import annotations

import re
import typing as t

Value = t.Union[str, int, list[t.Union[str, int]], dict[str, t.Any]]
Section = dict[str, t.Any]

DEEPEST = 8
LONGEST = 1 << 24
TOKEN = re.compile(
    r"(?:\s|\#[^\n]*)*(?:"
    r'"(?P<string>(?:[^"\\]|\\.)*)"'
    r"|(?P<number>-?\d+(?:\.\d+)?)(?![\w.+-])"
    r"|(?P<name>[\w.+-]+)"
    r"|(?P<mark>[{}=\[\],])"
    r"|(?P<end>\Z)"
    r")",
    re.ASCII | re.DOTALL,
)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class Unreadable(ValueError):
    """The text is not what LVM writes."""


def parse(text: str) -> Section:
    """The outermost section. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable("it is too long")
    reader = _Reader(text)
    found = reader.section(0)
    if reader.kind != "end":
        raise Unreadable("a bracket too many")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.kind = ""
        self.word = ""
        self.step()

    def step(self) -> None:
        match = TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"byte {self._at} cannot be read")
        self.kind, self.word, self._at = match.lastgroup, match[match.lastgroup], match.end()

    def section(self, depth: int) -> Section:
        if depth > DEEPEST:
            raise Unreadable("it is nested too deeply")
        found: Section = {}
        while self.kind in ("name", "number"):
            name = self.word
            self.step()
            if self._took("="):
                found[name] = self._value()
            elif self._took("{"):
                found[name] = self.section(depth + 1)
                self._must_take("}")
            else:
                raise Unreadable(f"{name} has no value")
        return found

    def _value(self) -> Value:
        if not self._took("["):
            return self._scalar()
        found: list[t.Union[str, int]] = []
        while not self._took("]"):
            found.append(self._scalar())
            if not self._took(","):
                self._must_take("]")
                break
        return found

    def _scalar(self) -> t.Union[str, int]:
        kind, word = self.kind, self.word
        if kind not in ("string", "number"):
            raise Unreadable(f"'{word}' in place of a value")
        self.step()
        if kind == "number":
            return int(word.partition(".")[0])
        return ESCAPED.sub(r"\1", word)

    def _took(self, mark: str) -> bool:
        if (self.kind, self.word) != ("mark", mark):
            return False
        self.step()
        return True

    def _must_take(self, mark: str) -> None:
        if not self._took(mark):
            raise Unreadable(f"'{self.word}' in place of '{mark}'")


__all__ = ["Section", "Unreadable", "parse"]
