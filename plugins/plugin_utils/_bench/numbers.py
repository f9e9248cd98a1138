# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Numbers that somebody wrote down, from a wristwatch or another program, compared like recorded runs."""

from __future__ import annotations

import math
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import comparison
from .comparison import Comparison, Sample


def compare(
    baseline: t.Sequence[float],
    candidate: t.Sequence[float],
    *,
    measure: str,
    paired: bool,
    resolution: float,
    margin: float,
) -> Comparison:
    """measure: duration (less is better) or rate (more is better); resolution: the smallest step of the numbers.

    Raises InvalidRequest.
    """
    method = comparison.paired if paired else comparison.unpaired
    return method(
        [_sample(value, measure, resolution) for value in baseline],
        [_sample(value, measure, resolution) for value in candidate],
        margin,
    )


def _sample(value: float, measure: str, resolution: float) -> Sample:
    half = resolution / 2
    if not (math.isfinite(value) and math.isfinite(resolution) and resolution >= 0 and value > half):
        raise InvalidRequest(
            f"{value:g}", f"with a resolution of {resolution:g} it may be 0 or less", "leave out what was not measured"
        )
    error = math.log((value + half) / (value - half)) / 2
    return Sample(1 / value if measure == "duration" else value, error)


__all__ = ["compare"]
