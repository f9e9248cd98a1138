# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Reading the configuration file of a Xen guest, xl.cfg(5) or xm's older one, for its name and its disks.

xm took the file for a program in Python and ran it; here nothing is run. A value that is computed is refused.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._common.errors import InvalidRequest

TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\\]+|\#[^\n]*)
      | (?P<end>[\n;])
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<word>[A-Za-z_][\w-]*|[0-9][0-9a-fA-FxX]*)
      | (?P<sign>\+=|[=\[\],])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LARGEST = 1 << 18


class Config(t.NamedTuple):
    """A guest as its file describes it. disks: in Xen's spelling, as written."""

    path: str
    name: str
    disks: tuple[str, ...]


class _Token(t.NamedTuple):
    kind: str
    text: str
    line: int


def read(path: str) -> Config:
    """Raises InvalidRequest where the file cannot be read as a guest's configuration, OSError where not at all."""
    if os.path.getsize(path) > LARGEST:
        raise InvalidRequest(path, "too large for a guest's configuration", "name the right file")
    with open(path, encoding="utf-8", errors="surrogateescape") as stream:
        return parse(path, stream.read())


def parse(path: str, text: str) -> Config:
    """As read(), from the file's text."""
    tokens = list(_tokens(text))
    names = _values(path, tokens, "name")
    if len(names) != 1:
        raise InvalidRequest(path, "it does not say the guest's name once", "write name = '…' into it")
    return Config(path, names[0], tuple(_values(path, tokens, "disk")))


def _tokens(text: str) -> t.Iterator[_Token]:
    line = 1
    for match in TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind != "blank":
            yield _Token(kind, match[0], line)
        line += match[0].count("\n")


def _values(path: str, tokens: t.Sequence[_Token], key: str) -> list[str]:
    """The strings assigned to a key at the start of a line; the last ``=`` counts, ``+=`` adds to it."""
    found: list[str] = []
    for index, token in enumerate(tokens[:-1]):
        starts = index == 0 or tokens[index - 1].kind == "end"
        if not (starts and token.kind == "word" and token.text == key and tokens[index + 1].text in ("=", "+=")):
            continue
        strings = _strings(path, key, tokens[index + 2 :])
        found = found + strings if tokens[index + 1].text == "+=" else strings
    return found


def _strings(path: str, key: str, tokens: t.Sequence[_Token]) -> list[str]:
    """One string, or the strings of a list. Anything else, such as a sum or a call, is computed."""
    found: list[str] = []
    depth = 0
    for token in tokens:
        if token.kind == "end" and depth == 0:
            return found
        if token.kind == "text":
            found.append(ESCAPED.sub(lambda match: match[1], token.text[1:-1]))
        elif token.text in ("[", "]"):
            depth += 1 if token.text == "[" else -1
        elif token.kind != "end" and token.text != ",":
            raise InvalidRequest(
                f"{path} line {token.line}",
                f"{key} is computed, and nothing of the file is run",
                "name the image itself",
            )
    return found


__all__ = ["Config", "parse", "read"]
