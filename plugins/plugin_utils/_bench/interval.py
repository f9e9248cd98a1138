# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A closed interval that holds the truth: what is not known exactly is never written as one number."""

from __future__ import annotations

import math
import typing as t


class Interval(t.NamedTuple):
    """From low to high, both possible. An interval is empty where low > high."""

    low: float
    high: float

    @property
    def empty(self) -> bool:
        return not self.low <= self.high

    @property
    def middle(self) -> float:
        """The geometric middle: throughputs are compared by their logarithms, and there it is in the middle."""
        return math.sqrt(self.low * self.high)

    @property
    def half_width(self) -> float:
        """Half the width on the log scale, which for narrow intervals is the relative half-width."""
        return math.log(self.high / self.low) / 2

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def intersect(self, other: Interval) -> Interval:
        return Interval(max(self.low, other.low), min(self.high, other.high))


def inverse(value: float, divisor: Interval) -> Interval:
    """A positive number over a wholly positive interval."""
    return Interval(value / divisor.high, value / divisor.low)


__all__ = ["Interval", "inverse"]
