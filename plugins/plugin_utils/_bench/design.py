# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""In which order the arms of a comparison run, and how many pairs it takes: decided before the first result is seen."""

from __future__ import annotations

import math
import re
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import student

CONFIDENCE = 0.95
# Below this the t interval is so wide, and so dependent on normality, that a plan for it promises nothing.
FEWEST_PAIRS = 5
MOST_PAIRS = 10_000
WARMUP = re.compile(r"warmup-(\d+)-")


class Slot(t.NamedTuple):
    """One run of the order.

    name:   identifies the run within its experiment, the same however often the order is asked for.
    pair:   number of the pair it counts for, from 1; 0 for a warm-up, which never counts.
    """

    name: str
    arm: str
    pair: int

    @property
    def warmup(self) -> bool:
        return self.pair == 0


def abba(arms: t.Sequence[str], pairs: int, warmup: int = 1, done: t.Collection[str] = ()) -> t.Iterator[Slot]:
    """Yield the runs that are still to be done: each arm warmed up, then the arms forward, backward, forward…

    A drift that is linear in time hits both arms alike that way. Names in ``done`` are not yielded, so nothing counts
    twice. What a warm-up brought about is gone when a controller was killed, so a resumed order warms up again, under
    new names. Raises InvalidRequest.
    """
    _check(arms, pairs, warmup)
    order = [
        Slot(f"pair-{pair:04d}-{arm}", arm, pair)
        for pair in range(1, pairs + 1)
        for arm in (arms if pair % 2 else list(reversed(arms)))
    ]
    remaining = [slot for slot in order if slot.name not in done]
    if remaining:
        first = max((int(match[1]) for match in map(WARMUP.match, done) if match), default=0) + 1
        for number in range(first, first + warmup):
            for arm in arms:
                yield Slot(f"warmup-{number:04d}-{arm}", arm, 0)
    yield from remaining


def plan_pairs(margin: float, spread: float, clock_error: float = 0.0, power: float = 0.9) -> int:
    """The number of pairs that finds a difference as large as the margin with the given probability.

    margin:      smallest ratio that matters, less one (0.02 for 2 %).
    spread:      standard deviation of ln(throughput A / throughput B) over pairs, from a pilot or history. Only the
                 spread may be looked at before planning: to look at the difference too would be to fish for an answer.
    clock_error: of both arms together, on the log scale; more pairs do not shrink it.

    Raises InvalidRequest.
    """
    _check_plan(margin, spread, clock_error, power)
    room = math.log1p(margin) - clock_error
    if room <= 0:
        raise InvalidRequest(
            f"a margin of {margin:.2%}",
            f"the clocks alone are uncertain by {math.expm1(clock_error):.2%}, and no number of pairs mends that",
            "make each run longer, or widen the margin",
        )

    def enough(pairs: int) -> bool:
        quantiles = student.quantile((1 + CONFIDENCE) / 2, pairs - 1) + student.quantile(power, pairs - 1)
        return quantiles * spread / math.sqrt(pairs) <= room

    if not enough(MOST_PAIRS):
        raise InvalidRequest(
            f"a margin of {margin:.2%}",
            f"with a spread of {math.expm1(spread):.1%} between pairs it takes more than {MOST_PAIRS} of them",
            "make each run longer, quieten the machines, or widen the margin",
        )
    few, many = FEWEST_PAIRS - 1, MOST_PAIRS
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    return many


def _check(arms: t.Sequence[str], pairs: int, warmup: int) -> None:
    hint = "name two or more arms, each once"
    if isinstance(arms, str) or len(arms) < 2:
        raise InvalidRequest("arms", "a comparison needs two", hint)
    twice = sorted({arm for arm in arms if list(arms).count(arm) > 1})
    if twice or not all(arms):
        raise InvalidRequest("arms", f"'{twice[0] if twice else ''}' names none, or more than one", hint)
    if pairs < 1 or warmup < 0:
        raise InvalidRequest(
            "pairs and warmup", f"there cannot be {pairs} and {warmup} of them", "take pairs ≥ 1, warmup ≥ 0"
        )


def _check_plan(margin: float, spread: float, clock_error: float, power: float) -> None:
    hint = "take a margin above 0, a spread and a clock error of 0 or more, and a power between 0 and 1"
    finite = all(map(math.isfinite, (margin, spread, clock_error, power)))
    if not finite or margin <= 0 or spread < 0 or clock_error < 0 or not 0 < power < 1:
        raise InvalidRequest(
            "the plan", f"margin {margin}, spread {spread}, clock error {clock_error}, power {power} make no plan", hint
        )


__all__ = ["CONFIDENCE", "FEWEST_PAIRS", "MOST_PAIRS", "Slot", "abba", "plan_pairs"]
