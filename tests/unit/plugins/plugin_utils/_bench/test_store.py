# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A killed controller's runs are kept, resumed and never counted twice."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._bench.arguments import Request
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.place import Place
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.profile import jobs_of
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.survey import Arm
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InUse, InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import experiment, record, store

PLAN = {"size": 1, "arms": ["a", "b"]}
SIZE, JOBS = jobs_of("quick", 1 << 20, None, ["read"])


def sample(slot="pair-0001-a", job=JOBS[0].name, pair=1):
    clock = record.Clock("invalid", "", None, None, 1, 1e-3)
    return record.Record(
        "r", slot, slot[-1], pair, 0, "h", "2026-02-01T03:04:05Z", "quick", job, "fio", 1, 1, 1.0, None, clock
    )


def request(*arms):
    return Request([Arm(name, Place("/x", "", SIZE, 0), "") for name in arms], "quick", SIZE, JOBS)


def test_lines_are_only_added(tmp_path):
    with store.Store(str(tmp_path), "r", PLAN) as kept:
        kept.add(sample())
    with store.Store(str(tmp_path), "r", PLAN) as kept:
        assert kept.records == [sample()]
        kept.add(sample(job="other"))
    assert [found.job for found in store.read(str(tmp_path / "r.jsonl"))] == [JOBS[0].name, "other"]


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_line_that_was_cut_off_is_not_a_run_and_spoils_no_other(tmp_path, cut):
    path = tmp_path / "r.jsonl"
    path.write_text(record.to_line(sample()) + record.to_line(sample(job="other"))[:cut])
    with store.Store(str(tmp_path), "r", PLAN) as kept:
        assert kept.records == [sample()]
        kept.add(sample(job="next"))
    assert [found.job for found in store.read(str(path))] == [JOBS[0].name, "next"]


def test_the_same_run_twice_counts_once(tmp_path):
    path = tmp_path / "r.jsonl"
    again = dataclasses.replace(sample(), reported_seconds=2.0)
    path.write_text(record.to_line(sample()) + record.to_line(again))
    assert store.read(str(path)) == [sample()]


def test_another_plan_is_refused(tmp_path):
    with store.Store(str(tmp_path), "r", PLAN):
        pass
    for attempt in (store.Store, store.peek):
        with pytest.raises(InvalidRequest, match="made with another size. Choose another run_id"):
            attempt(str(tmp_path), "r", {**PLAN, "size": 2})


def test_two_controllers_do_not_write_at_once(tmp_path):
    with store.Store(str(tmp_path), "r", PLAN), pytest.raises(InUse, match="another play"):
        store.Store(str(tmp_path), "r", PLAN)


def test_a_look_leaves_no_trace(tmp_path):
    assert store.peek(str(tmp_path / "none"), "r", PLAN) == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arms", [("a",), ("a", "b")])
def test_killed_after_every_single_run(arms):
    """Whenever it is cut off, the runs that count are done once each, and each stretch begins warm."""
    records, wanted = [], request(*arms)
    while todo := experiment.remaining(records, wanted, pairs=2, warmup=1):
        assert todo[0][0].warmup
        # The warm-ups and one more run, then the controller is killed.
        runs = [(slot, job) for slot, jobs in todo for job in jobs]
        cut = sum(slot.warmup for slot, _job in runs) + 1
        records += [sample(slot.name, job.name, slot.pair) for slot, job in runs[:cut]]
    counted = [found.key for found in records if found.pair]
    assert len(counted) == len(set(counted)) == 2 * len(arms) * len(JOBS)
