# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The arms of an experiment beside each other: which runs count, and whether the arms did the same work."""

from __future__ import annotations

import itertools
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import comparison, series
from .comparison import Comparison, Sample
from .record import Record


class LeftOut(t.NamedTuple):
    """A run that does not count, and why."""

    record: Record
    reason: str


class ArmsCompared(t.NamedTuple):
    """One job of one experiment.

    true:     by the controller's clock, its error added.
    reported: by the targets' own clocks, as if they were right.
    pairs:    the runs that count, baseline and candidate, in the order of the pairs.
    outliers: number of the pair -> "mild" or "severe"; they count like all others.
    unsteady: arms whose last runs are not steady.
    differing: what of the proof differs between the arms: name -> values of the baseline and of the candidate.
    """

    run_id: str
    profile: str
    job: str
    baseline: str
    candidate: str
    true: Comparison
    reported: Comparison
    pairs: list[tuple[Record, Record]]
    left_out: list[LeftOut]
    outliers: dict[int, str]
    unsteady: list[str]
    differing: dict[str, tuple[list[str], list[str]]]

    @property
    def misleading(self) -> bool:
        """Whether the targets' own clocks give a ratio that cannot be the true one."""
        low, high = self.true.low, self.true.high
        return low is not None and high is not None and not low <= self.reported.ratio <= high


def compare(
    records: t.Sequence[Record], baseline: str, candidates: t.Sequence[str], margin: float
) -> list[ArmsCompared]:
    """Each job of each experiment, each candidate beside the baseline; candidates empty: all other arms.

    Raises InvalidRequest.
    """
    _check_arms(records, [baseline, *candidates])
    found = []
    for (run_id, profile, job), group in itertools.groupby(sorted(records, key=_job), key=_job):
        runs = list(group)
        there = list(dict.fromkeys(run.arm for run in sorted(runs, key=lambda run: run.position)))
        if baseline not in there:
            continue
        for candidate in candidates or [arm for arm in there if arm != baseline]:
            if candidate in there:
                two = [run for run in runs if run.arm in (baseline, candidate)]
                found.append(_compared(f"{run_id}, {profile}, {job}", two, baseline, candidate, margin))
    if not found:
        raise InvalidRequest(
            f"arms {', '.join([baseline, *candidates])}",
            "no experiment holds runs of both",
            "name arms of one experiment",
        )
    return found


def _compared(what: str, runs: t.Sequence[Record], baseline: str, candidate: str, margin: float) -> ArmsCompared:
    counted, left_out = _counted(runs)
    pairs, halves = _pairs(counted, baseline, candidate)
    if not pairs:
        reasons = sorted({each.reason for each in (*left_out, *halves)})
        raise InvalidRequest(
            what, f"no pair of {baseline} and {candidate} counts ({'; '.join(reasons)})", "run more pairs"
        )
    _check_work(what, pairs)
    true = comparison.paired(*_sides(pairs, true_sample), margin)
    reported = comparison.paired(*_sides(pairs, _reported), margin)
    first = pairs[0][0]
    flags = series.outliers([true_sample(b).value / true_sample(a).value for a, b in pairs])
    return ArmsCompared(
        run_id=first.run_id,
        profile=first.profile,
        job=first.job,
        baseline=baseline,
        candidate=candidate,
        true=true,
        reported=reported,
        pairs=pairs,
        left_out=[*left_out, *halves],
        outliers={a.pair: flag for (a, _b), flag in zip(pairs, flags, strict=True) if flag},
        unsteady=[
            arm
            for arm, side in zip((baseline, candidate), _sides(pairs, true_sample), strict=True)
            if len(side) >= series.WINDOW and not series.steady([each.value for each in side[-series.WINDOW :]])
        ],
        differing=_differing(pairs),
    )


def _counted(runs: t.Sequence[Record]) -> tuple[list[Record], list[LeftOut]]:
    counted, left_out = [], []
    for run in runs:
        if run.pair == 0:
            continue
        if run.true_seconds is None:
            left_out.append(LeftOut(run, f"its clock is invalid: {run.clock.reason}"))
        else:
            counted.append(run)
    return counted, left_out


def _pairs(
    counted: t.Sequence[Record], baseline: str, candidate: str
) -> tuple[list[tuple[Record, Record]], list[LeftOut]]:
    sides: dict[str, dict[int, Record]] = {baseline: {}, candidate: {}}
    for run in counted:
        other = sides[run.arm].setdefault(run.pair, run)
        if other is not run:
            raise InvalidRequest(
                f"{run.run_id}, pair {run.pair}",
                f"arm {run.arm} has two runs for it",
                "give each experiment its own run_id",
            )
    both = sorted(sides[baseline].keys() & sides[candidate].keys())
    halves = [
        LeftOut(run, "the other run of its pair does not count")
        for side in sides.values()
        for pair, run in sorted(side.items())
        if pair not in both
    ]
    return [(sides[baseline][pair], sides[candidate][pair]) for pair in both], halves


def _check_arms(records: t.Sequence[Record], arms: t.Sequence[str]) -> None:
    there = sorted({run.arm for run in records})
    for arm in arms:
        if arm not in there:
            raise InvalidRequest(f"arm {arm}", "there are no runs of it", f"take one of: {', '.join(there) or 'none'}")
    if arms[0] in arms[1:]:
        raise InvalidRequest(f"arm {arms[0]}", "it is to be compared with itself", "name two different arms")


def _check_work(what: str, pairs: t.Sequence[tuple[Record, Record]]) -> None:
    """Arms that did different work cannot be compared, however their rates look."""
    for name in ("bytes", "engine"):
        values = sorted({str(getattr(run, name)) for pair in pairs for run in pair})
        if len(values) > 1:
            raise InvalidRequest(
                what,
                f"the runs did different work ({name}: {', '.join(values)})",
                "run all arms with the same fixed work",
            )


def _differing(pairs: t.Sequence[tuple[Record, Record]]) -> dict[str, tuple[list[str], list[str]]]:
    sides = list(zip(*[(_proof(a), _proof(b)) for a, b in pairs], strict=True))
    found = {}
    for name in sorted({name for side in sides for proof in side for name in proof}):
        first, second = (sorted({proof.get(name, "") for proof in side}) for side in sides)
        if first != second:
            found[name] = (first, second)
    return found


def _proof(run: Record) -> dict[str, str]:
    versions = {f"{name} version": value for name, value in run.versions.items()}
    return {name: str(value) for name, value in {**versions, **run.proof, "host": run.host}.items()}


def _sides(
    pairs: t.Sequence[tuple[Record, Record]], sample: t.Callable[[Record], Sample]
) -> tuple[list[Sample], list[Sample]]:
    return [sample(a) for a, _b in pairs], [sample(b) for _a, b in pairs]


def true_sample(run: Record) -> Sample:
    """The run's throughput by the controller's clock. Only for a run whose clock is not invalid."""
    throughput = run.true_bytes_per_second
    if throughput is None:
        raise ValueError(f"{run.key} has no true time")
    return Sample(throughput.middle, throughput.half_width)


def _reported(run: Record) -> Sample:
    return Sample(run.reported_bytes_per_second)


def _job(run: Record) -> tuple[str, str, str]:
    return run.run_id, run.profile, run.job


__all__ = ["ArmsCompared", "LeftOut", "compare", "true_sample"]
