# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outliers and steady state."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import series
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

values = st.lists(st.floats(1, 1e6), min_size=series.FEWEST_FOR_QUARTILES, max_size=40)


@pytest.mark.parametrize("case", cases(__file__, "series.yml", "title"))
def test_series(case):
    if "outliers" in case:
        assert series.outliers(case["values"]) == case["outliers"]
    if "steady_from" in case:
        assert series.steady_from(case["values"]) == case["steady_from"]


@given(values)
def test_fences_are_those_of_numpy(found):
    low, high = numpy.percentile(found, [25, 75])
    for value, flag in zip(found, series.outliers(found), strict=True):
        beyond = max(low - value, value - high) / (high - low) if high > low else None
        # At the fence itself rounding decides, and nothing hangs on it.
        if beyond is not None and abs(beyond - 1.5) > 1e-6 and abs(beyond - 3) > 1e-6:
            assert flag == ("severe" if beyond > 3 else "mild" if beyond > 1.5 else "")


@given(values)
def test_steady_is_that_of_numpy(found):
    start = series.steady_from(found)
    if start is None:
        return
    window = numpy.array(found[start : start + series.WINDOW])
    slope = numpy.polyfit(range(series.WINDOW), window, 1)[0]
    assert numpy.ptp(window) <= 0.2 * window.mean() * (1 + 1e-9)
    assert abs(slope) * (series.WINDOW - 1) <= 0.1 * window.mean() * (1 + 1e-9)
