# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record survives its line of JSON, and what is no record is refused with its place and reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import record
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.interval import Interval

positive = st.floats(1e-6, 1e9)
intervals = st.tuples(positive, positive).map(lambda pair: Interval(*sorted(pair)))
names = st.text(min_size=1, max_size=20)


@st.composite
def records(draw):
    verdict = draw(st.sampled_from(record.VERDICTS))
    valid = verdict != "invalid"
    return record.Record(
        run_id=draw(names),
        slot=draw(names),
        arm=draw(names),
        pair=draw(st.integers(0, 100)),
        position=draw(st.integers(0, 100)),
        host=draw(names),
        started="2026-02-01T03:04:05.000000Z",
        profile="quick",
        job=draw(names),
        engine="fio",
        bytes=draw(st.integers(1, 1 << 50)),
        operations=draw(st.integers(0, 1 << 40)),
        reported_seconds=draw(positive),
        true_seconds=draw(intervals) if valid else None,
        clock=record.Clock(verdict, draw(names), draw(intervals) if valid else None, None, 12, 1e-3),
        cpu=record.Cpu(target_seconds=draw(positive)),
        latency_seconds={"50": draw(positive)},
        proof={"driver": {"name": "virtio_blk", "paravirtual": True}},
        versions={"fio": "3.33"},
    )


def sample():
    clock = record.Clock("fail", "the clock runs at 0.5", Interval(0.49, 0.51), Interval(0.49, 0.51), 40, 1e-3)
    return record.Record(
        "tonight", "pair-0001-ide", "ide", 1, 2, "xp", "2026-02-01T03:04:05Z", "quick", "SEQ1M-read", "fio",
        1 << 30, 1024, 5.0, Interval(9.9, 10.1), clock,
    )  # fmt: skip


@given(records())
def test_round_trip(original):
    line = record.to_line(original)
    assert line.endswith("\n") and line.count("\n") == 1
    assert record.from_line(line, "runs.jsonl:1") == original


def test_derived_values_stand_in_the_line():
    fields = json.loads(record.to_line(sample()))
    assert fields["reported_bytes_per_second"] == (1 << 30) / 5.0
    assert fields["true_bytes_per_second"] == {"low": (1 << 30) / 10.1, "high": (1 << 30) / 9.9}
    assert fields["inflation"] == {"low": 9.9 / 5, "high": 10.1 / 5}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 2}, "its schema is 2, and this collection reads up to 1"),
        ({"bytes": 0}, "more than 0"),
        ({"bytes": 1.5}, "whole numbers"),
        ({"reported_seconds": -1}, "more than 0"),
        ({"arm": ""}, "not empty"),
        ({"true_seconds": None}, "absent where the clock's verdict is invalid, and only there"),
        ({"true_seconds": {"low": 2, "high": 1}}, "the lower one first"),
        ({"true_seconds": [1, 2]}, "no interval"),
        ({"clock": {"verdict": "fine"}}, "missing"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_no_record(change, reason):
    line = json.dumps({**sample().public(), **change})
    with pytest.raises(InvalidRequest) as caught:
        record.from_line(line, "runs.jsonl:7")
    assert caught.value.what == "runs.jsonl:7"
    assert reason in caught.value.why


@pytest.mark.parametrize("line", ["", "[]", "{}", '{"schema": 1', "null"])
def test_not_even_an_object(line):
    with pytest.raises(InvalidRequest, match="runs.jsonl:7"):
        record.from_line(line, "runs.jsonl:7")
