# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Is it slower than it was? Runs of two spans of time beside each other, from history."""

from __future__ import annotations

import datetime
import itertools
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import arms, comparison
from .comparison import Comparison
from .record import Record

UTC = datetime.timezone.utc
DAY = datetime.timedelta(days=1)


class Span(t.NamedTuple):
    """From the first moment up to, but not including, the end."""

    first: datetime.datetime
    end: datetime.datetime


class Work(t.NamedTuple):
    """What must be the same then and now, or nothing can be compared."""

    host: str
    arm: str
    profile: str
    job: str
    engine: str
    bytes: int


class Change(t.NamedTuple):
    """One piece of work, then and now."""

    work: Work
    found: Comparison

    @property
    def regressed(self) -> bool:
        """Slower beyond chance and clock, and by more than the margin: a sure difference may still not matter."""
        return self.found.verdict == comparison.SLOWER and self.found.ratio * (1 + self.found.margin) < 1


class Checked(t.NamedTuple):
    """alone: work with runs in one span only, which nobody can compare."""

    changes: list[Change]
    alone: list[Work]


def span(text: str) -> Span:
    """A day (2026-11-01), a moment (2026-11-01T10:00:00Z), or FIRST/LAST of either, in UTC. Raises InvalidRequest."""
    first, slash, last = text.partition("/")
    start, end = _ends(text, first), _ends(text, last if slash else first)
    if end[1] <= start[0]:
        raise InvalidRequest(text, "it ends before it begins", "write FIRST/LAST")
    return Span(start[0], end[1])


def check(records: t.Sequence[Record], before: Span, after: Span, margin: float) -> Checked:
    """Compare the runs of both spans, each piece of work for itself. Raises InvalidRequest where nothing can be."""
    if before.first < after.end and after.first < before.end:
        raise InvalidRequest("before and after", "the two spans overlap", "name two that do not")
    counted = [run for run in records if run.pair > 0 and run.true_seconds is not None]
    changes, alone = [], []
    for work, group in itertools.groupby(sorted(counted, key=_work), key=_work):
        runs = list(group)
        sides = [[run for run in runs if _in(run, each)] for each in (before, after)]
        if all(sides):
            samples = [[arms.true_sample(run) for run in side] for side in sides]
            changes.append(Change(work, comparison.unpaired(*samples, margin)))
        elif any(sides):
            alone.append(work)
    if not changes:
        raise InvalidRequest(
            "before and after",
            "no work of the same host, arm, job and size has runs that count in both",
            "look at the runs' dates with bench_query",
        )
    return Checked(changes, alone)


def moment(text: str, what: str) -> datetime.datetime:
    """A moment as ISO 8601 writes it; one without a time zone is UTC. Raises InvalidRequest."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest(what, f"'{text}' is no date", "write 2026-11-01, or FIRST/LAST") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ends(what: str, text: str) -> tuple[datetime.datetime, datetime.datetime]:
    """The first moment that the text may mean, and the first after all that it may mean."""
    found = moment(text, what)
    return found, found + (DAY if len(text) == len("2026-11-01") else datetime.timedelta(microseconds=1))


def _in(run: Record, within: Span) -> bool:
    return within.first <= moment(run.started, " ".join(run.key)) < within.end


def _work(run: Record) -> Work:
    return Work(run.host, run.arm, run.profile, run.job, run.engine, run.bytes)


__all__ = ["Change", "Checked", "Span", "Work", "check", "moment", "span"]
