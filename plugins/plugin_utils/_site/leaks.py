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
import contextlib
import html
import itertools
import json
import re
import typing as t
import urllib.parse
import zlib

from ...module_utils._common.errors import FleetError

LONG, SHORT = 8, 4
# What belongs to one word: 1234 in 03-1234-5678 or 192.0.2.1234 is not the word 1234.
WORD = re.compile(r"[\w.:/@+*#-]+")
TAG = re.compile(r"<(?:style.*?</style>|[^>]*)>", re.DOTALL)
TITLE = re.compile(r'\b(?:aria-label|title|alt|content)="([^"]*)"')
ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{12,}={0,2}")
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

    Looking at every STRIDE-th place is enough, as a spelling is known by the pieces at its first STRIDE places.
    """

    PIECE, STRIDE = 5, 4

    def __init__(self, needles: t.Iterable[Needle] = ()) -> None:
        self.pieces: dict[bytes, list[tuple[int, bytes, Needle]]] = {}
        for needle in {needle.value: needle for needle in needles if len(needle.value) >= LONG}.values():
            for spelling in _spellings(needle.value):
                for shift in range(self.STRIDE):
                    piece = spelling[shift : shift + self.PIECE]
                    self.pieces.setdefault(piece, []).append((shift, spelling, needle))

    def found_in(self, view: bytes) -> t.Iterator[Needle]:
        pieces = self.pieces
        for place in range(0, len(view) if pieces else 0, self.STRIDE):
            piece = view[place : place + self.PIECE]
            if piece in pieces:
                for shift, spelling, needle in pieces[piece]:
                    if place >= shift and view.startswith(spelling, place - shift):
                        yield needle


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
        self.long = [(needle, _spellings(needle.value)) for needle in unique.values() if len(needle.value) >= LONG]
        short = [needle for needle in unique.values() if len(needle.value) < LONG]
        self.unsearched = [needle.name for needle in short if len(needle.value) < SHORT or needle.value in known]
        self.short = {needle.value: needle for needle in short if needle.name not in self.unsearched}

    def texts(self, texts: t.Iterable[str], what: str) -> None:
        """Raise Leak for plain texts, such as what goes into a QR code or a page's words."""
        text = "\n".join(texts)
        self._raw(text.encode(), what)
        self._words(text, what)

    def markup(self, text: str, what: str) -> None:
        """Raise Leak for HTML or SVG."""
        self._raw(text.encode(), what)
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
        for needle, spellings in self.long:
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
    for run in ENCODED.findall(data):
        plain = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        yield base64.b64decode(plain + b"=" * (-len(plain) % 4) if len(plain) % 4 != 1 else plain[:-1])


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
