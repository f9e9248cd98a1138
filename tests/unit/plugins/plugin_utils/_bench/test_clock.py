# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interval arithmetic against clocks and delays that are made up, so that the truth is known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import clock
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.interval import Interval

rates = st.floats(0.05, 3.0)


@st.composite
def delays(draw):
    """Drawn by a generator of our own: eighty numbers by hypothesis take a hundred times as long."""
    generator, longest = random.Random(draw(st.integers(0, 1 << 32))), draw(st.sampled_from([1e-4, 1e-2, 0.05]))
    return [generator.uniform(1e-6, longest) * generator.choice([0.01, 1]) for _number in range(80)]


def constant(rate):
    return lambda host: rate * host


def pings(reads, times, ways, tick=0.0):
    """Readings at true times; each way there and back takes the next delay, which are as asymmetric as they come."""
    return [
        clock.Ping(at - ways[2 * number], _ticked(reads(at), tick), at + ways[2 * number + 1])
        for number, at in enumerate(times)
    ]


def _ticked(value, tick):
    return value // tick * tick if tick else value


def bracket(reads, seconds, ways, tick=0.0):
    before = pings(reads, [number * 0.02 for number in range(10)], ways, tick)
    during = pings(reads, [1 + seconds * number / 20 for number in range(20)], ways[20:], tick)
    after = pings(reads, [1.5 + seconds + number * 0.02 for number in range(10)], ways[60:], tick)
    return clock.Bracket(before, during, after, tick)


@given(rates, st.floats(0.5, 100), delays(), st.sampled_from([0.0, 1e-9, 0.0156]))
@settings(deadline=None)
def test_a_constant_clock_is_covered_whatever_the_delays(rate, seconds, ways, tick):
    """Asymmetric and slow pings, and a coarse tick, widen the interval; the truth never leaves it."""
    found = clock.audit(bracket(constant(rate), seconds, ways, tick))
    assert found.verdict != "invalid"
    assert found.rate.holds(rate)
    if found.verdict == "pass":
        assert abs(rate - 1) <= clock.TOLERANCE
    if found.verdict == "fail":
        assert abs(rate - 1) >= clock.TOLERANCE


@given(rates, rates, st.floats(0.5, 100), delays())
@settings(deadline=None)
def test_true_time_where_the_clock_changes_its_rate_under_load(idle, busy, seconds, ways):
    """Right when idle, ten times slow under load: the engine's time is wrong, the interval holds the true one."""

    def reads(host):
        load = min(max(host - 1, 0), seconds)
        return idle * (host - load) + busy * load

    around = bracket(reads, seconds, ways)
    found = clock.audit(around)
    if found.verdict == "invalid":
        # Two rates with few telling pings between them look like a step; nothing is claimed then.
        return
    true = clock.true_seconds(
        around, clock.Engine(Interval(busy * seconds * (1 - 1e-9), busy * seconds * (1 + 1e-9))), found
    )
    assert true is not None and true.low <= seconds * (1 + 1e-6) and true.high >= seconds * (1 - 1e-6)


@given(rates, st.floats(1, 50), delays())
@settings(deadline=None)
def test_where_the_engine_tells_its_begin_the_pings_beside_it_bound_the_time(rate, seconds, ways):
    around = bracket(constant(rate), seconds, ways)
    engine = clock.Engine(
        Interval(rate * seconds * 0.999, rate * seconds * 1.001), Interval(rate * 0.999, rate * 1.001)
    )
    true = clock.true_seconds(around, engine, clock.audit(around))
    assert true is not None and true.holds(seconds)


QUICK = [1e-4] * 80


@pytest.mark.parametrize("jump", [5.0, -5.0, 0.2])
def test_a_step_in_the_middle_is_invalid(jump):
    found = clock.audit(bracket(lambda host: host + (jump if host > 6 else 0.0), 10, QUICK))
    assert found.verdict == "invalid" and found.rate is None
    assert "stepped" in found.reason or "went back" in found.reason


def test_a_step_that_is_undone_before_the_end_is_invalid():
    """Both ends look right; only the pings during the run see it."""
    found = clock.audit(bracket(lambda host: host + (3.0 if 4 < host < 6 else 0.0), 10, QUICK))
    assert found.verdict == "invalid"


def test_a_pause_during_which_the_clock_stands_is_invalid():
    found = clock.audit(bracket(lambda host: host - min(max(host - 6.1, 0), 0.4), 10, QUICK))
    assert found.verdict == "invalid" and "stood still" in found.reason


def test_a_slewed_clock_fails_by_its_average():
    """A slew is no step: the rate is off a little all the time."""
    found = clock.audit(bracket(lambda host: host * 1.005, 10, QUICK))
    assert found.verdict == "fail" and found.rate.holds(1.005)


def test_a_coarse_tick_is_unresolved_over_a_short_run_and_passes_over_a_long_one():
    short, long = (clock.audit(bracket(constant(1.0), seconds, QUICK, 0.0156)) for seconds in (2, 100))
    assert (short.verdict, long.verdict) == ("unresolved", "pass")


def test_a_clock_that_stands_still_is_invalid():
    assert clock.audit(bracket(lambda host: 7.0, 10, QUICK)).verdict == "invalid"


def test_time_that_does_not_fit_between_the_pings_is_refused():
    around = bracket(constant(1.0), 10, QUICK)
    assert clock.true_seconds(around, clock.Engine(Interval(100, 101)), clock.audit(around)) is None
