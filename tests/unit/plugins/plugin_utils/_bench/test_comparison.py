# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interval of the ratio, beside scipy's, and what is said from it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import comparison
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.comparison import Sample
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

throughputs = st.floats(1e3, 1e11)
clock_errors = st.floats(0, 0.5)
# Far enough apart for the logs' differences to be more than rounding.
arms = st.integers(2, 25).flatmap(
    lambda count: st.tuples(*[st.lists(throughputs, min_size=count, max_size=count, unique=True)] * 2)
)


def samples(values, clock_error=0.0):
    return [Sample(value, clock_error) for value in values]


@pytest.mark.parametrize("case", cases(__file__, "comparisons.yml", "title"))
def test_verdict(case):
    compare = getattr(comparison, case.get("how", "paired"))
    error = case.get("clock_error", 0.0)
    baseline, candidate = ([Sample(1 / second, error) for second in case[arm]] for arm in ("baseline", "candidate"))
    found = compare(baseline, candidate, case.get("margin", 0.02))
    assert (found.verdict, round(found.ratio, 4)) == (case["verdict"], case["ratio"])
    assert case["reason"] in found.reason
    if "interval" in case:
        assert [found.low and round(found.low, 4), found.high and round(found.high, 4)] == case["interval"]
    if "needed" in case:
        assert found.needed == case["needed"]


@settings(max_examples=40)
@given(arms, clock_errors, clock_errors)
def test_paired_interval_is_that_of_scipy_with_the_clocks_added(values, first, second):
    baseline, candidate = values
    found = comparison.paired(samples(baseline, first), samples(candidate, second), 0.02)
    interval = stats.ttest_rel([*map(math.log, candidate)], [*map(math.log, baseline)]).confidence_interval(0.95)
    assert math.log(found.low) == pytest.approx(interval.low - first - second, rel=1e-7, abs=1e-9)
    assert math.log(found.high) == pytest.approx(interval.high + first + second, rel=1e-7, abs=1e-9)


@settings(max_examples=40)
@given(
    st.lists(throughputs, min_size=2, max_size=25, unique=True),
    st.lists(throughputs, min_size=2, max_size=25, unique=True),
)
def test_unpaired_interval_is_that_of_scipy(baseline, candidate):
    found = comparison.unpaired(samples(baseline), samples(candidate), 0.02)
    welch = stats.ttest_ind([*map(math.log, candidate)], [*map(math.log, baseline)], equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert math.log(found.low) == pytest.approx(interval.low, rel=1e-7, abs=1e-9)
    assert math.log(found.high) == pytest.approx(interval.high, rel=1e-7, abs=1e-9)


@settings(max_examples=40)
@given(arms, clock_errors)
def test_the_arms_may_change_places(values, error):
    """Whoever is called the baseline: the ratio and its ends turn over, and so does the verdict."""
    baseline, candidate = values
    there = comparison.paired(samples(baseline, error), samples(candidate, error), 0.02)
    back = comparison.paired(samples(candidate, error), samples(baseline, error), 0.02)
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert back.low == pytest.approx(1 / there.high)
    turned = {comparison.FASTER: comparison.SLOWER, comparison.SLOWER: comparison.FASTER}
    assert back.verdict == turned.get(there.verdict, there.verdict)


@settings(max_examples=40)
@given(arms, clock_errors, st.floats(0, 0.2))
def test_a_worse_clock_never_makes_surer(values, error, more):
    baseline, candidate = values
    sure = comparison.paired(samples(baseline, error), samples(candidate, error), 0.02)
    unsure = comparison.paired(samples(baseline, error + more), samples(candidate, error + more), 0.02)
    assert unsure.low <= sure.low and unsure.high >= sure.high
    if unsure.verdict == comparison.FASTER:
        assert sure.verdict == comparison.FASTER


def test_a_tiny_variance_is_no_zero():
    found = comparison.unpaired(samples([1.0, 1 + 1e-12]), samples([2.0, 2 + 1e-12]), 0.02)
    assert found.ratio == pytest.approx(2) and found.low <= found.ratio <= found.high


@pytest.mark.parametrize("case", cases(__file__, "comparisons_refused.yml", "error"))
def test_refused(case):
    compare = getattr(comparison, case.get("how", "paired"))
    with pytest.raises(InvalidRequest) as caught:
        compare(samples(case["baseline"]), samples(case["candidate"]), case.get("margin", 0.02))
    assert case["error"] in str(caught.value)
