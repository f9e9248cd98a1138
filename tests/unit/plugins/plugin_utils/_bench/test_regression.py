# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slower than it was? And what a date means."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import findings, regression
from ansible_collections.homevirt.fleet.tests.unit.support import runs
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

BEFORE, AFTER = regression.span("2026-11-01"), regression.span("2026-11-08")


def of_day(day, seconds, **fields):
    return [
        runs.run(
            pair=pair, seconds=seconds * (1 + pair / 500), started=f"2026-11-{day:02d}T09:{pair:02d}:00Z", **fields
        )
        for pair in range(1, 7)
    ]


@pytest.mark.parametrize("case", cases(__file__, "spans.yml", "text"))
def test_span(case):
    if "error" in case:
        with pytest.raises(InvalidRequest) as caught:
            regression.span(case["text"])
        assert case["error"] in str(caught.value)
        return
    found = regression.span(case["text"])
    moments = [datetime.datetime.fromisoformat(case[name]) for name in ("first", "last", "out")]
    assert [found.first <= moment < found.end for moment in moments] == [True, True, False]
    assert found.first == moments[0]


@pytest.mark.parametrize(
    ("seconds", "verdict", "regressed"),
    [(10.0, "equivalent", False), (13.0, "slower", True), (10.2, "slower", False), (8.0, "faster", False)],
)
def test_change(seconds, verdict, regressed):
    """A sure difference below the margin is told, but is no regression."""
    checked = regression.check([*of_day(1, 10.0), *of_day(8, seconds)], BEFORE, AFTER, 0.05)
    (change,) = checked.changes
    assert (change.found.verdict, change.regressed) == (verdict, regressed)
    assert change.found.ratio == pytest.approx(10.0 / seconds)
    assert findings.change_sentence(change).startswith(
        f"guest1, emulated, seq1m_q8t1_read: now beside then {verdict}: "
    )
    assert findings.change_values(change)["regressed"] is regressed


def test_each_piece_of_work_for_itself():
    records = [
        *of_day(1, 10.0),
        *of_day(8, 10.0),
        *of_day(1, 10.0, host="guest2"),
        *of_day(8, 20.0, host="guest2"),
        *of_day(1, 10.0, host="guest3"),
        *of_day(8, 5.0, host="guest3", bytes=runs.BYTES // 2),
        *of_day(20, 99.0, host="guest4"),
    ]
    checked = regression.check(records, BEFORE, AFTER, 0.05)
    assert [(each.work.host, each.regressed) for each in checked.changes] == [("guest1", False), ("guest2", True)]
    assert [work.host for work in checked.alone] == ["guest3", "guest3"]


def test_warmups_and_invalid_clocks_do_not_count():
    spoilt = [runs.run(pair=0, seconds=900.0, started="2026-11-08T08:00:00Z")]
    spoilt += [runs.without_time(run) for run in of_day(8, 900.0, run_id="stepped")]
    (change,) = regression.check([*of_day(1, 10.0), *of_day(8, 10.0), *spoilt], BEFORE, AFTER, 0.05).changes
    assert change.found.verdict == "equivalent"


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        ("2026-11-01", "2026-12-01", "before and after: no work of the same host, arm, job and size has runs"),
        ("2026-11-01/2026-11-05", "2026-11-05", "before and after: the two spans overlap"),
    ],
)
def test_refused(before, after, error):
    with pytest.raises(InvalidRequest) as caught:
        regression.check(of_day(1, 10.0), regression.span(before), regression.span(after), 0.05)
    assert error in str(caught.value)
