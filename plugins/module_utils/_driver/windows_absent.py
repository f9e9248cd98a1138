# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Planning that drivers are not in a Windows guest, or that it is as it was before the first."""

from __future__ import annotations

import typing as t

from .._common.errors import Refused
from . import guest_files, windows_bound, windows_keys
from .registry_draft import Draft, Entry, take_back
from .request import Request
from .windows_ledger import DRIVERS, OwnedDriver
from .windows_present import OUR_DIRECTORY, SCRIPT, plan_script, take_out
from .windows_survey import System
from .windows_transaction import Transaction


def plan(
    work: Transaction, drafts: t.Mapping[str, Draft], system: System, request: Request
) -> tuple[list[dict[str, t.Any]], list[str]]:
    """Plan that what this collection put in is out; (each driver's part of the result, sentences). Raises Refused."""
    before = work.state.drivers
    ran = work.ledger.ran(work.place)
    wanted = {name.casefold() for name in request.drivers}
    names = [
        name
        for name, driver in before.items()
        if not wanted or wanted & {name.casefold(), driver.inf.casefold(), driver.service.casefold()}
    ]
    left: list[str] = []
    for name in names:
        if not request.force:
            _refuse_bound(drafts["SYSTEM"], system, name, before[name])
        left += take_out(work, drafts, name)
    if names and work.state.drivers and not ran and SCRIPT in work.state.files:
        plan_script(work, list(work.state.drivers))
    if not work.state.drivers and work.ledger.there:
        left += _take_out_shared(work, drafts)
        work.leave = True
    work.changes = {name: draft.changes() for name, draft in drafts.items()}
    work.state = work.state._replace(ran=ran)
    return [_report(name, before[name]) for name in names], left


def _take_out_shared(work: Transaction, drafts: t.Mapping[str, Draft]) -> list[str]:
    software = drafts["SOFTWARE"]
    entries = [entry for entry in work.state.shared if not _others_path(software, entry)]
    kept, left = take_back(drafts, entries)
    # Where others have added to the list since, our part of it alone goes.
    windows_keys.plan_device_path(software, f"{OUR_DIRECTORY}\\{DRIVERS}", wanted=False)
    left += [f"{entry.hive}\\{chr(92).join(entry.path)} stays, for others have put something into it" for entry in kept]
    stale = {**work.state.stale, **work.state.files}
    work.state = work.state._replace(shared=(), files={}, stale=stale)
    return left


def _others_path(software: Draft, entry: Entry) -> bool:
    return entry.name == "DevicePath" and software.get(entry.path, entry.name) != entry.after


def _refuse_bound(draft: Draft, system: System, name: str, driver: OwnedDriver) -> None:
    if not driver.boots:
        return
    found = windows_bound.bound_to(draft, system.control_set, driver.service)
    if found:
        raise Refused(
            name,
            f"the guest has bound it to {found[0].label}, and may not find its disk without it",
            "let the guest start once with another disk controller and uninstall it there, or take it out with force",
        )


def plan_restored(work: Transaction) -> list[dict[str, t.Any]]:
    """Plan that registry and files are byte by byte as before the first driver; each driver's part of the result."""
    if not work.ledger.there:
        return []
    if work.ledger.ran(work.place):
        raise Refused(
            work.place.root,
            "the guest has run since the drivers were put in, and its registry would lose what was written then",
            "take the drivers out with state absent, which leaves everything else",
        )
    drivers = work.state.drivers
    work.replaced = [
        name for name, digest in work.state.backups.items() if guest_files.digest(work.place.hives[name]) != digest
    ]
    work.leave = True
    stale = {**work.state.stale, **work.state.files}
    work.state = work.state._replace(drivers={}, files={}, shared=(), stale=stale)
    return [_report(name, driver) for name, driver in drivers.items()]


def _report(name: str, driver: OwnedDriver) -> dict[str, t.Any]:
    return {
        "name": name,
        "action": "removed",
        "version": ".".join(map(str, driver.version)),
        "date": "{:04d}-{:02d}-{:02d}".format(*driver.date),
        "inf": driver.inf,
        "service": driver.service,
        "boot": driver.boots,
    }


__all__ = ["plan", "plan_restored"]
