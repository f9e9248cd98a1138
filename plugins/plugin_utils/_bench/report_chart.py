# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The report's charts as inline SVG: narrow, so that a phone need not shrink the letters; the page has the colours."""

from __future__ import annotations

import math
import typing as t

from .arms import ArmsCompared
from .record import Record
from .report_text import clean, megabytes, number, shortened

WIDTH = 360
LEFT, RIGHT = 12, WIDTH - 12
LETTER = 12
ROW = 9
# What fits into one line; SVG breaks none.
LETTERS = 50
# So many ticks, of seven letters each, still do not touch.
TICKS = 5


class Axis:
    """From values to places across the chart, with ticks at round values."""

    def __init__(self, low: float, high: float, *, log: bool = False) -> None:
        self.log = log
        pad = (self._scale(high) - self._scale(low)) * 0.04 or abs(self._scale(high)) * 0.05 or 0.05
        self.first, self.last = self._scale(low) - pad, self._scale(high) + pad

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value

    def at(self, value: float) -> str:
        """The place of a value, as SVG takes it."""
        share = (self._scale(value) - self.first) / (self.last - self.first)
        return number(LEFT + share * (RIGHT - LEFT))

    def ticks(self) -> list[float]:
        """Round values within the axis."""
        low, high = (math.exp(self.first), math.exp(self.last)) if self.log else (self.first, self.last)
        if self.log and high > 4 * low:
            lowest, highest = math.floor(math.log10(low)), math.ceil(math.log10(high))
            factors = (1, 2, 5) if high < 100 * low else (1,)
            stride = math.ceil((highest - lowest) / (TICKS + 1))
            places = [factor * 10.0**decade for decade in range(lowest, highest, stride) for factor in factors]
            return [place for place in places if low <= place <= high]
        step = 10.0 ** math.floor(math.log10((high - low) / TICKS))
        step *= next(factor for factor in (1, 2, 5, 10, 20) if (high - low) / (step * factor) <= TICKS)
        return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


def runs_chart(identity: str, title: str, runs: t.Sequence[Record]) -> str:
    """Every run a row: its true throughput with the interval, and beside it what its own clock reported."""
    ordered = sorted(runs, key=lambda run: run.position)
    arms = list(dict.fromkeys(run.arm for run in ordered))
    values = [run.reported_bytes_per_second for run in ordered]
    for run in ordered:
        values += run.true_bytes_per_second or ()
    axis = Axis(min(values) / 1e6, max(values) / 1e6)
    parts, y = [], 0.0
    for arm in arms:
        y += LETTER + 6
        parts.append(_text(LEFT, y, clean(shortened(arm, LETTERS)), "arm"))
        y += 4
        for run in ordered:
            if run.arm == arm:
                y += ROW
                parts.append(_run(axis, y, run))
        y += 4
    parts.append(_axis(axis, y + 6, [f"{tick:g}" for tick in axis.ticks()], "MB/s"))
    told = f"{len(ordered)} runs of {', '.join(map(clean, arms))}, one row each, in the order in which they ran."
    return _svg(identity, title, told, y + 6 + 2 * LETTER + 12, parts)


def ratio_chart(identity: str, title: str, found: t.Sequence[ArmsCompared]) -> str:
    """Every comparison a row: the true ratio with its interval, the margin around 1, and the ratio as reported."""
    margin = found[0].true.margin
    values = [1 / (1 + margin), 1 + margin]
    for each in found:
        values += [value for value in (each.true.low, each.true.high) if value] + [each.true.ratio, each.reported.ratio]
    axis = Axis(min(values), max(values), log=True)
    bottom = len(found) * (LETTER + 24) + 6.0
    left, right = axis.at(1 / (1 + margin)), axis.at(1 + margin)
    width = number(float(right) - float(left))
    parts = [
        f'<rect class="margin" x="{left}" y="0" width="{width}" height="{number(bottom)}"/>',
        f'<line class="same" x1="{axis.at(1)}" x2="{axis.at(1)}" y1="0" y2="{number(bottom)}"/>',
    ]
    for index, each in enumerate(found):
        parts.append(_ratio(axis, index * (LETTER + 24) + LETTER + 4, each))
    parts.append(_axis(axis, bottom, [f"{tick:g}" for tick in axis.ticks()], "times as fast as the baseline"))
    told = "; ".join(f"{clean(each.job)}: {each.true.verdict}, {each.true.ratio:.3f} times" for each in found)
    return _svg(identity, title, told, bottom + 2 * LETTER + 12, parts)


def _run(axis: Axis, y: float, run: Record) -> str:
    reported = axis.at(run.reported_bytes_per_second / 1e6)
    true = run.true_bytes_per_second
    place = number(y)
    shown = f"{clean(run.slot)}: reported {megabytes(run.reported_bytes_per_second)} MB/s"
    marks = [f'<path class="reported" d="M{reported} {place}m-3 -3h6v6h-6z"/>']
    if true is None:
        shown += ", its clock is invalid"
    else:
        middle = axis.at(true.middle / 1e6)
        shown += f", true {megabytes(true.middle)} MB/s"
        marks = [
            _line("link", place, reported, middle),
            _line("range", place, axis.at(true.low / 1e6), axis.at(true.high / 1e6)),
            *marks,
            f'<circle class="true" cx="{middle}" cy="{place}" r="3.2"/>',
        ]
    kind = "run" if run.pair else "run warmup"
    return f'<g class="{kind}"><title>{shown}{"" if run.pair else " (warm-up)"}</title>{"".join(marks)}</g>'


def _ratio(axis: Axis, y: float, each: ArmsCompared) -> str:
    true, place = each.true, number(y + 12)
    shown = f"{clean(each.job)}: {clean(each.candidate)}"
    label = shortened(f"{each.job}: {each.candidate}", LETTERS - len(true.verdict) - 3)
    marks = [_text(LEFT, y, f"{clean(label)} – {true.verdict}", "arm")]
    if true.low is not None and true.high is not None and true.chance is not None:
        inner = [axis.at(true.ratio * math.exp(sign * true.chance)) for sign in (-1, 1)]
        marks += [
            _line("range", place, axis.at(true.low), axis.at(true.high)),
            _line("chance", place, *inner),
        ]
    reported = axis.at(each.reported.ratio)
    marks += [
        f'<path class="reported" d="M{reported} {place}m-3.5 -3.5h7v7h-7z"/>',
        f'<circle class="true" cx="{axis.at(true.ratio)}" cy="{place}" r="4"/>',
    ]
    return f'<g class="run"><title>{shown}: {true.ratio:.3f} times</title>{"".join(marks)}</g>'


def _line(kind: str, y: str, first: str, last: str) -> str:
    return f'<line class="{kind}" x1="{first}" x2="{last}" y1="{y}" y2="{y}"/>'


def _axis(axis: Axis, y: float, labels: t.Sequence[str], unit: str) -> str:
    parts = [_line("axis", number(y), str(LEFT), str(RIGHT))]
    for tick, label in zip(axis.ticks(), labels, strict=True):
        place = axis.at(tick)
        parts.append(f'<line class="axis" x1="{place}" x2="{place}" y1="{number(y)}" y2="{number(y + 4)}"/>')
        parts.append(_text(place, y + LETTER + 5, label, "tick"))
    parts.append(_text(RIGHT, y + 2 * LETTER + 8, unit, "unit"))
    return "".join(parts)


def _text(x: t.Any, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{number(y)}">{text}</text>'


def _svg(identity: str, title: str, told: str, height: float, parts: t.Sequence[str]) -> str:
    inner = "".join(f"{part}\n" for part in parts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {number(height)}" role="img" aria-labelledby="{identity}-title {identity}-told">\n'
        f'<title id="{identity}-title">{clean(title)}</title>\n'
        f'<desc id="{identity}-told">{told}</desc>\n{inner}</svg>\n'
    )


__all__ = ["ratio_chart", "runs_chart"]
