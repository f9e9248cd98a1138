# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Raw runs for other programs: CSV for spreadsheets, Prometheus' text format for node_exporter's textfile collector."""

from __future__ import annotations

import csv
import io
import typing as t

from . import regression
from .interval import Interval
from .record import Record

# Units stand in the names; an interval takes two columns.
COLUMNS = (
    "run_id",
    "slot",
    "job",
    "profile",
    "arm",
    "pair",
    "position",
    "host",
    "started",
    "engine",
    "bytes",
    "operations",
    "reported_seconds",
    "true_seconds_low",
    "true_seconds_high",
    "reported_bytes_per_second",
    "true_bytes_per_second_low",
    "true_bytes_per_second_high",
    "inflation_low",
    "inflation_high",
    "clock_verdict",
    "clock_rate_low",
    "clock_rate_high",
    "target_cpu_seconds",
    "hypervisor_cpu_seconds",
)
# A spreadsheet takes a cell that begins so for a formula and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PREFIX = "homevirt_bench_"


class Metric(t.NamedTuple):
    """value: the metric's value for a run, by further labels; no entry where it was not measured."""

    name: str
    help: str
    value: t.Callable[[Record], dict[tuple[tuple[str, str], ...], float]]


def to_csv(records: t.Sequence[Record]) -> str:
    """One line for each run, with a header, as RFC 4180 has it but for the line ends, which are those of Unix."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in records:
        values = _columns(run)
        writer.writerow([_cell(values[name]) for name in COLUMNS])
    return text.getvalue()


def to_prometheus(records: t.Sequence[Record]) -> str:
    """The newest run, warm-ups aside, of each host, arm and job. No time stamps, which the collector refuses."""
    newest: dict[tuple[str, str, str, str], Record] = {}
    for run in sorted(records, key=_age):
        if run.pair > 0:
            newest[run.host, run.arm, run.profile, run.job] = run
    lines = []
    for metric in METRICS:
        samples = [
            f"{PREFIX}{metric.name}{_labels(run, extra)} {value!r}"
            for _key, run in sorted(newest.items())
            for extra, value in metric.value(run).items()
        ]
        if samples:
            lines += [f"# HELP {PREFIX}{metric.name} {metric.help}", f"# TYPE {PREFIX}{metric.name} gauge", *samples]
    return "".join(f"{line}\n" for line in lines)


def _columns(run: Record) -> dict[str, t.Any]:
    values: dict[str, t.Any] = {name: getattr(run, name, None) for name in COLUMNS}
    for name, interval in (
        ("true_seconds", run.true_seconds),
        ("true_bytes_per_second", run.true_bytes_per_second),
        ("inflation", run.inflation),
        ("clock_rate", run.clock.rate),
    ):
        values[f"{name}_low"], values[f"{name}_high"] = interval or (None, None)
    values["clock_verdict"] = run.clock.verdict
    values["target_cpu_seconds"] = run.cpu.target_seconds
    values["hypervisor_cpu_seconds"] = run.cpu.hypervisor_seconds
    return values


def _cell(value: t.Any) -> t.Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _age(run: Record) -> tuple[t.Any, ...]:
    return regression.moment(run.started, " ".join(run.key)), run.run_id, run.position


def _labels(run: Record, extra: tuple[tuple[str, str], ...]) -> str:
    labels = (("host", run.host), ("arm", run.arm), ("profile", run.profile), ("job", run.job), *extra)
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _bounds(interval: t.Optional[Interval]) -> dict[tuple[tuple[str, str], ...], float]:
    if interval is None:
        return {}
    return {(("bound", name),): float(value) for name, value in interval._asdict().items()}


def _single(value: t.Optional[float]) -> dict[tuple[tuple[str, str], ...], float]:
    return {} if value is None else {(): float(value)}


METRICS = (
    Metric(
        "reported_bytes_per_second",
        "Throughput of the newest run by the target's own clock.",
        lambda run: _single(run.reported_bytes_per_second),
    ),
    Metric(
        "true_bytes_per_second",
        "Throughput of the newest run by the controller's clock, between these bounds.",
        lambda run: _bounds(run.true_bytes_per_second),
    ),
    Metric("reported_seconds", "Duration by the target's own clock.", lambda run: _single(run.reported_seconds)),
    Metric(
        "true_seconds",
        "Duration by the controller's clock, between these bounds.",
        lambda run: _bounds(run.true_seconds),
    ),
    Metric("transferred_bytes", "Bytes read and written by the run.", lambda run: _single(run.bytes)),
    Metric(
        "clock_rate_ratio",
        "Seconds of the target's clock in one true second, between these bounds.",
        lambda run: _bounds(run.clock.rate),
    ),
    Metric(
        "clock_trusted",
        "1 where the audit of the target's clock passed, else 0.",
        lambda run: _single(run.clock.verdict == "pass"),
    ),
    Metric(
        "hypervisor_cpu_seconds",
        "CPU time that the hypervisor spent on the run.",
        lambda run: _single(run.cpu.hypervisor_seconds),
    ),
    Metric(
        "run_timestamp_seconds",
        "When the newest run began, by the controller's clock.",
        lambda run: _single(_age(run)[0].timestamp()),
    ),
)

__all__ = ["COLUMNS", "to_csv", "to_prometheus"]
