# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person is told about the numbers."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import record, summary
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.interval import Interval

GOOD = record.Clock("pass", "", Interval(0.9999, 1.0001), None, 50, 1e-3)
INVALID = record.Clock("invalid", "the clock stepped", None, None, 50, 1e-3)
PROOF = {"io_engine": "libaio", "job": {"operation": "read", "queue_depth": 8}}
RUN = record.Record(
    "r", "pair-0001-a", "a", 1, 0, "h", "2026-02-01T03:04:05Z", "quick", "j", "fio", 10**9, 1, 5.0,
    Interval(9.9, 10.1), GOOD, proof=PROOF,
)  # fmt: skip


def but(**changes):
    return dataclasses.replace(RUN, **changes)


def proof(**changes):
    return but(proof={**PROOF, **changes})


def test_true_stands_before_reported_and_warm_ups_do_not_count():
    assert summary.lines([RUN, but(slot="warmup-0001-a", pair=0, bytes=1)]) == [
        "a, j: 100.0 MB/s true, 200.0 reported (medians of 1), clock pass"
    ]
    assert summary.warnings([RUN]) == []


def test_the_page_cache_of_the_hypervisor_is_told():
    assert "page cache was measured" in summary.warnings([proof(hypervisor_read_bytes=10**8)])[0]
    assert summary.warnings([proof(hypervisor_read_bytes=10**9)]) == []


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (but(clock=INVALID, true_seconds=None), "1 of 1 runs cannot be timed: the clock stepped"),
        (proof(io_engine="psync"), "psync has no queue"),
    ],
)
def test_what_a_reader_must_know(run, words):
    assert words in summary.warnings([run])[0]
