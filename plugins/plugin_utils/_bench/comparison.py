# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Did it help? The ratio of two throughputs with its 95 % interval, and what may be said from that.

Ratios are compared on the log scale, where half and double lie equally far from the same. Chance and the clocks are
kept apart: chance shrinks with the number of runs; a clock's error is the same in every run, so it is added whole.
"""

from __future__ import annotations

import math
import statistics
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import design, student

FASTER = "faster"
SLOWER = "slower"
EQUIVALENT = "equivalent"
CLOCK_LIMITED = "clock-limited"
INCONCLUSIVE = "inconclusive"
# Logs of numbers in the same ratio differ by this much from rounding alone.
ROUNDING = 1e-12


class Sample(t.NamedTuple):
    """One run's throughput, and how far its clock may be wrong on the log scale (half of ln(highest / lowest))."""

    value: float
    clock_error: float = 0.0


class Comparison(t.NamedTuple):
    """How fast the candidate is beside the baseline.

    ratio:       candidate / baseline; above 1 the candidate is faster.
    low, high:   95 % interval of the ratio with the clocks' error in it; None where one run cannot tell.
    chance:      half-width of the interval without the clocks, on the log scale; None likewise.
    clock_error: of both clocks together, on the log scale.
    spread:      standard deviation on the log scale, of the pairs or of one run; None where one run cannot tell.
    runs:        number of pairs, or of runs of the smaller arm.
    needed:      so many pairs would find a difference as large as the margin; None where that cannot be told.
    """

    ratio: float
    low: t.Optional[float]
    high: t.Optional[float]
    verdict: str
    reason: str
    margin: float
    chance: t.Optional[float]
    clock_error: float
    spread: t.Optional[float]
    runs: int
    needed: t.Optional[int]


def paired(baseline: t.Sequence[Sample], candidate: t.Sequence[Sample], margin: float) -> Comparison:
    """Compare runs that were made side by side, the first of one with the first of the other and so on."""
    if len(baseline) != len(candidate):
        raise InvalidRequest(
            "the pairs",
            f"there are {len(baseline)} runs of the baseline and {len(candidate)} of the candidate",
            "pair every run with one of the other arm, or compare without pairs",
        )
    logs = [_ln(b) - _ln(a) for a, b in zip(baseline, candidate, strict=True)]
    mean = _mean(logs)
    spread = statistics.stdev(logs) if len(logs) > 1 else None
    chance = None
    if spread is not None:
        chance = student.quantile(_upper(), len(logs) - 1) * spread / math.sqrt(len(logs))
    return _judged(mean, chance, spread, _clock_error(baseline) + _clock_error(candidate), len(logs), margin)


def unpaired(baseline: t.Sequence[Sample], candidate: t.Sequence[Sample], margin: float) -> Comparison:
    """Compare runs that were not made side by side, by Welch's t on the logs: arms may differ in their spread."""
    first, second = [_ln(sample) for sample in baseline], [_ln(sample) for sample in candidate]
    mean = _mean(second) - _mean(first)
    few = min(len(first), len(second))
    spread = chance = None
    if few > 1:
        parts = [(statistics.variance(logs) / len(logs), len(logs) - 1) for logs in (first, second)]
        error = math.sqrt(sum(variance for variance, _df in parts))
        # What a pair of runs would scatter by, so that a plan for pairs can start from it.
        spread = math.sqrt(sum(statistics.variance(logs) for logs in (first, second)))
        chance = student.quantile(_upper(), _welch(parts)) * error if error else 0.0
    return _judged(mean, chance, spread, _clock_error(baseline) + _clock_error(candidate), few, margin)


def _welch(parts: t.Sequence[tuple[float, int]]) -> float:
    """Welch's and Satterthwaite's degrees of freedom, from each arm's variance of the mean and its own."""
    largest = max(variance for variance, _df in parts)
    # Scaled, since the square of a tiny variance is zero in floating point.
    scaled = [(variance / largest, df) for variance, df in parts]
    return sum(variance for variance, _df in scaled) ** 2 / sum(variance**2 / df for variance, df in scaled)


def _judged(
    mean: float,
    chance: t.Optional[float],
    spread: t.Optional[float],
    clock_error: float,
    runs: int,
    margin: float,
) -> Comparison:
    if not (math.isfinite(margin) and margin > 0):
        raise InvalidRequest(f"margin {margin}", "it is no ratio above 0", "take 0.02 for 2 %, for example")
    half = None if chance is None else chance + clock_error
    low = None if half is None else math.exp(mean - half)
    high = None if half is None else math.exp(mean + half)
    verdict, reason = _verdict(mean, half, clock_error, runs, margin)
    return Comparison(
        ratio=math.exp(mean),
        low=low,
        high=high,
        verdict=verdict,
        reason=reason,
        margin=margin,
        chance=chance,
        clock_error=clock_error,
        spread=spread,
        runs=runs,
        needed=_needed(margin, spread, clock_error),
    )


def _verdict(mean: float, half: t.Optional[float], clock_error: float, runs: int, margin: float) -> tuple[str, str]:
    if half is None:
        return INCONCLUSIVE, f"{_times(runs)} cannot tell a difference from chance"
    if half < ROUNDING:
        return INCONCLUSIVE, "all runs gave the very same number, so how finely it was measured must be known"
    if mean - half > 0:
        return FASTER, "the whole interval lies above 1"
    if mean + half < 0:
        return SLOWER, "the whole interval lies below 1"
    if abs(mean) + half <= math.log1p(margin):
        return EQUIVALENT, f"the whole interval lies within the margin of {margin:.3g}"
    # Where the clocks alone would leave the arms equivalent, it is chance that hides it, and more runs do help.
    if clock_error > abs(mean) / 2 and abs(mean) + clock_error > math.log1p(margin):
        return CLOCK_LIMITED, "the clocks are less certain than the difference is large; longer runs would help"
    return INCONCLUSIVE, "the interval holds 1 and reaches beyond the margin; more runs would help"


def _needed(margin: float, spread: t.Optional[float], clock_error: float) -> t.Optional[int]:
    if not spread:
        return None
    try:
        return design.plan_pairs(margin, spread, clock_error)
    except InvalidRequest:
        # No number of pairs suffices; the verdict says so in its own words.
        return None


def _clock_error(samples: t.Sequence[Sample]) -> float:
    """How far the mean of the logs may be off: each run's error may push the same way."""
    return statistics.fmean(sample.clock_error for sample in samples)


def _ln(sample: Sample) -> float:
    if not (math.isfinite(sample.value) and sample.value > 0 and sample.clock_error >= 0):
        raise InvalidRequest(f"{sample.value}", "it is no measured value above 0", "leave failed runs out")
    return math.log(sample.value)


def _mean(logs: t.Sequence[float]) -> float:
    if not logs:
        raise InvalidRequest("the runs", "an arm has none that counts", "run both arms")
    return statistics.fmean(logs)


def _upper() -> float:
    return (1 + design.CONFIDENCE) / 2


def _times(runs: int) -> str:
    return "one run of each" if runs == 1 else f"{runs} runs"


__all__ = [
    "CLOCK_LIMITED",
    "EQUIVALENT",
    "FASTER",
    "INCONCLUSIVE",
    "SLOWER",
    "Comparison",
    "Sample",
    "paired",
    "unpaired",
]
