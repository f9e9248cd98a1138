# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The lines between the boxes: each in a lane of the gap between two columns, so that none lies upon another."""

from __future__ import annotations

import typing as t

LANE = 5
MARGIN = 12


def lanes_of(spans: t.Sequence[tuple[int, int]]) -> list[int]:
    """For each span of heights the number of its lane: two in the same lane never meet.

    Short ones first, so that they stay near the boxes and the long ones run around them.
    """
    lanes: list[list[tuple[int, int]]] = []
    chosen = [0] * len(spans)
    for index in sorted(range(len(spans)), key=lambda index: (spans[index][1] - spans[index][0], spans[index])):
        low, high = spans[index]
        free = (number for number, taken in enumerate(lanes) if not _meets((low, high), taken))
        chosen[index] = next(free, len(lanes))
        if chosen[index] == len(lanes):
            lanes.append([])
        lanes[chosen[index]].append((low, high))
    return chosen


def _meets(span: tuple[int, int], taken: t.Iterable[tuple[int, int]]) -> bool:
    return any(span[0] < high + LANE and low < span[1] + LANE for low, high in taken)


def gap_width(lanes: int) -> int:
    return 2 * MARGIN + LANE * max(lanes - 1, 0)


__all__ = ["LANE", "MARGIN", "gap_width", "lanes_of"]
