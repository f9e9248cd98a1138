# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers from a wristwatch."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import findings, numbers


def compare(baseline, candidate, measure="duration", paired=True, resolution=0.0):
    return numbers.compare(baseline, candidate, measure=measure, paired=paired, resolution=resolution, margin=0.02)


def test_the_original_story():
    found = compare([211], [203])
    assert (found.verdict, findings.values(found)["percent"]) == ("inconclusive", 3.9)
    assert findings.sentence(found).startswith("inconclusive: 1.039 times as fast, 3.9 % faster;")


def test_of_rates_the_larger_is_better():
    assert compare([100, 101, 99], [200, 203, 198], "rate").verdict == "faster"
    assert compare([100, 101, 99], [200, 203, 198], "duration").verdict == "slower"


def test_whole_seconds_are_not_exact():
    same = ([211, 211, 211], [203, 203, 203])
    assert compare(*same).verdict == "inconclusive"
    told = compare(*same, resolution=1.0)
    assert told.verdict == "faster"
    assert told.low == pytest.approx(210.5 / 203.5, rel=1e-5) and told.high == pytest.approx(211.5 / 202.5, rel=1e-5)


def test_arms_of_different_length_without_pairs():
    assert compare([211, 212, 213], [203, 204, 205, 206], paired=False).verdict == "faster"


@pytest.mark.parametrize(
    ("baseline", "resolution", "error"),
    [([0.0], 0.0, "0: with a resolution of 0 it may be 0 or less"), ([0.4], 1.0, "0.4: with a resolution of 1 it may")],
)
def test_refused(baseline, resolution, error):
    with pytest.raises(InvalidRequest) as caught:
        compare(baseline, [1.0], resolution=resolution)
    assert error in str(caught.value)
