# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The last look before a file is kept: does it hold a secret that its edition must not show, in any spelling?

A secret of eight characters or more is looked for everywhere, in every spelling that a file may give it.

A shorter one ("1234") stands in telephone numbers, coordinates and lengths by chance. It is looked for as a whole word
among those that a reader sees, and not at all where it is shorter than four characters or the site itself uses it as a
name or number. Which ones those are is said, so that somebody can choose better ones.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import html
import itertools
import json
import re
import string
import sys
import typing as t
import urllib.parse
import zlib

from ...module_utils._common.errors import FleetError

LONG, SHORT = 8, 4
# What belongs to one word: 1234 in 03-1234-5678 or 192.0.2.1234 is not the word 1234.
WORD = re.compile(r"[\w.:/@+*#-]+")
TAG = re.compile(r"<(?:style.*?</style>|[^>]*)>", re.DOTALL)
TITLE = re.compile(r'\b(?:aria-label|title|alt|content)="([^"]*)"')
# Leaves base64's own characters, in its usual spelling or that for URLs, and blanks between their runs.
BASE64 = f"{string.ascii_letters}{string.digits}+/-_"
ENCODED = bytes(byte if chr(byte) in BASE64 else 32 for byte in range(256)).translate(bytes.maketrans(b"-_", b"+/"))
PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
NUMBERED = re.compile(r"\\u([0-9a-fA-F]{4})")
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


class Needle(t.NamedTuple):
    """name: how a message calls the secret, never its value."""

    name: str
    value: str


class Leak(FleetError):
    """A file would show a secret that its edition must not."""


class Crowd:
    """The long secrets of all sites of a run, prepared once: what a look costs does not grow with their number.

    Looking at every fourth place is enough, as a spelling is known by the pieces at four places in a row. A piece is
    four bytes as one number, for so they are compared without a loop.
    """

    PIECE = 4

    def __init__(self, needles: t.Iterable[Needle] = ()) -> None:
        self.pieces: dict[int, list[tuple[int, bytes, Needle]]] = {}
        for needle in {needle.value: needle for needle in needles if len(needle.value) >= LONG}.values():
            for spelling in _spellings(needle.value):
                self._learn(spelling, needle)

    def _learn(self, spelling: bytes, needle: Needle) -> None:
        last = len(spelling) - 2 * self.PIECE + 1
        # Passwords often begin or end alike, and would all be looked at wherever a text does so, too.
        starts = (last * part // 4 for part in range(5))
        start = min(starts, key=lambda start: sum(len(self.pieces.get(piece, ())) for piece in _four(spelling, start)))
        for place, piece in enumerate(_four(spelling, start), start):
            self.pieces.setdefault(piece, []).append((place, spelling, needle))

    def found_in(self, view: bytes) -> t.Iterator[Needle]:
        pieces = memoryview(view)[: len(view) // self.PIECE * self.PIECE].cast("I")
        for piece in self.pieces.keys() & pieces:
            for place in _places(piece.to_bytes(self.PIECE, sys.byteorder), view):
                for shift, spelling, needle in self.pieces[piece]:
                    if place >= shift and view.startswith(spelling, place - shift):
                        yield needle


def _four(spelling: bytes, start: int) -> list[int]:
    """The pieces at four places in a row."""
    places = range(start, start + Crowd.PIECE)
    return [int.from_bytes(spelling[place : place + Crowd.PIECE], sys.byteorder) for place in places]


def _places(piece: bytes, view: bytes) -> t.Iterator[int]:
    place = view.find(piece)
    while place >= 0:
        yield place
        place = view.find(piece, place + 1)


class Scan:
    """Needles prepared once for many files."""

    def __init__(
        self,
        needles: t.Iterable[Needle],
        ordinary: t.Callable[[], t.Iterable[str]] = tuple,
        crowd: t.Optional[Crowd] = None,
        shown: t.AbstractSet[str] = frozenset(),
    ) -> None:
        """``ordinary`` gives whole names and numbers of the site, which a short secret may equal by chance. ``crowd``:
        further secrets, of which those in ``shown`` may stand there."""
        self.crowd, self.shown = crowd or Crowd(), shown
        unique = {needle.value: needle for needle in needles if needle.value}
        known = set(ordinary()) if any(len(value) < LONG for value in unique) else set()
        self.long = [needle for needle in unique.values() if len(needle.value) >= LONG]
        short = [needle for needle in unique.values() if len(needle.value) < LONG]
        self.unsearched = [needle.name for needle in short if len(needle.value) < SHORT or needle.value in known]
        self.short = {needle.value: needle for needle in short if needle.name not in self.unsearched}

    @functools.cached_property
    def _spelled(self) -> list[tuple[Needle, frozenset[bytes]]]:
        return [(needle, _spellings(needle.value)) for needle in self.long]

    def texts(self, texts: t.Iterable[str], what: str) -> None:
        """Raise Leak for plain texts, such as what goes into a QR code or a page's words."""
        text = "\n".join(texts)
        self._raw(text.encode(), what)
        self._words(text, what)

    def markup(self, text: str, what: str) -> None:
        """Raise Leak for HTML or SVG."""
        self._raw(text.encode(), what)
        if not self.short:
            return
        self._words(html.unescape(TAG.sub("\n", text)), what)
        for value in TITLE.findall(text):
            self._words(html.unescape(value), what)

    def pdf(self, pdf: bytes, texts: t.Iterable[str], what: str) -> None:
        """Raise Leak for a PDF and the texts that were read from it."""
        self._raw(pdf, what)
        for stream in STREAM.findall(pdf):
            try:
                self._raw(zlib.decompress(stream), what)
            except zlib.error:
                # Not compressed: searched above with the rest.
                continue
        for text in texts:
            self._raw(text.encode(), what)
            # The lines of a page break its words.
            self._raw("".join(text.split()).encode(), what)
            self._words(text, what)

    def _raw(self, data: bytes, what: str) -> None:
        if not self.long and not self.crowd.pieces:
            return
        views = [data]
        text = data.decode("utf-8", "replace")
        if "&" in text:
            views.append(html.unescape(text).encode())
        if PERCENT.search(text):
            views.append(urllib.parse.unquote_to_bytes(text))
        if "\\u" in text:
            views.append(NUMBERED.sub(lambda match: chr(int(match[1], 16)), text).encode("utf-8", "replace"))
        # A byte that no secret's spelling holds keeps the pieces apart.
        views.append(b"\0".join(_decoded(data)))
        for needle, spellings in self._spelled:
            if any(spelling in view for spelling in spellings for view in views):
                raise _leak(needle, what)
        for needle in itertools.chain.from_iterable(map(self.crowd.found_in, views)):
            if needle.value not in self.shown:
                raise _leak(needle, what)

    def _words(self, text: str, what: str) -> None:
        if not self.short:
            return
        words = {word.strip(".:/-") for word in WORD.findall(text)} | set(text.split())
        for value, needle in self.short.items():
            if value in words:
                raise _leak(needle, what)


def _leak(needle: Needle, what: str) -> Leak:
    return Leak(
        what,
        f"it would show the {needle.name}, which its edition must not",
        "take it out of the site file's texts, or let another password be chosen",
    )


def _decoded(data: bytes) -> t.Iterator[bytes]:
    """What base64 in the data stands for."""
    for run in data.translate(ENCODED).split():
        if len(run) >= 12:
            yield binascii.a2b_base64(run + b"=" * (-len(run) % 4) if len(run) % 4 != 1 else run[:-1])


def _spellings(secret: str) -> frozenset[bytes]:
    """The secret as the formats write it."""
    raw = secret.encode("utf-8", "surrogatepass")
    escaped = "".join(f"\\{char}" if char in '\\;,":' else char for char in secret)
    found = {
        secret,
        escaped,
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(escaped),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        "".join(f"&#{ord(char)};" for char in secret),
        "".join(f"&#x{ord(char):x};" for char in secret),
        raw.hex(),
        raw.hex().upper(),
        "".join(secret.split()),
    }
    spellings = {text.encode("utf-8", "surrogatepass") for text in found if len(text) >= LONG}
    spellings |= {secret.encode(codec, "surrogatepass") for codec in ("utf-16-be", "utf-16-le")}
    spellings.add(secret.encode("utf-16-be", "surrogatepass").hex().upper().encode())
    with contextlib.suppress(UnicodeEncodeError):
        spellings.add(secret.encode("shift_jis"))
    for shift in range(3):
        # Base64 of a text in the middle of another one looks different at each of three places.
        coded = base64.b64encode(b"\0" * shift + raw)
        spellings.add(coded[(0, 2, 3)[shift] : (shift + len(raw)) * 8 // 6])
    return frozenset(spellings)


__all__ = ["Crowd", "Leak", "Needle", "Scan"]
