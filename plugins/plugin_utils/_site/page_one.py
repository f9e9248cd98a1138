# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the first page holds: always what to do and who to call, with the largest picture that leaves room for them.

The whole wiring where it fits above or beside those; else the devices that pass the network on, and the whole on the
pages after it. The sizes are estimates on the safe side, in millimetres: the PDF measures for itself how large its
letters may be, but a browser is told what to print before it knows.
"""

from __future__ import annotations

import math
import typing as t

from .layout import draw, for_paper
from .layout_records import Drawing, Plan
from .sheet_blocks import Block, Codes, Pairs, Section, Steps, Table
from .text_width import char_width

ABOVE, BESIDE, UNDER = "above", "beside", "under"
WIDE, HIGH = 190, 243
GUTTER = 6
# The narrowest column in which steps are still read easily, and the largest and smallest size of a drawing's unit, of
# which ten are a letter's height.
COLUMN = 66
LARGEST, SMALLEST = 0.36, 0.24
# The letters of the page in points, and what the lines of a text, a title and a code take.
POINTS = 9.0
EM = POINTS * 0.353
LINE = EM * 1.38
TITLE, CODE, CAPTION = 9.0, 31.0, 4.0
# The letters of tables and captions beside the others.
SMALL = 0.85
# What a Latin letter takes of an em; the widths of the drawing are those of the widest font.
LATIN = 550


class Picture(t.NamedTuple):
    """drawing: on the first page, None where there is room for none. wide: its width on paper. whole: it is all of the
    wiring, and none follows. place: ABOVE what to do, BESIDE all that, or beside it with how to connect UNDER it."""

    drawing: t.Optional[Drawing]
    wide: float
    place: str
    whole: bool


class Front(t.NamedTuple):
    """rest: the wiring on the pages after the first, None where that holds it. later: sections that found no room."""

    picture: Picture
    rest: t.Optional[Drawing]
    side: tuple[Section, ...]
    later: tuple[Section, ...]


class Connecting(t.NamedTuple):
    """How to connect a device: all of it, or the Wi-Fi and the networks' addresses apart."""

    all: tuple[Section, ...]
    wifi: tuple[Section, ...]
    networks: tuple[Section, ...]


def arranged(whole: Plan, core: Plan, main: tuple[Section, ...], connecting: Connecting) -> Front:
    """The best that fits. core: the devices that pass the network on, with the cables between them."""
    drawing = draw(whole)
    for side, later in ((connecting.all, ()), (connecting.wifi, connecting.networks)):
        picture = _picture(drawing, main, side)
        if picture is not None:
            return Front(picture, None, side, later)
    overview = draw(core)
    for side, later in ((connecting.all, ()), (connecting.wifi, connecting.networks)):
        picture = _picture(overview, main, side) if core.nodes else None
        if picture is not None:
            return Front(picture._replace(whole=False), for_paper(whole, drawing), side, later)
    fits = _below(main, connecting.all) <= HIGH
    side, later = (connecting.all, ()) if fits else (connecting.wifi, connecting.networks)
    return Front(Picture(None, 0, ABOVE, False), for_paper(whole, drawing), side, later)


def _picture(drawing: Drawing, main: t.Sequence[Section], side: t.Sequence[Section]) -> t.Optional[Picture]:
    """The drawing above or beside the sections, whichever is larger; None where it would be too small to read."""
    above = min(LARGEST, WIDE / drawing.width, (HIGH - _below(main, side)) / drawing.height)
    beside = min(LARGEST, (WIDE - GUTTER - COLUMN) / drawing.width, HIGH / drawing.height)
    if above >= max(beside, SMALLEST):
        return Picture(drawing, above * drawing.width, ABOVE, True)
    # The narrower the drawing, the wider the column beside it.
    for scale in (beside, (beside + SMALLEST) / 2, SMALLEST) if beside >= SMALLEST else ():
        wide = scale * drawing.width
        column = WIDE - GUTTER - wide
        if height_of((*main, *side), column) <= HIGH:
            return Picture(drawing, wide, BESIDE, True)
        if max(height_of(main, column), scale * drawing.height + height_of(side, wide)) <= HIGH:
            return Picture(drawing, wide, UNDER, True)
    return Picture(drawing, above * drawing.width, ABOVE, True) if above >= SMALLEST else None


def _below(main: t.Sequence[Section], side: t.Sequence[Section]) -> float:
    """The height of two columns: three to two in a PDF, equal ones in a browser, each taken at its narrower."""
    room = WIDE - GUTTER
    return max(height_of(main, room * 0.5), height_of(side, room * 0.4))


def height_of(sections: t.Iterable[Section], wide: float) -> float:
    return sum(TITLE + sum(_height(block, wide) for block in section.blocks) for section in sections)


def _height(block: Block, wide: float) -> float:
    if isinstance(block, Steps):
        return LINE * sum(_lines(item, wide - 7) for item in block.items)
    if isinstance(block, Pairs):
        rows = (max(_lines(name, wide * 0.4), _lines(value, wide * 0.6 - 2)) for name, value in block.rows)
        return sum(LINE * lines + 0.8 for lines in rows)
    if isinstance(block, Table):
        cells = [max(_lines(cell, (wide / len(row) - 3) / SMALL) for cell in row) for row in block.rows]
        return sum(LINE * SMALL * lines + 2.4 for lines in cells)
    if isinstance(block, Codes):
        across = codes_across(wide, len(block.codes))
        captions = (_lines(code.caption, (wide / across - 2) / SMALL) for code in block.codes)
        return -(-len(block.codes) // across) * (CODE + CAPTION * max(captions, default=0))
    return 0


def codes_across(wide: float, count: int) -> int:
    return max(1, min(count, int(wide // (CODE + 2))))


def _lines(text: str, wide: float) -> int:
    return sum(max(1, math.ceil(_width(line) * 1.05 / wide)) for line in text.split("\n"))


def _width(text: str) -> float:
    return EM / 1000 * sum(LATIN if char.isascii() else char_width(char) for char in text)


__all__ = [
    "ABOVE",
    "BESIDE",
    "POINTS",
    "UNDER",
    "Connecting",
    "Front",
    "Picture",
    "arranged",
    "codes_across",
    "height_of",
]
