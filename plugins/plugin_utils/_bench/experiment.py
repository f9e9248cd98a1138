# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""One experiment: its order, its runs under pings, its records. Resumes where it was cut off."""

from __future__ import annotations

import datetime
import itertools
import statistics
import time
import typing as t

from ...module_utils._bench.arguments import Request
from ...module_utils._bench.profile import GIB, Job
from . import design, probe
from .record import Cpu, Record
from .store import Store
from .transport import Conversation

# Long enough for clocks that count CPU in tenths of a second.
IDLE_SECONDS = 2.0
# A probe that waits for others' jobs counts by its own clock, which may be that many times too fast.
FASTEST_CLOCK = 10.0


class Setting(t.NamedTuple):
    """How everything is measured alike."""

    run_id: str
    io_engine: str
    direct: bool
    tolerance: float
    timeout: float

    @property
    def lease(self) -> float:
        """Seconds for which a probe may not be spoken to while a job runs elsewhere."""
        return self.timeout * FASTEST_CLOCK


class Meter:
    """CPU and disk traffic of the guest by its hypervisor. idle: CPU seconds a second when nothing is measured."""

    def __init__(self, channel: Conversation, kind: str, guest: str) -> None:
        self._channel = channel
        self._guest = {"kind": kind, "guest": guest}
        self.idle = 0.0

    def settle(self, lease: float) -> None:
        """Take the idle rate, over a while in which nothing is measured."""
        self._channel.ask("lease", seconds=lease)
        before = self.read()["cpu_seconds"]
        time.sleep(IDLE_SECONDS)
        self.idle = (self.read()["cpu_seconds"] - before) / IDLE_SECONDS

    def read(self) -> dict[str, t.Any]:
        return self._channel.ask("cpu", **self._guest)


class Target(t.NamedTuple):
    """A host that arms are on, and what the survey found there. meter: None where no hypervisor is known."""

    host: str
    channel: Conversation
    program: str
    proof: t.Mapping[str, t.Any]
    versions: t.Mapping[str, str]
    meter: t.Optional[Meter] = None


def surveyed(name: str, channel: Conversation, request: Request, io_engine: str) -> Target:
    """Another host than the task's, looked at by its probe. Raises FleetError."""
    arms = [arm._asdict() for arm in request.arms if arm.host == name]
    found = channel.ask("survey", arms=arms, io_engine=io_engine)
    return Target(name, channel, found["program"], found["proof"], found["versions"])


def order(arms: t.Sequence[str], pairs: int, warmup: int, done: t.Collection[str]) -> list[design.Slot]:
    """As design.abba, also for a single arm, which has nothing to alternate with."""
    if len(arms) > 1:
        return list(design.abba(arms, pairs, warmup, done))
    counted = [design.Slot(f"pair-{number:04d}-{arms[0]}", arms[0], number) for number in range(1, pairs + 1)]
    left = [slot for slot in counted if slot.name not in done]
    warm = [design.Slot(f"warmup-{number:04d}-{arms[0]}", arms[0], 0) for number in _fresh(done, warmup if left else 0)]
    return [*warm, *left]


def remaining(
    records: t.Sequence[Record], request: Request, pairs: int, warmup: int
) -> list[tuple[design.Slot, list[Job]]]:
    """The slots that are still to be run, each with the jobs of it that are."""
    done = {(record.slot, record.job) for record in records}
    names = [job.name for job in request.jobs]
    slots = {slot for slot, _job in done}
    whole = {slot for slot in slots if slot.startswith("warmup-") or all((slot, name) in done for name in names)}
    return [
        (slot, [job for job in request.jobs if (slot.name, job.name) not in done])
        for slot in order([arm.name for arm in request.arms], pairs, warmup, whole)
    ]


class Experiment:
    """targets: of each arm by name. tell: is called with one line for a person after each run."""

    def __init__(
        self, targets: t.Mapping[str, Target], setting: Setting, store: Store, tell: t.Callable[[str], None]
    ) -> None:
        self._targets = targets
        self._all = {target.host: target for target in targets.values()}
        self._setting = setting
        self._store = store
        self._tell = tell
        self._ticks: dict[str, float] = {}
        self._spans: dict[tuple[str, str], list[float]] = {}

    def run(self, request: Request, todo: t.Sequence[tuple[design.Slot, t.Sequence[Job]]]) -> None:
        """Run all that is to do; every run is stored as soon as it is done. Raises FleetError."""
        for host, target in self._all.items():
            self._ticks[host] = target.channel.ask("tick")["seconds"]
            if len(self._all) > 1:
                target.channel.ask("lease", seconds=self._setting.lease)
        places = {arm.name: arm.place for arm in request.arms}
        for arm in dict.fromkeys(slot.arm for slot, _jobs in todo):
            target = self._targets[arm]
            self._tell(f"{target.host}: {arm}: writing the file of {request.size / 1e6:.0f} MB")
            target.channel.ask("open", self._setting.timeout, arm=arm, place=places[arm]._asdict())
        position = len({record.slot for record in self._store.records})
        runs = [(slot, job) for slot, jobs in todo for job in jobs]
        positions = {slot.name: position + number for number, (slot, _jobs) in enumerate(todo)}
        for number, (slot, job) in enumerate(runs):
            record = self._measure(request.profile, slot, job, positions[slot.name])
            self._store.add(record)
            self._tell(f"{record.host}: {_in_words(record)}, {self._left(runs[number + 1 :])}")

    def _measure(self, profile: str, slot: design.Slot, job: Job, position: int) -> Record:
        setting, target = self._setting, self._targets[slot.arm]
        meter = target.meter
        for other in self._all.values():
            if other is not target:
                # It has waited for a job, and is to wait for the next.
                other.channel.ping()
        started = datetime.datetime.now(datetime.timezone.utc)
        before = meter.read() if meter else None
        timed = probe.timed(
            target.channel,
            self._ticks[target.host],
            setting.tolerance,
            setting.timeout,
            "job",
            arm=slot.arm,
            job=job._asdict(),
            program=target.program,
            engine=setting.io_engine,
            direct=setting.direct,
        )
        after = meter.read() if meter else None
        span = (datetime.datetime.now(datetime.timezone.utc) - started).total_seconds()
        self._spans.setdefault((slot.arm, job.name), []).append(span)
        outcome = timed.answer["outcome"]
        return Record(
            run_id=setting.run_id,
            slot=slot.name,
            arm=slot.arm,
            pair=slot.pair,
            position=position,
            host=target.host,
            started=started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            profile=profile,
            job=job.name,
            engine="fio",
            bytes=outcome["bytes"],
            operations=outcome["operations"],
            reported_seconds=outcome["seconds"],
            true_seconds=timed.seconds,
            clock=timed.clock,
            cpu=_cpu(timed, job, before, after, meter.idle * span if meter else 0.0),
            latency_seconds=outcome["latency_seconds"],
            proof={
                **target.proof[slot.arm],
                "job": job._asdict(),
                "io_engine": setting.io_engine,
                "direct": setting.direct,
                **_traffic(before, after),
            },
            versions=target.versions,
        )

    def _left(self, runs: t.Sequence[tuple[design.Slot, Job]]) -> str:
        if not runs:
            return "done"
        known = list(itertools.chain.from_iterable(self._spans.values()))
        seconds = sum(statistics.fmean(self._spans.get((slot.arm, job.name), known)) for slot, job in runs)
        minutes, rest = divmod(round(seconds), 60)
        return f"{len(runs)} runs and about {minutes}:{rest:02d} min left"


def _fresh(done: t.Collection[str], count: int) -> range:
    first = max((int(match[1]) for match in map(design.WARMUP.match, done) if match), default=0) + 1
    return range(first, first + count)


def _cpu(
    timed: probe.Timed,
    job: Job,
    before: t.Optional[t.Mapping[str, t.Any]],
    after: t.Optional[t.Mapping[str, t.Any]],
    idle: float,
) -> Cpu:
    gib = job.work / GIB
    target = timed.answer["cpu_seconds"]
    if before is None or after is None:
        return Cpu(target, target / gib)
    above = after["cpu_seconds"] - before["cpu_seconds"] - idle
    return Cpu(target, target / gib, above, above / gib)


def _traffic(before: t.Optional[t.Mapping[str, t.Any]], after: t.Optional[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """What the guest's process really had from its disks: far less than the job's bytes means the host's page cache."""
    if before is None or after is None or before["read_bytes"] is None:
        return {}
    return {f"hypervisor_{name}": after[name] - before[name] for name in ("read_bytes", "written_bytes")}


def _in_words(record: Record) -> str:
    true = record.true_bytes_per_second
    speed = f"{true.middle / 1e6:.1f} MB/s true" if true else "not to be timed"
    where = f"pair {record.pair}" if record.pair else "warm-up"
    return (
        f"{where}, {record.arm}, {record.job}: {speed}, {record.reported_bytes_per_second / 1e6:.1f} reported, "
        f"clock {record.clock.verdict}"
    )


__all__ = ["IDLE_SECONDS", "Experiment", "Meter", "Setting", "remaining"]
