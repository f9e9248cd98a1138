# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What pings say about a clock that may lie: pure interval arithmetic, no input and output.

A ping is sent at host time a, read by the target at its time g, and its answer is here at host time b. Nothing is
assumed about how the delay is shared between the two ways: the reading lies somewhere in [a, b], and that is all.
"""

from __future__ import annotations

import math
import typing as t

from .interval import Interval
from .record import Clock

# Hosts' oscillators keep within this unless they are broken.
HOST_ERROR = 50e-6
TOLERANCE = 1000e-6
# Where at least this share of the gaps between pings agrees on one rate, the others are steps, not a varying rate.
AGREE = 0.8
FEWEST_GAPS = 5
# Seconds: stands for "no lower bound is known", and keeps the throughput that follows from it a finite number.
SHORTEST = 1e-9


class Ping(t.NamedTuple):
    """sent and back by the host's clock, read by the target's, all in seconds."""

    sent: float
    read: float
    back: float

    @property
    def width(self) -> float:
        return self.back - self.sent


class Bracket(t.NamedTuple):
    """The pings around and during one run, each list in order. tick: smallest step of the target's clock, seconds."""

    before: t.Sequence[Ping]
    during: t.Sequence[Ping]
    after: t.Sequence[Ping]
    tick: float = 0.0


class Engine(t.NamedTuple):
    """What the engine says of itself, by the target's clock.

    seconds: of input and output, an interval for its rounding.
    began:   reading at which they began, an interval; None where the engine does not tell.
    """

    seconds: Interval
    began: t.Optional[Interval] = None


def host_seconds(first: Ping, last: Ping) -> Interval:
    """True seconds between two readings. The lower bound may be negative where the pings overlap."""
    low, high = last.sent - first.back, last.back - first.sent
    return Interval(low * (1 - math.copysign(HOST_ERROR, low)), high * (1 + HOST_ERROR))


def rate(first: Ping, last: Ping, tick: float = 0.0) -> Interval:
    """Target seconds for one true second between two readings."""
    target = last.read - first.read
    true = host_seconds(first, last)
    return Interval((target - tick) / true.high, (target + tick) / true.low if true.low > 0 else math.inf)


def best(pings: t.Sequence[Ping]) -> Ping:
    """The ping that pins its reading down best."""
    return min(pings, key=lambda ping: ping.width)


def idle_rate(pings: t.Sequence[Ping], tick: float = 0.0) -> Interval:
    """The rate over pings of an idle target: from the best of the first half to the best of the second."""
    middle = len(pings) // 2
    return rate(best(pings[:middle]), best(pings[middle:]), tick)


def audit(bracket: Bracket, tolerance: float = TOLERANCE) -> Clock:
    """The verdict over one run, or over a stretch of idling (then ``during`` holds what was pinged meanwhile)."""
    pings = [*bracket.before, *bracket.during, *bracket.after]
    trouble = _steps(pings, bracket.tick)
    if trouble:
        return Clock("invalid", trouble, None, None, len(pings), tolerance)
    whole = rate(best(bracket.before), best(bracket.after), bracket.tick)
    if whole.high <= 0 or math.isinf(whole.high):
        return Clock(
            "invalid", "the clock stood still, or the pings took as long as the run", None, None, len(pings), tolerance
        )
    whole = Interval(max(whole.low, math.ulp(0.0)), whole.high)
    idle = idle_rate(bracket.before, bracket.tick) if len(bracket.before) > 1 else None
    verdict, reason = _judge(whole, tolerance)
    return Clock(verdict, reason, whole, idle if idle and math.isfinite(idle.high) else None, len(pings), tolerance)


def true_seconds(bracket: Bracket, engine: Engine, clock: Clock) -> t.Optional[Interval]:
    """How long the engine's input and output really took; None where the clock is invalid or contradicts the engine.

    Two independent bounds, intersected. By rate: the whole stretch between the pings less the engine's start and end,
    which passed at a rate between that of the idle target and that of the run. By place: the pings next to the engine's
    first and last reading.
    """
    if clock.rate is None:
        return None
    first, last = best(bracket.before), best(bracket.after)
    stretch = host_seconds(first, last)
    spent = last.read - first.read
    around = Interval(max(spent - engine.seconds.high - bracket.tick, 0.0), spent - engine.seconds.low + bracket.tick)
    if around.empty or stretch.low <= 0:
        return None
    quickest = Interval(
        around.low / _rate_around(clock).high, around.high / max(_rate_around(clock).low, math.ulp(0.0))
    )
    result = Interval(max(stretch.low - quickest.high, SHORTEST), stretch.high - quickest.low)
    if engine.began is not None:
        result = result.intersect(_by_place(bracket, engine, engine.began))
    return None if result.empty else result


def _rate_around(clock: Clock) -> Interval:
    """The rate at which the engine's start and end passed."""
    whole, idle = t.cast(Interval, clock.rate), clock.idle_rate
    if idle is None:
        # Nothing is known of the idle clock, so the engine's start and end may have taken any time or none.
        return Interval(0.0, math.inf)
    # Not what both have in common: two rates that differ may be known too badly to be told apart.
    return Interval(min(whole.low, idle.low), max(whole.high, idle.high))


def _by_place(bracket: Bracket, engine: Engine, began: Interval) -> Interval:
    pings = [*bracket.before, *bracket.during, *bracket.after]
    ended = Interval(began.low + engine.seconds.low - bracket.tick, began.high + engine.seconds.high + bracket.tick)
    start = _host_time(pings, Interval(began.low - bracket.tick, began.high + bracket.tick))
    end = _host_time(pings, ended)
    low, high = end.low - start.high, end.high - start.low
    return Interval(max(low * (1 - HOST_ERROR), SHORTEST), high * (1 + HOST_ERROR))


def _host_time(pings: t.Sequence[Ping], reading: Interval) -> Interval:
    """When the target's clock showed a reading: after all pings that read less, before all that read more."""
    earlier = [ping.sent for ping in pings if ping.read <= reading.low]
    later = [ping.back for ping in pings if ping.read >= reading.high]
    return Interval(max(earlier, default=-math.inf), min(later, default=math.inf))


def _steps(pings: t.Sequence[Ping], tick: float) -> str:
    """What no rate explains, in words; empty where there is nothing of the kind."""
    gaps = list(zip(pings, pings[1:]))
    for first, last in gaps:
        if last.read < first.read - tick:
            return f"the clock went back by {first.read - last.read:.6f} seconds"
    # A gap that tells nothing would agree with everything and outvote those that tell something.
    rates = [(rate(first, last, tick), first, last) for first, last in gaps if last.sent > first.back + 4 * tick]
    telling = [entry for entry in rates if entry[0].high - entry[0].low < 0.2 * max(entry[0].high, 0.1)]
    if len(telling) < FEWEST_GAPS:
        return ""
    common = _most_common([interval for interval, _first, _last in telling])
    odd = [entry for entry in telling if not entry[0].holds(common)]
    if not odd or len(odd) > (1 - AGREE) * len(telling):
        return ""
    interval, first, last = odd[0]
    off = (last.read - first.read) - common * (last.back + last.sent - first.back - first.sent) / 2
    return (
        f"the clock stepped, or the target stood still or moved, {len(odd)} times: first by {off:+.6f} seconds within "
        f"{last.back - first.sent:.3f}"
    )


def _most_common(rates: t.Sequence[Interval]) -> float:
    """The rate that lies in the most of the intervals."""
    ends = sorted([(entry.low, 0) for entry in rates] + [(entry.high, 1) for entry in rates])
    inside = most = 0
    where = ends[0][0]
    for value, closes in ends:
        inside += -1 if closes else 1
        if inside > most:
            most, where = inside, value
    return where


def _judge(whole: Interval, tolerance: float) -> tuple[str, str]:
    good = Interval(1 - tolerance, 1 + tolerance)
    shown = f"between {whole.low:.6f} and {whole.high:.6f} of true"
    if good.low <= whole.low and whole.high <= good.high:
        return "pass", f"the clock's rate lies {shown}, within {tolerance * 1e6:g} ppm"
    if good.intersect(whole).empty:
        return "fail", f"the clock's rate lies {shown}: times and throughputs by it are wrong"
    return "unresolved", f"the clock's rate lies {shown}: a longer run, or quicker pings, would tell"


__all__ = [
    "AGREE",
    "HOST_ERROR",
    "TOLERANCE",
    "Bracket",
    "Engine",
    "Ping",
    "audit",
    "best",
    "host_seconds",
    "idle_rate",
    "rate",
    "true_seconds",
]
