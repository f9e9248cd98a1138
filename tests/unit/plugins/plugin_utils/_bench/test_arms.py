# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded arms beside each other: what counts, what does not, and what a lying clock would have said."""

from __future__ import annotations

import random

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import arms, findings
from ansible_collections.homevirt.fleet.tests.unit.support import runs

# What a TCG guest with an instruction-counting clock reported, and what was true.
LIAR = {"seconds": {"emulated": 20.0, "paravirtual": 6.0}, "rates": {"emulated": 0.09, "paravirtual": 0.3}}


def compared(records, baseline="emulated", candidates=(), margin=0.02):
    return arms.compare(records, baseline, candidates, margin)


def test_the_original_experiment():
    """The guest's own clock says that the new driver does not help; it is three times as fast."""
    (found,) = compared(runs.experiment(**LIAR))
    assert found.true.verdict == "faster"
    assert found.true.low < 20 / 6 < found.true.high
    assert found.reported.ratio == pytest.approx(1.0, abs=0.03)
    assert found.misleading
    assert "The target's own clock says 1.0" in findings.arms_sentence(found)
    assert findings.warnings(found) == []


def test_the_order_of_the_file_does_not_matter():
    records = runs.experiment()
    shuffled = random.Random(5).sample(records, len(records))
    assert compared(shuffled) == compared(records)


def test_warmups_never_count():
    (found,) = compared(runs.experiment(pairs=6))
    assert found.true.runs == 6 and all(run.pair for pair in found.pairs for run in pair)


def test_a_run_with_an_invalid_clock_takes_its_partner_with_it():
    records = [runs.without_time(run) if run.slot == "pair-0003-emulated" else run for run in runs.experiment()]
    (found,) = compared(records)
    assert found.true.runs == 7
    assert [(each.record.slot, each.reason) for each in found.left_out] == [
        ("pair-0003-emulated", "its clock is invalid: the clock was stepped"),
        ("pair-0003-paravirtual", "the other run of its pair does not count"),
    ]
    assert "2 runs do not count" in findings.warnings(found)[0]


def test_killed_in_the_middle_of_a_pair():
    records = runs.experiment(pairs=4)
    (found,) = compared(records[:-1])
    assert found.true.runs == 3 and len(found.left_out) == 1


def test_an_outlier_is_told_and_counts():
    records = [
        runs.run(arm, pair, seconds=10.0 * (1 + pair / 1000) * (4 if pair == 5 and arm == "paravirtual" else 1))
        for pair in range(1, 11)
        for arm in ("emulated", "paravirtual")
    ]
    (found,) = compared(records)
    assert found.outliers == {5: "severe"} and found.true.runs == 10


def test_an_arm_that_is_not_steady():
    records = [
        runs.run(arm, pair, seconds=10.0 * (1 + (pair / 10 if arm == "paravirtual" else 0)))
        for pair in range(1, 8)
        for arm in ("emulated", "paravirtual")
    ]
    (found,) = compared(records)
    assert found.unsteady == ["paravirtual"]
    assert "the last runs of paravirtual are not steady" in findings.warnings(found)[0]


def test_the_paravirtual_arm_is_silently_still_emulated():
    records = runs.experiment(proof={"driver": "ata_piix"})
    (found,) = compared(records)
    assert found.differing == {}
    assert "nothing in the proof of what was measured differs" in findings.warnings(found)[0]
    (switched,) = compared(runs.experiment())
    assert switched.differing == {"driver": (["ata_piix"], ["virtio_blk"])}


def test_every_experiment_and_job_for_itself_and_three_arms():
    seconds = {"emulated": 20.0, "scsi": 10.0, "paravirtual": 6.0}
    records = runs.experiment(seconds=seconds) + runs.experiment(run_id="another", job="rnd4k_q1t1_write")
    found = [(each.run_id, each.job, each.candidate) for each in compared(records)]
    assert found == [
        ("another", "rnd4k_q1t1_write", "paravirtual"),
        ("lab-2026-11-01", "seq1m_q8t1_read", "scsi"),
        ("lab-2026-11-01", "seq1m_q8t1_read", "paravirtual"),
    ]
    (only,) = compared(records, "scsi", ["paravirtual"])
    assert only.true.ratio == pytest.approx(10 / 6, rel=0.05)


def test_the_clocks_error_is_added_whole():
    narrow, wide = (compared(runs.experiment(width=width))[0].true for width in (1e-9, 0.04))
    assert wide.clock_error == pytest.approx(0.04, rel=0.01)
    assert wide.chance == pytest.approx(narrow.chance, rel=0.01)
    assert wide.high > narrow.high and wide.low < narrow.low


@pytest.mark.parametrize(
    ("records", "arguments", "error"),
    [
        (runs.experiment(pairs=2), {"baseline": "ide"}, "arm ide: there are no runs of it. Take one of: emulated"),
        (runs.experiment(pairs=2), {"candidates": ["emulated"]}, "arm emulated: it is to be compared with itself"),
        ([], {}, "arm emulated: there are no runs of it. Take one of: none."),
        ([runs.run(), runs.run("paravirtual", bytes=5)], {}, "the runs did different work (bytes: 1073741824, 5)"),
        ([runs.run(), runs.run("paravirtual", engine="diskspd")], {}, "different work (engine: diskspd, fio)"),
        ([runs.run(), runs.run("paravirtual", 2)], {}, "no pair of emulated and paravirtual counts (the other run"),
        ([runs.run(), runs.run(slot="again"), runs.run("paravirtual")], {}, "arm emulated has two runs for it"),
        ([runs.run(), runs.run("paravirtual", run_id="other")], {}, "no experiment holds runs of both"),
        ([runs.run()], {}, "no experiment holds runs of both"),
    ],
)
def test_refused(records, arguments, error):
    with pytest.raises(InvalidRequest) as caught:
        compared(records, **arguments)
    assert error in str(caught.value)
