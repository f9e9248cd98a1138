# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Drivers into a Windows guest that is shut down, or out of it."""

from __future__ import annotations

import typing as t

from .._common.errors import InvalidRequest
from .._common.host import Host
from .._common.plan import Plan
from . import (
    driver_source,
    guest_files,
    package_choice,
    windows_absent,
    windows_firstboot,
    windows_ledger,
    windows_present,
    windows_survey,
)
from .driver_package import Package
from .driver_source import DriverSource
from .hive import Hive
from .registry_draft import Draft
from .request import Request
from .windows_survey import System, WindowsPlace
from .windows_transaction import Transaction

# Since Windows Vista the 64-bit kernel starts signed drivers only.
FIRST_STRICT = (6, 0, 0)


class WindowsGuest:
    """Windows directories with their registry; one object for all guests of a call."""

    name = "windows"

    def __init__(self) -> None:
        self._sources: dict[str, DriverSource] = {}
        self._transactions: list[Transaction] = []

    def claims(self, root: str) -> bool:
        return bool(windows_survey.directories(root))

    def plan(self, host: Host, request: Request, plan: Plan) -> dict[str, t.Any]:
        place = windows_survey.locate(request.root, request.system_root)
        windows_survey.refuse_unfinished(place)
        readers = {name: Hive(path) for name, path in place.hives.items()}
        system = windows_survey.survey(place, readers["SYSTEM"], readers["SOFTWARE"])
        drafts = {name: Draft(name, reader) for name, reader in readers.items()}
        ledger = windows_ledger.Ledger(place)
        transaction = Transaction(place, ledger, ledger.state.copy(), plan)
        if request.state == "present":
            source = self._source(request)
            packages, left = package_choice.choose(source, request.drivers, system.target, request.signature_policy)
            warnings = left + _doubts(system, packages)
            drivers = windows_present.plan(transaction, drafts, system, request, source, packages)
        elif request.state == "absent":
            drivers, warnings = windows_absent.plan(transaction, drafts, system, request)
        else:
            drivers, warnings = windows_absent.plan_restored(transaction), []
        transaction.add_steps()
        self._transactions.append(transaction)
        return {
            "system": system.public(),
            "drivers": drivers,
            "first_boot": first_boot(place),
            "warnings": warnings,
        }

    def finish(self) -> None:
        for transaction in self._transactions:
            transaction.finish()

    def _source(self, request: Request) -> DriverSource:
        """Opened once for all guests of a call."""
        if not request.source:
            raise InvalidRequest(request.root, "a Windows guest needs drivers from outside", "give their source")
        if request.source not in self._sources:
            self._sources[request.source] = driver_source.open_source(request.source)
        return self._sources[request.source]


def first_boot(place: WindowsPlace) -> list[dict[str, t.Any]]:
    """What the step at the guest's start has reported."""
    path = guest_files.find(place.windows, windows_ledger.DIRECTORY, windows_firstboot.LOG)
    if path is None:
        return []
    with open(path, encoding="utf-8", errors="replace") as stream:
        return windows_firstboot.results(stream.read())


def _doubts(system: System, packages: t.Sequence[Package]) -> list[str]:
    """What cannot be seen from outside, but may keep the guest from starting."""
    found = []
    if system.encrypted:
        found.append("BitLocker is on, so the guest may ask for its recovery key when its hardware changes")
    if system.target.arch != "x86" and system.target.version >= FIRST_STRICT:
        found += [
            f"{each.name} is {each.signature}, and this Windows starts it with test signing switched on only"
            if each.signature == "test"
            else f"{each.name} is not signed, and this Windows does not start it"
            for each in packages
            if each.signature != "signed"
        ]
    return found


__all__ = ["WindowsGuest", "first_boot"]
