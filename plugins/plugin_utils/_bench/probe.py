# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Pings around and during one request: when they are sent, and what they amount to."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ...module_utils._common.errors import TimedOut
from . import clock
from .channel import Channel
from .interval import Interval

# Each burst finds one quick round trip; the time between two bursts is what the idle rate is taken over.
BURST = 25
SETTLE = 0.25
# During the run: seldom enough to cost nothing, often enough to find a step.
CADENCE = 0.1
# Engines round up to a whole millisecond.
ENGINE_TICK = 0.001
EPOCH_ERROR = 0.005


class Timed(t.NamedTuple):
    """answer: of the request. seconds: true ones, None where they cannot be told."""

    answer: dict[str, t.Any]
    clock: clock.Clock
    seconds: t.Optional[Interval]


def burst(channel: Channel, count: int = BURST) -> list[clock.Ping]:
    return [channel.ping() for _number in range(count)]


def timed(channel: Channel, tick: float, tolerance: float, timeout: float, verb: str, **request: t.Any) -> Timed:
    """Run a job on the target between pings. Raises FleetError."""
    before = burst(channel)
    time.sleep(SETTLE)
    before += burst(channel)
    during, answer = _during(channel, timeout, verb, request)
    after = burst(channel)
    bracket = clock.Bracket(before, during, after, tick)
    found = clock.audit(bracket, tolerance)
    seconds = clock.true_seconds(bracket, _engine(answer), found)
    if seconds is None and found.verdict != "invalid":
        reason = "the engine's own time does not fit into the time between the pings"
        found = dataclasses.replace(found, verdict="invalid", reason=reason, rate=None)
    return Timed(answer, found, seconds)


def audit(channel: Channel, seconds: float, tolerance: float) -> clock.Clock:
    """The clock of a target that does nothing for us meanwhile. Raises FleetError."""
    tick = channel.ask("tick")["seconds"]
    before = burst(channel)
    during = []
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(CADENCE, left))
        during.append(channel.ping())
    return clock.audit(clock.Bracket(before, during, burst(channel), tick), tolerance)


def _during(
    channel: Channel, timeout: float, verb: str, request: t.Mapping[str, t.Any]
) -> tuple[list[clock.Ping], dict[str, t.Any]]:
    deadline = time.monotonic() + timeout
    pings: list[clock.Ping] = []
    number = channel.begin(verb, **request)
    while (answer := channel.finished(number, CADENCE)) is None:
        if time.monotonic() > deadline:
            raise TimedOut(
                "the engine", f"did not end within {timeout:g} seconds", "raise timeout, or choose less work or size"
            )
        pings.append(channel.ping())
    return pings, answer


def _engine(answer: t.Mapping[str, t.Any]) -> clock.Engine:
    outcome = answer["outcome"]
    seconds = Interval(max(outcome["seconds"] - ENGINE_TICK, ENGINE_TICK / 2), outcome["seconds"])
    if not outcome["began"]:
        return clock.Engine(seconds)
    began = outcome["began"] - answer["epoch"]
    return clock.Engine(seconds, Interval(began - EPOCH_ERROR, began + EPOCH_ERROR))


__all__ = ["Timed", "audit", "burst", "timed"]
