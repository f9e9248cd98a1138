# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The mask of a QR code that cameras read best, by the penalties of ISO/IEC 18004, 7.8.3: the same that segno finds.

segno looks at every module of eight matrices, which takes longer than all else that a sheet needs. Here a matrix is one
number with a bit for each module, so that it looks at all of them at once.
"""

from __future__ import annotations

import functools
import re
import typing as t

MASKS = range(8)
# What resembles a finder: this, with four light modules on one side. Beyond the edge it is light.
FINDER = re.compile("1011101(?:(?=0000)|(?<=00001011101))")
EDGE = "0000"
# From this size on a code says which size it is.
VERSIONED = 45


class Grid(t.NamedTuple):
    """What all codes of one size and error level share. across and down: the modules with a neighbour on that side.
    unweighed: the modules that say which mask and size it is. changes: what differs from the code with mask 0."""

    size: int
    across: int
    down: int
    unweighed: int
    changes: tuple[int, ...]


def best_masked(encode: t.Callable[..., t.Any]) -> tuple[str, ...]:
    """The rows of the best code, as 0 and 1. ``encode(mask=…)`` gives segno's code for a mask."""
    code = encode(mask=0)
    grid = _grid(code.version, code.error)
    bits = _bits(code.matrix)
    # The first of several that are equally good, as the standard's tables and segno have it.
    best = min((bits ^ change for change in grid.changes), key=lambda masked: _penalty(masked & ~grid.unweighed, grid))
    return _rows(best, grid.size)


@functools.lru_cache(maxsize=32)
def _grid(version: int, error: str) -> Grid:
    import segno

    # Masks change the same modules whatever the code says.
    codes = [segno.make_qr("0", version=version, error=error, boost_error=False, mask=mask) for mask in MASKS]
    first, size = _bits(codes[0].matrix), len(codes[0].matrix)
    return Grid(
        size,
        _bits([[1] * (size - 1) + [0]] * size),
        _bits([[1] * size] * (size - 1) + [[0] * size]),
        _bits([[_is_reserved(row, column, size) for column in range(size)] for row in range(size)]),
        tuple(first ^ _bits(code.matrix) for code in codes),
    )


def _is_reserved(row: int, column: int, size: int) -> bool:
    short, long = sorted((row, column))
    if size >= VERSIONED and short < 6 and size - 11 <= long <= size - 9:
        return True
    # The sixth row and column are the timing pattern's.
    return 8 in (row, column) and 6 not in (row, column) and (long <= 8 or long >= size - 8)


def _bits(matrix: t.Iterable[t.Iterable[int]]) -> int:
    return int("".join("1" if module else "0" for row in matrix for module in row)[::-1], 2)


def _rows(bits: int, size: int) -> tuple[str, ...]:
    text = f"{bits:0{size * size}b}"[::-1]
    return tuple(text[start : start + size] for start in range(0, size * size, size))


def _penalty(bits: int, grid: Grid) -> int:
    size = grid.size
    across, down = ~(bits ^ bits >> 1) & grid.across, ~(bits ^ bits >> size) & grid.down
    blocks = across & across >> size & down
    rows = _rows(bits, size)
    lines = EDGE.join(("", *rows, *map("".join, zip(*rows)), ""))
    unequal = abs(100 * bits.bit_count() - 50 * size * size) // (5 * size * size)
    return (
        _runs(across, 1) + _runs(down, size) + 3 * blocks.bit_count() + 40 * len(FINDER.findall(lines)) + 10 * unequal
    )


def _runs(alike: int, step: int) -> int:
    """Three for five modules alike in a line, one for each more. ``alike``: the modules that are like the next one."""
    fives = alike & alike >> step & alike >> 2 * step & alike >> 3 * step
    return fives.bit_count() + 2 * (fives & ~(fives << step)).bit_count()


__all__ = ["best_masked"]
