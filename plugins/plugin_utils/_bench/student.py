# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Student's t distribution, which the standard library lacks. The tests compare it with scipy's."""

from __future__ import annotations

import functools
import math

# Lentz's algorithm divides by what may come out as zero.
TINY = 1e-300
TERMS = 20_000


def cdf(x: float, df: float) -> float:
    """The probability of a value up to x with df degrees of freedom, not necessarily a whole number."""
    if not df > 0:
        raise ValueError(f"{df} degrees of freedom")
    if math.isinf(x):
        return float(x > 0)
    # Which of the two arguments is formed by division, not by 1 - y, decides the digits that are left in the tail.
    square = x * x
    tail = _beta(df / 2, 0.5, df / (df + square), square / (df + square)) / 2 if square > 0 else 0.5
    return tail if x < 0 else 1 - tail


# A report asks for the same few over and over, and one costs hundreds of evaluations.
@functools.lru_cache(maxsize=4096)
def quantile(p: float, df: float) -> float:
    """The value up to which lies the probability p: the inverse of ``cdf``."""
    if not 0 < p < 1:
        raise ValueError(f"a probability of {p}")
    if not df > 0:
        raise ValueError(f"{df} degrees of freedom")
    if p > 0.5:
        return -quantile(1 - p, df)
    if p == 0.5:
        return 0.0
    low, high = -1.0, 0.0
    while cdf(low, df) > p:
        low, high = low * 2, low
        if math.isinf(low):
            raise ValueError(f"the quantile of {p} with {df} degrees of freedom is too large for a float")
    # Bisection down to neighbouring floats: slower than Newton's method and never astray.
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        low, high = (middle, high) if cdf(middle, df) < p else (low, middle)


def _beta(a: float, b: float, x: float, rest: float) -> float:
    """The regularized incomplete beta function I_x(a, b); rest is 1 - x, to full precision."""
    if x <= 0:
        return 0.0
    if rest <= 0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    # The fraction converges fast on one side of the mean only; the other side follows by symmetry.
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, rest) / b


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's algorithm."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta function of ({a}, {b}) at {x} did not converge")


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY


__all__ = ["cdf", "quantile"]
