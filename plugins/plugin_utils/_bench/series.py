# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a series of runs says about itself: which of them stand out, and from when on it is steady."""

from __future__ import annotations

import statistics
import typing as t

# Tukey's fences, in interquartile ranges beyond the quartiles.
MILD = 1.5
SEVERE = 3.0
# A quartile of fewer values is little more than one of them.
FEWEST_FOR_QUARTILES = 5

# SNIA's Performance Test Specification: the last five rounds, their range, and how far their slope carries.
WINDOW = 5
LARGEST_RANGE = 0.20
LARGEST_SLOPE = 0.10


def outliers(values: t.Sequence[float]) -> list[str]:
    """For each value "", "mild" or "severe". They are for a person to look at and are never left out by themselves."""
    if len(values) < FEWEST_FOR_QUARTILES:
        return [""] * len(values)
    low, _middle, high = statistics.quantiles(values, n=4, method="inclusive")
    width = high - low

    def judged(value: float) -> str:
        beyond = max(low - value, value - high)
        if beyond > SEVERE * width:
            return "severe"
        return "mild" if beyond > MILD * width else ""

    return [judged(value) for value in values]


def steady(window: t.Sequence[float]) -> bool:
    """Whether these rounds are steady: they span at most 20 % of their mean, and their best line rises or falls by at
    most 10 % of it from the first to the last."""
    mean = statistics.fmean(window)
    if mean <= 0:
        return False
    slope, _intercept = statistics.linear_regression(range(len(window)), window)
    spans = max(window) - min(window)
    return spans <= LARGEST_RANGE * mean and abs(slope) * (len(window) - 1) <= LARGEST_SLOPE * mean


def steady_from(values: t.Sequence[float]) -> t.Optional[int]:
    """Index of the first round of the first steady window, or None where there is none."""
    for start in range(len(values) - WINDOW + 1):
        if steady(values[start : start + WINDOW]):
            return start
    return None


__all__ = ["FEWEST_FOR_QUARTILES", "WINDOW", "outliers", "steady", "steady_from"]
