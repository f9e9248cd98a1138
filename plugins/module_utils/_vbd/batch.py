# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Many disks in one call, of which some fail: all of them are one transaction, or each is one (``on_error``)."""

from __future__ import annotations

import typing as t

from .._common import interrupts
from .._common.errors import FleetError
from .._common.plan import Failure, Progress
from . import engine, image, mounting, verify
from .diskspec import DiskRequest
from .mounting import MountRequest
from .work import Work

ROLLBACK_ALL, KEEP_GOOD = "rollback_all", "keep_good"
Request = t.TypeVar("Request", DiskRequest, MountRequest)
Planned = t.TypeVar("Planned")


class Batch:
    """One call. failures: {image as the user named it: why it failed}, filled with keep_good only."""

    def __init__(self, work: Work, on_error: str) -> None:
        self.work = work
        self.apart = on_error == KEEP_GOOD
        self.failures: dict[str, FleetError] = {}
        self.asked = 0

    def plan(
        self, wanted: t.Sequence[Request], planner: t.Callable[[Work, t.Sequence[Request]], Planned]
    ) -> tuple[t.Sequence[Request], Planned]:
        """Plan, without those that cannot be planned; return the others, and what the planner says of them.

        Raises FleetError where all are one transaction, and where disks that could be planned alone contradict others.
        """
        self.asked = len({_disk(request).image for request in wanted})
        try:
            return wanted, planner(self.work, wanted)
        except FleetError:
            if not self.apart:
                raise
        good: list[Request] = []
        for same in _by_image(wanted):
            self.work.forget_plan()
            try:
                planner(self.work, same)
                good += same
            except FleetError as error:
                self.failures.update({_disk(request).image: error for request in same})
        self.work.forget_plan()
        return good, planner(self.work, good)

    def apply(self, named: t.Sequence[tuple[str, str]], places: t.Iterable[tuple[str, str]] = ()) -> None:
        """Carry out the plan.

        named: (subject of a step, image as the user named it); places: (subject, mount point). One mount below another
        stands or falls with it.
        """
        if not self.apart:
            engine.apply(self.work)
            return
        failed = _apply_apart(self.work, _together(places))
        for subject, error in failed.items():
            # What a crash had left may be of an image that nobody named.
            dead = self.work.state.attachments.get(subject)
            names = [name for named_subject, name in named if named_subject == subject]
            for name in names or [dead.record.image if dead else subject]:
                self.failures[name] = error
            self.work.planned.pop(subject, None)
        self.work.plan.steps = [step for step in self.work.plan.steps if step.subject not in failed]
        self.work.applied = True

    def judged(self, result: dict[str, t.Any]) -> dict[str, t.Any]:
        """The result, where nothing failed. Raises FleetError with the result of those that did not in its details."""
        if not self.failures:
            return result
        errors = list(self.failures.values())
        kept = list(dict.fromkeys(disk["image"] for disk in result["disks"] if disk["image"] not in self.failures))
        details: dict[str, t.Any] = {"kept": kept, "failed_disks": [_public(*item) for item in self.failures.items()]}
        for key in ("rolled_back", "not_rolled_back", "missing_programs"):
            # One error may be told of several disks.
            found = [
                word for error in dict.fromkeys(errors) for word in t.cast("list[str]", error.details.get(key, []))
            ]
            if found:
                details[key] = list(dict.fromkeys(found))
        if len(set(errors)) == 1:
            raise FleetError(errors[0].what, errors[0].why, errors[0].hint, **result, **details)
        reasons = "; ".join(f"{error.what}: {error.why}" for error in dict.fromkeys(errors))
        raise FleetError(
            f"{len(self.failures)} of {self.asked} disks",
            f"they failed and are as they were ({reasons})",
            "do for each what failed_disks says, then run again",
            **result,
            **details,
        )


def _apply_apart(work: Work, together: t.Mapping[str, frozenset[str]]) -> dict[str, FleetError]:
    """Carry out the plan; what fails is rolled back alone. Returns {subject: why it failed}."""
    progress = Progress(work.plan.steps, work.host.workers)
    failures: dict[str, FleetError] = {}

    def give_up(subject: str, error: Failure) -> None:
        subjects = together.get(subject, frozenset((subject,)))
        progress.left_out |= subjects
        failures.update(dict.fromkeys(subjects, progress.failed(error, subjects)))

    try:
        for step in work.plan.steps:
            # Another disk, that was being set going ahead of its turn, may fail in its place.
            while step.subject not in progress.left_out:
                try:
                    progress.do(step)
                    break
                except (FleetError, OSError, ValueError) as error:
                    give_up(progress.doing.subject if progress.doing else step.subject, error)
        if work.plan.steps and work.planned:
            for find in (verify.troubles, _unreadable):
                for subject, trouble in find(work, progress.left_out).items():
                    give_up(subject, trouble)
        interrupts.settle()
    except (FleetError, OSError, ValueError) as error:
        # The host cannot be looked at, so nobody knows which of them stand.
        raise progress.failed(error) from error
    except BaseException as error:
        progress.undo_for(error)
        raise
    return failures


def _unreadable(work: Work, left_out: t.Container[str]) -> dict[str, FleetError]:
    """{tag: why its partitions cannot be read}."""
    found: dict[str, FleetError] = {}
    for tag in work.planned:
        if tag not in left_out and work.records[tag].domid == 0:
            try:
                work.partitions_at(tag)
            except FleetError as error:
                found[tag] = error
    return found


def _together(places: t.Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """{subject: all subjects that stand or fall with it}."""
    at: dict[str, set[str]] = {}
    groups: dict[str, frozenset[str]] = {}
    for subject, path in places:
        at.setdefault(path, set()).add(subject)
        groups[subject] = frozenset((subject,))
    for path, subjects in at.items():
        linked = subjects.union(*(at.get(place, ()) for place in mounting.above(path)))
        merged = frozenset().union(*(groups[subject] for subject in linked))
        groups.update(dict.fromkeys(merged, merged))
    return groups


def _by_image(wanted: t.Sequence[Request]) -> list[list[Request]]:
    """Requests of one image, by whatever names, are one."""
    found: dict[t.Hashable, list[Request]] = {}
    for request in wanted:
        disk = _disk(request)
        found.setdefault((image.identify(disk.image) or disk.image, disk.domid), []).append(request)
    return list(found.values())


def _disk(request: t.Union[DiskRequest, MountRequest]) -> DiskRequest:
    return request.disk if isinstance(request, MountRequest) else request


def _public(name: str, error: FleetError) -> dict[str, t.Any]:
    return {"image": name, "msg": str(error), "what": error.what, "why": error.why, "hint": error.hint}


__all__ = ["KEEP_GOOD", "ROLLBACK_ALL", "Batch"]
