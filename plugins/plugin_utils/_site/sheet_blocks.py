# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a sheet consists of, before it becomes HTML or a PDF."""

from __future__ import annotations

import typing as t

from .layout_records import Drawing

if t.TYPE_CHECKING:
    # It measures blocks, so it reads this file.
    from .page_one import Picture


class Shown(str):
    """A secret that this sheet shows. Facts and differences name it, but never hold it."""

    __slots__ = ()


class Pairs(t.NamedTuple):
    """Names with their values."""

    rows: tuple[tuple[str, str], ...]


class Steps(t.NamedTuple):
    """What to do, in order."""

    items: tuple[str, ...]


class Lines(t.NamedTuple):
    items: tuple[str, ...]


class Table(t.NamedTuple):
    """A table; with ``tick`` each row starts with an empty box under that heading."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tick: str = ""


class Code(t.NamedTuple):
    """A QR code: its payload, and the line below it."""

    payload: str
    caption: str


class Codes(t.NamedTuple):
    codes: tuple[Code, ...]


class Card(t.NamedTuple):
    """A label to cut out."""

    title: str
    lines: tuple[str, ...]


class Cards(t.NamedTuple):
    cards: tuple[Card, ...]


Block = t.Union[Pairs, Steps, Lines, Table, Codes, Cards]


class Section(t.NamedTuple):
    title: str
    blocks: tuple[Block, ...]


class Sheet(t.NamedTuple):
    """picture: the wiring on the first page, with main and side below or beside it. rest: the wiring on the pages after
    it, None where the picture is all of it. annexes: groups of sections, each from a new page. facts: what the drawing
    says, in lines."""

    language: str
    title: str
    edition: str
    warning: str
    footer: str
    wiring_title: str
    wiring_part: str
    wiring_overview: str
    picture: Picture
    rest: t.Optional[Drawing]
    main: tuple[Section, ...]
    side: tuple[Section, ...]
    annexes: tuple[tuple[Section, ...], ...]
    facts: tuple[str, ...]

    @property
    def drawing(self) -> Drawing:
        """All of the wiring."""
        return t.cast(Drawing, self.rest or self.picture.drawing)


__all__ = [
    "Block",
    "Card",
    "Cards",
    "Code",
    "Codes",
    "Lines",
    "Pairs",
    "Section",
    "Sheet",
    "Shown",
    "Steps",
    "Table",
]
