# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The report: one HTML file that needs nothing else, and is the same to the byte for the same runs."""

from __future__ import annotations

import itertools
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import findings
from .arms import ArmsCompared
from .record import Record
from .report_chart import ratio_chart, runs_chart
from .report_style import STYLE
from .report_text import clean, megabytes

# Should a hostile name ever get past the escaping, the browser still runs and loads nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
MARK = '<svg class="key" viewBox="0 0 10 10" aria-hidden="true">{}</svg>'
TRUE = MARK.format('<circle class="true" cx="5" cy="5" r="4"/>') + "true, by the controller's clock"
REPORTED = MARK.format('<path class="reported" d="M1.5 1.5h7v7h-7z"/>') + "reported, by the target's own clock"
WARMUP = "pale and dashed: a warm-up, which does not count"
HOW_TO_READ = (
    "All arms do the same fixed work, so the time it takes is the only unknown. The arms take turns (ABBA), so that a "
    "slow change of the machine hits them alike. A pair is one run of each arm, one after the other.",
    "The interval holds the true ratio in 95 of 100 such experiments. Its thick part is chance, which shrinks with "
    "more pairs; the thin ends are the clocks' error, which shrinks with longer runs.",
    "faster, slower: the whole interval lies on one side of 1. equivalent: the whole interval lies within the margin. "
    "clock-limited: the clocks are less certain than the difference is large. inconclusive: none of these.",
    "Outliers are marked and kept: leaving out what does not please is how wrong answers are made.",
)


def page(title: str, records: t.Sequence[Record], compared: t.Sequence[ArmsCompared]) -> str:
    """The whole file. Raises InvalidRequest where there is nothing to show."""
    if not records:
        raise InvalidRequest("the report", "there are no runs to show", "name files that hold runs")
    days = sorted(run.started for run in records)
    hosts = ", ".join(sorted({run.host for run in records}))
    body = [
        f"<h1>{clean(title)}</h1>\n",
        f'<p class="quiet">{len(records)} runs on {clean(hosts)}, {clean(days[0])} to {clean(days[-1])}</p>\n',
        _verdicts(compared),
    ]
    for index, (key, group) in enumerate(itertools.groupby(sorted(records, key=_job), key=_job), 1):
        body.append(_section(f"job{index}", key, list(group)))
    body += [_measured(records), "<h2>How to read this</h2>\n", _list(HOW_TO_READ)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{clean(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{''.join(body)}</main>\n</body>\n</html>\n"
    )


def _verdicts(compared: t.Sequence[ArmsCompared]) -> str:
    parts = []
    for index, (run_id, group) in enumerate(itertools.groupby(compared, key=lambda each: each.run_id), 1):
        found = list(group)
        heading = f"Did it help? {clean(found[0].candidate)} beside {clean(found[0].baseline)}"
        if len({each.candidate for each in found}) > 1:
            heading = f"Did it help? All arms beside {clean(found[0].baseline)}"
        parts.append(f'<h2>{heading}</h2>\n<p class="quiet">Experiment {clean(run_id)}</p>\n')
        for each in found:
            parts.append(f'<p class="verdict">{clean(findings.arms_sentence(each))}</p>\n')
        parts.append(ratio_chart(f"ratio{index}", f"How many times as fast as {found[0].baseline}", found))
        margin = f"shaded: the margin of {found[0].true.margin:.3g}, within which a difference does not matter"
        parts.append(_legend(TRUE, REPORTED, margin))
        parts += [f'<p class="warning">{clean(warning)}</p>\n' for each in found for warning in findings.warnings(each)]
        marked = [
            f"{each.job}: pair {pair} is {flag}" for each in found for pair, flag in sorted(each.outliers.items())
        ]
        if marked:
            parts.append(f"<p>Outliers, kept: {clean('; '.join(marked))}.</p>\n")
    return "".join(parts)


def _section(identity: str, key: tuple[str, str, str], runs: list[Record]) -> str:
    run_id, profile, job = key
    ordered = sorted(runs, key=lambda run: (run.position, run.arm))
    rows = [
        [
            str(run.pair) if run.pair else "warm-up",
            clean(run.arm),
            megabytes(run.true_bytes_per_second.middle) if run.true_bytes_per_second else "–",
            megabytes(run.reported_bytes_per_second),
            run.clock.verdict,
        ]
        for run in ordered
    ]
    heading = ("pair", "arm", "true", "reported", "clock")
    return (
        f"<h2>{clean(job)}</h2>\n"
        f'<p class="quiet">Profile {clean(profile)}, experiment {clean(run_id)}, '
        f"{ordered[0].bytes / 2**20:.4g} MiB a run, engine {clean(ordered[0].engine)}</p>\n"
        f"{runs_chart(identity, f'Every run of {job}', ordered)}"
        f"{_legend(TRUE, REPORTED, WARMUP)}"
        "<details open><summary>All runs in figures</summary>\n"
        f"{_table(f'Runs of {clean(job)}, in MB/s', heading, rows, {1: 'name', 2: 'figure', 3: 'figure'})}</details>\n"
    )


def _measured(records: t.Sequence[Record]) -> str:
    """What was really measured, arm by arm, as the runs themselves recorded it."""
    found: dict[str, dict[str, set[str]]] = {}
    arms = sorted({run.arm for run in records})
    for run in records:
        versions = {f"{name} version": value for name, value in run.versions.items()}
        for name, value in {"host": run.host, **run.proof, **versions}.items():
            found.setdefault(name, {}).setdefault(run.arm, set()).add(str(value))
    rows = [
        [clean(name), *(", ".join(map(clean, sorted(values.get(arm, ())))) or "–" for arm in arms)]
        for name, values in sorted(found.items())
    ]
    kinds = dict.fromkeys(range(len(arms) + 1), "name")
    table = _table("Each arm as its runs recorded it", ("what", *map(clean, arms)), rows, kinds)
    return f"<h2>What was measured</h2>\n{table}"


def _table(
    caption: str, heading: t.Sequence[str], rows: t.Sequence[t.Sequence[str]], kinds: t.Mapping[int, str]
) -> str:
    """kinds: number of a column -> "figure" (to the right, never broken) or "name" (broken anywhere to fit)."""

    def cells(row: t.Sequence[str], tag: str) -> str:
        classes = [f' class="{kinds[index]}"' if index in kinds else "" for index in range(len(row))]
        scope = ' scope="col"' if tag == "th" else ""
        return "".join(f"<{tag}{scope}{kind}>{cell}</{tag}>" for kind, cell in zip(classes, row, strict=True))

    lines = "".join(f"<tr>{cells(row, 'td')}</tr>\n" for row in rows)
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead><tr>{cells(heading, 'th')}</tr></thead>\n"
        f"<tbody>\n{lines}</tbody>\n</table>\n"
    )


def _legend(*items: str) -> str:
    return '<p class="quiet">' + " ".join(f'<span class="item">{item}</span>' for item in items) + "</p>\n"


def _list(items: t.Sequence[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{clean(item)}</li>\n" for item in items) + "</ul>\n"


def _job(run: Record) -> tuple[str, str, str]:
    return run.run_id, run.profile, run.job


__all__ = ["page"]
