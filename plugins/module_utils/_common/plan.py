# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Plan, then apply: a list of steps, each with its undo; check mode and diff come from the same list."""

from __future__ import annotations

import typing as t

from .errors import FleetError


class Step(t.NamedTuple):
    """One change of the host.

    subject: key of the object it is about, so that each object's own ``changed`` is known.
    title:   what it does, for the result's ``steps`` and the rollback report.
    do:      makes the change.
    undo:    puts the host back; must cope with a change that was only half made. None: nothing to put back.
    before:  line of the diff's left side ("" for none).
    after:   line of the diff's right side ("" for none).
    """

    subject: str
    title: str
    do: t.Callable[[], None]
    undo: t.Optional[t.Callable[[], None]]
    before: str
    after: str


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

    def apply(self) -> None:
        """Do every step, then verify. When one fails, undo it and all before it, the last first, and raise its error.

        The error's details get ``rolled_back`` (titles undone) and, where an undo failed too, ``not_rolled_back``.
        """
        begun: list[Step] = []
        try:
            for step in self.steps:
                begun.append(step)
                step.do()
            if begun:
                self.verify()
        except FleetError as error:
            error.details.update(_roll_back(begun))
            raise
        except OSError as error:
            what = str(error.filename or begun[-1].title)
            why = f"{error.strerror} (while it was to {begun[-1].title})"
            raise FleetError(what, why, "mend that, then run again", **_roll_back(begun)) from error
        except BaseException:
            # An interrupt or a mistake of ours too leaves the host as it was; it is raised again, never swallowed.
            _roll_back(begun)
            raise


def _roll_back(begun: list[Step]) -> dict[str, t.Any]:
    undone, stuck = [], []
    for step in reversed(begun):
        if step.undo is None:
            continue
        try:
            step.undo()
            undone.append(step.title)
        except (FleetError, OSError) as error:
            stuck.append(f"{step.title}: {error}")
    report: dict[str, t.Any] = {"rolled_back": undone}
    if stuck:
        report["not_rolled_back"] = stuck
    return report


__all__ = ["Plan", "Step"]
