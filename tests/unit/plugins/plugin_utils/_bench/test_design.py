# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the runs and their number."""

from __future__ import annotations

import collections
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import design
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases


@pytest.mark.parametrize("case", cases(__file__, "orders.yml", "title"))
def test_order(case):
    order = design.abba(case["arms"], case["pairs"], case["warmup"], done=case.get("done", []))
    assert [slot.name for slot in order] == case["want"]


@given(st.integers(1, 30), st.integers(0, 3), st.lists(st.integers(0, 200), max_size=8))
def test_a_killed_controller_counts_every_run_once(pairs, warmup, kills):
    """However often it is killed, every counted run is done once, and each stretch begins with its warm-ups."""
    arms, done = ["a", "b"], []
    for kill in [*kills, 10_000]:
        stretch = list(design.abba(arms, pairs, warmup, done=done))
        if stretch:
            assert [slot.warmup for slot in stretch[: 2 * warmup]] == [True] * 2 * warmup
        done += [slot.name for slot in stretch[:kill]]
    counts = collections.Counter(done)
    assert set(counts.values()) == {1}
    assert sorted(name for name in counts if name.startswith("pair-")) == sorted(
        f"pair-{pair:04d}-{arm}" for pair in range(1, pairs + 1) for arm in arms
    )


@given(st.integers(1, 40))
def test_a_linear_drift_hits_both_arms_alike(half):
    """Over a whole number of ABBA blocks the mean position of both arms is the same."""
    places = collections.defaultdict(list)
    for place, slot in enumerate(design.abba(["a", "b"], 2 * half, warmup=0)):
        places[slot.arm].append(place)
    assert sum(places["a"]) == sum(places["b"])


@pytest.mark.parametrize("case", cases(__file__, "plans_refused.yml", "error"))
def test_refused(case):
    with pytest.raises(InvalidRequest) as caught:
        list(design.abba(*case["abba"])) if "abba" in case else design.plan_pairs(*case["plan"])
    assert case["error"] in str(caught.value)


@settings(max_examples=25)  # scipy takes a millisecond for a quantile
@given(st.floats(0.002, 0.5), st.floats(0.0, 0.2), st.floats(0, 0.5))
def test_plan_is_the_smallest_that_suffices(margin, spread, share):
    """Checked with scipy's quantiles: n pairs suffice, and n - 1 do not, or are too few for any plan."""
    error = share * margin / 2
    room = math.log1p(margin) - error

    def half_width(pairs):
        return (stats.t.ppf(0.975, pairs - 1) + stats.t.ppf(0.9, pairs - 1)) * spread / pairs**0.5

    if half_width(design.MOST_PAIRS) > room:
        with pytest.raises(InvalidRequest):
            design.plan_pairs(margin, spread, error)
        return
    pairs = design.plan_pairs(margin, spread, error)
    assert half_width(pairs) <= room * (1 + 1e-9)
    assert pairs == design.FEWEST_PAIRS or half_width(pairs - 1) > room * (1 - 1e-9)
