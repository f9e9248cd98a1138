# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What came out of a rollout, for people and for programs."""

from __future__ import annotations

import collections
import typing as t

from ...module_utils._common.runner import printable
from .book import OUTCOMES, Note

HEADINGS = ("host", "site", "outcome", "what changed, or why not")
WIDEST = 160


def rows(notes: t.Iterable[Note]) -> list[tuple[str, str, str, str]]:
    return [(note.host, note.site, note.outcome, _text(note)) for note in notes]


def table(notes: t.Sequence[Note]) -> list[str]:
    """Lines of equal columns, with a heading."""
    lines = [HEADINGS, *rows(notes)]
    widths = [max(len(line[column]) for line in lines) for column in range(3)]
    return ["  ".join([*(line[at].ljust(widths[at]) for at in range(3)), line[3]]).rstrip() for line in lines]


def counts(notes: t.Iterable[Note]) -> dict[str, int]:
    """How many hosts there are of each outcome, in the order of OUTCOMES, without those of which there is none."""
    tally = collections.Counter(note.outcome for note in notes)
    return {outcome: tally[outcome] for outcome in OUTCOMES if tally[outcome]}


def _text(note: Note) -> str:
    text = printable(" ".join((note.why or "; ".join(note.did)).split()))
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


__all__ = ["counts", "rows", "table"]
