# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of runs as a benchmark would have written them, with numbers drawn from a seed."""

from __future__ import annotations

import random

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import design
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.interval import Interval
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.record import Clock, Cpu, Record

BYTES = 1 << 30
DRIVERS = {"emulated": "ata_piix", "paravirtual": "virtio_blk"}


def run(arm="emulated", pair=1, *, seconds=10.0, rate=1.0, width=1e-4, **fields):
    """One run that truly took so many seconds, on a target whose clock has this rate; width of the true interval."""
    true = Interval(seconds * (1 - width / 2), seconds * (1 + width / 2))
    verdict = "pass" if abs(rate - 1) < 1e-3 else "fail"
    values = {
        "run_id": "lab-2026-11-01",
        "slot": f"pair-{pair:04d}-{arm}" if pair else f"warmup-0001-{arm}",
        "arm": arm,
        "pair": pair,
        "position": pair,
        "host": "guest1",
        "started": f"2026-11-01T10:{pair:02d}:00Z",
        "profile": "quick",
        "job": "seq1m_q8t1_read",
        "engine": "fio",
        "bytes": BYTES,
        "operations": BYTES >> 20,
        "reported_seconds": seconds * rate,
        "true_seconds": true,
        "clock": Clock(verdict, "", Interval(rate * (1 - width), rate * (1 + width)), Interval(0.99, 1.01), 40, 1e-3),
        "cpu": Cpu(hypervisor_seconds=2.5),
        "proof": {"driver": DRIVERS.get(arm, arm)},
        "versions": {"fio": "fio-3.33"},
    }
    return Record(**{**values, **fields})


def without_time(record_of_run, reason="the clock was stepped"):
    """The same run, had its clock been stepped meanwhile."""
    fields = {name: getattr(record_of_run, name) for name in record_of_run.__dataclass_fields__}
    clock = Clock("invalid", reason, None, None, 40, 1e-3)
    return Record(**{**fields, "true_seconds": None, "clock": clock})


def experiment(pairs=8, *, seconds=None, rates=None, noise=0.02, seed=1, **fields):
    """All runs of an ABBA experiment; seconds and rates by arm."""
    dice = random.Random(seed)
    seconds = seconds or {"emulated": 20.0, "paravirtual": 6.0}
    rates = rates or {}
    return [
        run(
            slot.arm,
            slot.pair,
            seconds=seconds[slot.arm] * dice.lognormvariate(0, noise),
            rate=rates.get(slot.arm, 1.0),
            slot=slot.name,
            position=place,
            started=f"2026-11-01T{10 + place // 60:02d}:{place % 60:02d}:00Z",
            **fields,
        )
        for place, slot in enumerate(design.abba(list(seconds), pairs))
    ]
