# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Drivers into guests or out of them: tell what each guest is, plan for all of them, apply."""

from __future__ import annotations

import os
import typing as t

from .._common import interrupts
from .._common.errors import FleetError, InvalidRequest, Refused
from .._common.host import Host
from .._common.plan import Plan
from . import linux, windows
from .request import Request


class Kind(t.Protocol):
    """One sort of guest, a module of this package.

    name:   what the result calls it.
    claims: whether the file system at root holds such a guest; looks at names only.
    plan:   read the guest, refuse what is not safe, add the steps (subject: request.root) to the plan, and return the
            guest's part of the result. ``changed``, ``root`` and ``kind`` are added here. Raises FleetError before
            anything is done. Sentences for the user go into the part's list ``warnings``.
    finish: called when all guests of the call are done and verified.
    """

    name: str

    def claims(self, root: str) -> bool:
        """Tell by names below root, reading no file."""

    def plan(self, host: Host, request: Request, plan: Plan) -> dict[str, t.Any]:
        """Plan what is wanted of one guest."""

    def finish(self) -> None:
        """Drop what only a way back needed."""


# Asked in this order: no Windows has an os-release, and a Linux may have names that are one to Windows, or links, which
# are refused there. Each call has objects of its own.
KINDS: tuple[t.Callable[[], Kind], ...] = (linux.LinuxGuest, windows.WindowsGuest)


def plan_and_apply(host: Host, requests: t.Sequence[Request], *, check: bool) -> dict[str, t.Any]:
    """All guests as one transaction. Raises FleetError, after which every guest is as it was."""
    plan = Plan()
    kinds = [make() for make in KINDS]
    verifiers: list[t.Callable[[], None]] = []
    guests = []
    for request in requests:
        if any(os.path.realpath(request.root) == os.path.realpath(guest["root"]) for guest in guests):
            raise InvalidRequest(request.root, "asked for twice", "put all that is wanted of a guest into one entry")
        kind = kind_of(request.root, kinds)
        plan.verify = lambda: None
        guests.append({"root": request.root, "kind": kind.name, **kind.plan(host, request, plan)})
        verifiers.append(plan.verify)

    def verify() -> None:
        for look in verifiers:
            look()
        interrupts.settle()

    plan.verify = verify
    left = []
    if not check:
        plan.apply()
        left = [sentence for kind in kinds for sentence in _finished(kind)]
    for guest in guests:
        guest["changed"] = plan.touches(guest["root"])
    return {
        "changed": plan.changes,
        "diff": plan.diff(),
        "steps": plan.titles(),
        "guests": guests,
        "warnings": [f"{guest['root']}: {sentence}" for guest in guests for sentence in guest["warnings"]] + left,
    }


def _finished(kind: Kind) -> list[str]:
    """What is to be told where that fails: the guests are as they are wanted, and that is not undone for it."""
    try:
        kind.finish()
    except (FleetError, OSError, ValueError) as error:
        text = str(error).rstrip(".")
        return [f"All that was wanted is done, but what only the way back needed was not cleared away: {text}."]
    return []


def kind_of(root: str, kinds: t.Sequence[Kind]) -> Kind:
    """What lies at root. Raises InvalidRequest, Refused."""
    if not os.path.isabs(root) or not os.path.isdir(root):
        raise InvalidRequest(root, "not the absolute path of a directory", "give the place where the guest is mounted")
    for kind in kinds:
        if kind.claims(root):
            return kind
    there = ", ".join(sorted(os.listdir(root))[:10]) or "nothing"
    raise Refused(
        root,
        f"no guest that drivers can be put into is found there (there is: {there})",
        "mount the file system that holds its operating system, decrypted where it is under BitLocker",
    )


__all__ = ["KINDS", "Kind", "kind_of", "plan_and_apply"]
