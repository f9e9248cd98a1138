# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Student's t beside scipy's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import student

degrees = st.one_of(st.integers(1, 200), st.floats(0.5, 1e5))


@given(st.floats(-1e6, 1e6), degrees)
def test_cdf_is_that_of_scipy(x, df):
    assert student.cdf(x, df) == pytest.approx(stats.t.cdf(x, df), rel=1e-8, abs=1e-300)


@given(st.floats(1e-6, 1 - 1e-6), degrees)
def test_quantile_is_that_of_scipy(p, df):
    assert student.quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-8, abs=1e-9)


@given(st.floats(1e-4, 1 - 1e-4), degrees)
def test_quantile_is_the_inverse_of_cdf(p, df):
    assert student.cdf(student.quantile(p, df), df) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("df", [1, 2, 4, 9, 29, 1000])
def test_quantile_of_every_printed_table(df):
    assert student.quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-12)


@pytest.mark.parametrize(("x", "want"), [(float("-inf"), 0.0), (0.0, 0.5), (float("inf"), 1.0)])
def test_ends(x, want):
    assert student.cdf(x, 3) == want


@pytest.mark.parametrize("call", [(student.cdf, 0.0, 0), (student.quantile, 0.5, -1), (student.quantile, 1.0, 3)])
def test_what_is_no_distribution(call):
    function, first, df = call
    with pytest.raises(ValueError):
        function(first, df)
