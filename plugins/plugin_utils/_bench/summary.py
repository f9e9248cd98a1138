# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""An experiment's runs as a few lines for a person. Comparing the arms is another module's work."""

from __future__ import annotations

import statistics
import typing as t

from .record import Record

# Of what was read, the share that must have come from a disk before the host's page cache is suspected.
FROM_DISK = 0.5


def lines(records: t.Sequence[Record]) -> list[str]:
    """One for each arm and job: medians, and how the clock did."""
    found = []
    for (arm, job), runs in _grouped(records).items():
        true = [record.true_bytes_per_second.middle for record in runs if record.true_bytes_per_second]
        reported = statistics.median(record.reported_bytes_per_second for record in runs)
        shown = f"{statistics.median(true) / 1e6:.1f} MB/s true" if true else "never to be timed"
        verdicts = sorted({record.clock.verdict for record in runs})
        medians = f"{shown}, {reported / 1e6:.1f} reported (medians of {len(runs)})"
        found.append(f"{arm}, {job}: {medians}, clock {', '.join(verdicts)}")
    return found


def warnings(records: t.Sequence[Record]) -> list[str]:
    """What a reader of the numbers must know."""
    found = []
    for (arm, job), runs in _grouped(records).items():
        invalid = [record for record in runs if record.clock.verdict == "invalid"]
        if invalid:
            found.append(f"{arm}, {job}: {len(invalid)} of {len(runs)} runs cannot be timed: {invalid[0].clock.reason}")
        if any(_from_memory(record) for record in runs):
            found.append(
                f"{arm}, {job}: the hypervisor read less than half of it from a disk: its page cache was measured"
            )
        if any(record.proof.get("io_engine") == "psync" and record.proof["job"]["queue_depth"] > 1 for record in runs):
            found.append(f"{arm}, {job}: psync has no queue, so its depth was 1")
    return found


def _grouped(records: t.Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.pair:
            found.setdefault((record.arm, record.job), []).append(record)
    return found


def _from_memory(record: Record) -> bool:
    traffic = record.proof.get("hypervisor_read_bytes")
    return traffic is not None and record.proof["job"]["operation"] == "read" and traffic < record.bytes * FROM_DISK


__all__ = ["lines", "warnings"]
