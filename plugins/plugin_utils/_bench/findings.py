# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What was found, as return values and as sentences for a person."""

from __future__ import annotations

import typing as t

from .arms import ArmsCompared
from .comparison import Comparison
from .regression import Change


def values(found: Comparison) -> dict[str, t.Any]:
    """Plain JSON types."""
    return {
        "verdict": found.verdict,
        "reason": found.reason,
        "ratio": found.ratio,
        "percent": round(100 * (found.ratio - 1), 1),
        "interval": None if found.low is None else {"low": found.low, "high": found.high},
        "margin": found.margin,
        "runs": found.runs,
        "chance": found.chance,
        "clock_error": found.clock_error,
        "spread": found.spread,
        "pairs_needed": found.needed,
    }


def arms_values(found: ArmsCompared) -> dict[str, t.Any]:
    """One job's comparison as M(homevirt.fleet.bench_compare) returns it."""
    reported = values(found.reported)
    return {
        "run_id": found.run_id,
        "profile": found.profile,
        "job": found.job,
        "baseline": found.baseline,
        "candidate": found.candidate,
        **values(found.true),
        "reported": {name: reported[name] for name in ("ratio", "percent", "interval", "verdict")},
        "misleading": found.misleading,
        "left_out": [
            {"slot": each.record.slot, "arm": each.record.arm, "reason": each.reason} for each in found.left_out
        ],
        "outliers": [{"pair": pair, "severity": severity} for pair, severity in sorted(found.outliers.items())],
        "unsteady": found.unsteady,
        "differing": [
            {"name": name, "baseline": first, "candidate": second} for name, (first, second) in found.differing.items()
        ],
    }


def change_values(change: Change) -> dict[str, t.Any]:
    """One piece of work then and now, as M(homevirt.fleet.bench_regression) returns it."""
    return {**change.work._asdict(), **values(change.found), "regressed": change.regressed}


def sentence(found: Comparison) -> str:
    """The comparison in words, such as: inconclusive, 3.9 % faster, one run of each cannot tell …"""
    interval = ""
    if found.low is not None and found.high is not None:
        interval = f" [{found.low:.3f}, {found.high:.3f}]"
    return f"{found.verdict}: {found.ratio:.3f} times as fast{interval}, {_percent(found.ratio)}; {found.reason}"


def arms_sentence(found: ArmsCompared) -> str:
    """One job's comparison in words, and what the targets' own clocks say instead where they mislead."""
    told = f"{found.job}: {found.candidate} beside {found.baseline} is {sentence(found.true)}."
    if found.misleading:
        told += f" The target's own clock says {found.reported.ratio:.3f} times, which cannot be."
    return told


def change_sentence(change: Change) -> str:
    """One piece of work then and now, in words."""
    work = change.work
    return f"{work.host}, {work.arm}, {work.job}: now beside then {sentence(change.found)}."


def warnings(found: ArmsCompared) -> list[str]:
    """What a person should know before believing the comparison."""
    told = []
    if not set(found.differing) - {"host"}:
        told.append(
            f"{found.job}: nothing in the proof of what was measured differs between {found.baseline} and "
            f"{found.candidate}. Check that the arms really ran on different drivers or hosts."
        )
    if found.unsteady:
        told.append(
            f"{found.job}: the last runs of {' and '.join(found.unsteady)} are not steady. "
            "Warm up longer, or transfer more."
        )
    if found.left_out:
        reasons = "; ".join(sorted({each.reason for each in found.left_out}))
        told.append(f"{found.job}: {len(found.left_out)} runs do not count ({reasons}).")
    return told


def _percent(ratio: float) -> str:
    """The difference of throughput; said of durations it is the same number only for small differences."""
    return f"{abs(ratio - 1):.1%} {'faster' if ratio >= 1 else 'slower'}".replace("%", " %")


__all__ = [
    "arms_sentence",
    "arms_values",
    "change_sentence",
    "change_values",
    "sentence",
    "values",
    "warnings",
]
