# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""How much room a text takes, whatever font it meets, and how it breaks into lines.

Widths are in thousandths of the font size and never below the real ones of the fonts that the tests measure
(IPAexGothic and DejaVu Sans, also bold), so that what fits here fits on paper.
"""

from __future__ import annotations

import functools
import itertools
import re
import typing as t
import unicodedata

NARROW = frozenset(" !',.:;|ijl")
SLIM = frozenset('`()[]/"-frtIJ')
WIDE = frozenset("mMW@%w&")
# Letters such as OE and W with a circumflex are wider than any plain one.
OTHER = 1200
# In a word that is wider than a line, what stays together if it can.
RUN = re.compile(r"[!-~]+|[^!-~]")
CLOSING = frozenset("、。，．：；！？）」』】〉》〕］｝ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ｡､｣ｰﾞﾟ")
OPENING = frozenset("（「『【〈《〔［｛｢")
# What turns the reading direction or hides: shown as its number, or a name could pretend to be another one.
INVISIBLE = frozenset(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x061C, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB]
)


def visible(text: str) -> str:
    """The text on one line: white space becomes a space, and what cannot be seen or drawn its number."""
    if text.isascii() and text.isprintable():
        return text
    return " ".join("".join(map(_visible, text)).split())


@functools.lru_cache(maxsize=4096)
def _visible(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") or ord(char) in INVISIBLE:
        return f"\\u{{{ord(char):x}}}"
    return char


@functools.lru_cache(maxsize=8192)
def char_width(char: str) -> int:
    if char in NARROW:
        return 470
    if char in SLIM:
        return 540
    if char in WIDE:
        return 1110
    if char.isascii():
        return 860
    wide = {"H": 520, "W": 1020, "F": 1020}.get(unicodedata.east_asian_width(char))
    if wide is None:
        return 0 if unicodedata.category(char) in ("Mn", "Me") else OTHER
    return wide


def width(text: str) -> int:
    """Thousandths of the font size."""
    return sum(map(char_width, text))


@functools.lru_cache(maxsize=16384)
def wrapped(text: str, limit: int) -> tuple[str, ...]:
    """The text in lines of at most ``limit`` thousandths, broken at spaces where there are any.

    Else between the characters of Japanese; a word or a number that fits a line is never parted, for it may be a name
    that somebody types. A single character that is wider gets a line of its own.
    """
    lines: list[str] = []
    line, used, space = "", 0, -1
    for piece in _kept_together(_pieces(visible(text), limit), limit):
        wide = width(piece)
        if line and used + wide > limit:
            if piece == " ":
                lines.append(line)
                line, used, space = "", 0, -1
                continue
            head, line = (line[:space], line[space + 1 :]) if space > 0 else (line, "")
            lines.append(head.rstrip())
            used, space = width(line), -1
            # What stood after the space may leave too little room, too.
            if line and used + wide > limit:
                lines.append(line)
                line, used = "", 0
        if piece == " ":
            if not line:
                continue
            space = len(line)
        line += piece
        used += wide
    return (*lines, line) if line or not lines else tuple(lines)


def _pieces(text: str, limit: int) -> t.Iterator[str]:
    """What is not parted: a space, a word that fits a line, or a single character."""
    for narrow, word in itertools.groupby(text, _is_of_a_word):
        if not narrow:
            yield from word
            continue
        whole = "".join(word)
        for found in [whole] if width(whole) <= limit else RUN.findall(whole):
            yield from [found] if width(found) <= limit else found


def _kept_together(pieces: t.Iterable[str], limit: int) -> list[str]:
    """No line starts with what closes, or ends with what opens, where that can be had."""
    kept: list[str] = []
    for piece in pieces:
        before = kept[-1] if kept else " "
        bound = piece in CLOSING or before[-1] in OPENING
        if bound and " " not in (piece, before) and width(before + piece) <= limit:
            kept[-1] += piece
        else:
            kept.append(piece)
    return kept


def _is_of_a_word(char: str) -> bool:
    return char != " " and unicodedata.east_asian_width(char) not in "WFH"


__all__ = ["char_width", "visible", "width", "wrapped"]
