# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Plan, then apply: a list of steps, each with its undo; check mode and diff come from the same list."""

from __future__ import annotations

import collections
import typing as t

from . import interrupts
from .errors import FleetError

Failure = t.Union[FleetError, OSError, ValueError]


class Step(t.NamedTuple):
    """One change of the host.

    subject: key of the object it is about, so that each object's own ``changed`` is known.
    title:   what it does, for the result's ``steps`` and the rollback report.
    do:      makes the change.
    undo:    puts the host back; must cope with a change that was only half made. None: nothing to put back.
    before:  line of the diff's left side ("" for none).
    after:   line of the diff's right side ("" for none).
    early:   sets going what takes long, ahead of its turn; do() then waits for it. Undone like do(). None: nothing.
    """

    subject: str
    title: str
    do: t.Callable[[], None]
    undo: t.Optional[t.Callable[[], None]]
    before: str
    after: str
    early: t.Optional[t.Callable[[], None]] = None


class Plan:
    """Steps in the order in which they are applied. An empty plan means: nothing to do.

    verify: looks, after the last step, whether the host is as planned; raises FleetError where it is not.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.verify: t.Callable[[], None] = lambda: None

    def add(self, step: Step) -> None:
        self.steps.append(step)

    @property
    def changes(self) -> bool:
        return bool(self.steps)

    def touches(self, subject: str) -> bool:
        return any(step.subject == subject for step in self.steps)

    def titles(self) -> list[str]:
        return [step.title for step in self.steps]

    def diff(self) -> dict[str, str]:
        """The shape that Ansible's ``--diff`` prints."""
        return {
            "before": "".join(f"{step.before}\n" for step in self.steps if step.before),
            "after": "".join(f"{step.after}\n" for step in self.steps if step.after),
        }

    def apply(self, ahead: int = 1) -> None:
        """Do every step, then verify. When one fails, undo it and all before it, the last first, and raise its error.

        ahead: how many steps may be going on at once, the one whose turn it is among them; 1: none before its turn.
        The error's details get ``rolled_back`` (titles undone) and, where an undo failed too, ``not_rolled_back``.
        """
        progress = Progress(self.steps, ahead)
        try:
            for step in self.steps:
                progress.do(step)
            if self.steps:
                self.verify()
        except (FleetError, OSError, ValueError) as error:
            raise progress.failed(error) from error
        except BaseException as error:
            # An interrupt or a mistake of ours too leaves the host as it was; it is raised again, never swallowed.
            progress.undo_for(error)
            raise


class Progress:
    """Steps as they are carried out.

    begun: in that order; doing: the one that is at work, or was when it failed; left_out: subjects whose steps are not
    to begin any more.
    """

    def __init__(self, steps: t.Sequence[Step], ahead: int) -> None:
        self.begun: list[Step] = []
        self.doing: t.Optional[Step] = None
        self.left_out: set[str] = set()
        self._ahead = ahead
        self._waiting = collections.deque(step for step in steps if step.early and ahead > 1)
        self._early: set[int] = set()

    def do(self, step: Step) -> None:
        """Do a step, and before it set going those that come later, as many as may be."""
        while self._waiting and len(self._early) < self._ahead:
            later = self._waiting.popleft()
            if later.subject not in self.left_out:
                self._early.add(id(later))
                self._begin(later)
                if later.early and later is not step:
                    later.early()
        if id(step) in self._early:
            self.doing = step
        else:
            self._begin(step)
        step.do()
        self._early.discard(id(step))

    def _begin(self, step: Step) -> None:
        self.begun.append(step)
        self.doing = step

    def failed(self, error: Failure, subjects: t.Optional[t.Container[str]] = None) -> FleetError:
        """Undo what has begun for these subjects (None: for all), and tell so in the error that is to be raised."""
        if isinstance(error, FleetError):
            error.details.update(self.undo(subjects))
            return error
        doing = self.doing.title if self.doing else "begin"
        reason, place = (error.strerror, error.filename) if isinstance(error, OSError) else (str(error), None)
        why = f"{reason} (while it was to {doing})"
        return FleetError(str(place or doing), why, "mend that, then run again", **self.undo(subjects))

    def undo_for(self, error: BaseException) -> None:
        """Undo all that has begun; a signal is told what that was."""
        report = self.undo()
        if isinstance(error, interrupts.Interrupted):
            error.details.update(report)

    def undo(self, subjects: t.Optional[t.Container[str]] = None) -> dict[str, t.Any]:
        """Undo what has begun for these subjects (None: for all), the last first; report what was undone."""
        report: dict[str, t.Any] = {"rolled_back": []}
        try:
            # A signal must not cut off the way back of an error.
            with interrupts.held():
                self._undo(subjects, report)
        except interrupts.Interrupted as signal:
            signal.details.update(report)
            raise
        return report

    def _undo(self, subjects: t.Optional[t.Container[str]], report: dict[str, t.Any]) -> None:
        for step in [step for step in reversed(self.begun) if subjects is None or step.subject in subjects]:
            self.begun.remove(step)
            self._early.discard(id(step))
            if step.undo is None:
                continue
            try:
                step.undo()
                report["rolled_back"].append(step.title)
            except (FleetError, OSError, ValueError) as error:
                report.setdefault("not_rolled_back", []).append(f"{step.title}: {error}")


__all__ = ["Failure", "Plan", "Progress", "Step"]
