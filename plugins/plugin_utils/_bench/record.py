# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The frozen record of one raw run: one line of a JSON Lines file. Bytes and seconds, no other units.

A record never changes after it was written, so that every later table can be made anew from the raw runs.
"""

from __future__ import annotations

import dataclasses
import json
import math
import typing as t

from ...module_utils._common.errors import InvalidRequest
from .interval import Interval

# Raised when a field changes its meaning or goes away; readers refuse what is newer than they are.
SCHEMA = 1
VERDICTS = ("pass", "fail", "unresolved", "invalid")


@dataclasses.dataclass(frozen=True)
class Clock:
    """What the pings around the run say about the clock that the engine used.

    verdict: pass (rate wholly within the tolerance of 1), fail (wholly outside), unresolved (neither), or invalid
             (no single rate explains the pings: a step, or the machine stood still or moved).
    reason:  the verdict in words.
    rate:    target seconds for one true second, over the whole run. None where invalid.
    idle_rate: the same while the target did nothing, before and after the run.
    pings:   answers used.
    """

    verdict: str
    reason: str
    rate: t.Optional[Interval]
    idle_rate: t.Optional[Interval]
    pings: int
    tolerance: float

    def public(self) -> dict[str, t.Any]:
        """Plain JSON types."""
        return t.cast("dict[str, t.Any]", _plain(dataclasses.asdict(self)))


@dataclasses.dataclass(frozen=True)
class Cpu:
    """CPU seconds spent for the run. None: not measured.

    target:     by the engine, by the target's own clock; warped like it.
    hypervisor: by the guest's domain or process and the driver domain, less what they use idle, by the hypervisor's
                clock.
    """

    target_seconds: t.Optional[float] = None
    target_seconds_per_gib: t.Optional[float] = None
    hypervisor_seconds: t.Optional[float] = None
    hypervisor_seconds_per_gib: t.Optional[float] = None


@dataclasses.dataclass(frozen=True)
class Record:
    """One job of a profile, run once.

    run_id:   names the experiment; with slot and job it is the run's identity, so nothing is counted twice.
    slot:     the place in the experiment's order, such as pair-0003-emulated.
    arm:      what is compared.
    pair:     number of the pair that it counts for, from 1; 0 for a warm-up, which never counts.
    position: how many slots of the experiment ran before it, in the order in which they really ran.
    host:     inventory name of the target.
    started:  by the controller's clock, ISO 8601 in UTC. For history; nothing is computed from it.
    reported_seconds: how long the input and output took by the target's clock.
    true_seconds: how long it took, by the controller's clock. None where the clock's verdict is invalid.
    latency_seconds: percentile -> seconds, by the target's clock.
    proof:    what was measured: driver bound to the disk, cache mode, file system, kernel, clock source.
    versions: of the engine, of this collection.
    """

    run_id: str
    slot: str
    arm: str
    pair: int
    position: int
    host: str
    started: str
    profile: str
    job: str
    engine: str
    bytes: int
    operations: int
    reported_seconds: float
    true_seconds: t.Optional[Interval]
    clock: Clock
    cpu: Cpu = Cpu()
    latency_seconds: t.Mapping[str, float] = dataclasses.field(default_factory=dict)
    proof: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    versions: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def key(self) -> tuple[str, str, str]:
        return self.run_id, self.slot, self.job

    @property
    def reported_bytes_per_second(self) -> float:
        return self.bytes / self.reported_seconds

    @property
    def true_bytes_per_second(self) -> t.Optional[Interval]:
        if self.true_seconds is None:
            return None
        return Interval(self.bytes / self.true_seconds.high, self.bytes / self.true_seconds.low)

    @property
    def inflation(self) -> t.Optional[Interval]:
        """How many times too fast the target's numbers are: true over reported time."""
        if self.true_seconds is None:
            return None
        return Interval(self.true_seconds.low / self.reported_seconds, self.true_seconds.high / self.reported_seconds)

    @property
    def clock_error(self) -> t.Optional[float]:
        """Half-width of the true time on the log scale: systematic, so it is added to an interval, not averaged."""
        return None if self.true_seconds is None else self.true_seconds.half_width

    def public(self) -> dict[str, t.Any]:
        """Plain JSON types. What follows from the other fields is written too, for readers that only read."""
        result = dataclasses.asdict(self)
        for name in ("reported_bytes_per_second", "true_bytes_per_second", "inflation"):
            result[name] = getattr(self, name)
        return _plain(result)


# Derived fields: written for readers, ignored when read.
DERIVED = ("reported_bytes_per_second", "true_bytes_per_second", "inflation")


def to_line(record: Record) -> str:
    """One line of JSON with its newline."""
    return json.dumps(record.public(), sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def from_line(line: str, where: str) -> Record:
    """The record of one line. where: file and line number, for the error. Raises InvalidRequest."""
    hint = "restore the file, or take the line out; the other runs stay good"
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise InvalidRequest(where, f"is not JSON: {error}", hint) from error
    try:
        return from_mapping(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest(where, f"is no record of a run: {error}", hint) from error


def from_mapping(fields: t.Mapping[str, t.Any]) -> Record:
    """The record of what ``public`` returned. Raises ValueError or TypeError where it is none."""
    if not isinstance(fields, dict):
        raise ValueError("a JSON object is wanted")
    schema = fields.get("schema")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise ValueError(f"its schema is {schema}, and this collection reads up to {SCHEMA}")
    clock = dict(fields["clock"])
    for name in ("rate", "idle_rate"):
        clock[name] = _interval(clock.get(name))
    values = {
        **{name: value for name, value in fields.items() if name not in DERIVED},
        "true_seconds": _interval(fields.get("true_seconds")),
        "clock": Clock(**clock),
        "cpu": Cpu(**fields.get("cpu", {})),
    }
    record = Record(**values)
    problem = problem_of(record)
    if problem:
        raise ValueError(problem)
    return record


def problem_of(record: Record) -> str:
    """What is wrong with a record, in words; empty where nothing is."""
    texts = (record.run_id, record.slot, record.arm, record.host, record.started, record.profile, record.job)
    if not all(isinstance(text, str) and text for text in (*texts, record.engine)):
        return "run_id, slot, arm, host, started, profile, job and engine must be text and not empty"
    whole = (record.pair, record.position, record.bytes, record.operations)
    if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in whole):
        return "pair, position, bytes and operations must be whole numbers, 0 or more"
    if record.bytes == 0 or not _positive(record.reported_seconds):
        return "bytes and reported_seconds must be more than 0"
    if record.clock.verdict not in VERDICTS:
        return f"the clock's verdict is '{record.clock.verdict}', none of {', '.join(VERDICTS)}"
    if (record.clock.verdict == "invalid") != (record.true_seconds is None):
        return "true_seconds is absent where the clock's verdict is invalid, and only there"
    for name, interval in (("true_seconds", record.true_seconds), ("clock.rate", record.clock.rate)):
        if interval is not None and (interval.empty or not all(map(_positive, interval))):
            return f"{name} must be two numbers above 0, the lower one first"
    return ""


def _positive(value: t.Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _interval(value: t.Any) -> t.Optional[Interval]:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"low", "high"}:
        raise ValueError(f"{value!r} is no interval of low and high")
    return Interval(value["low"], value["high"])


def _plain(value: t.Any) -> t.Any:
    if isinstance(value, Interval):
        return {"low": value.low, "high": value.high}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


__all__ = ["SCHEMA", "VERDICTS", "Clock", "Cpu", "Record", "from_line", "from_mapping", "problem_of", "to_line"]
