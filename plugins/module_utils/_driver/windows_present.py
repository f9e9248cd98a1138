# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Planning that drivers are in a Windows guest."""

from __future__ import annotations

import hashlib
import typing as t

from .._common.errors import InvalidRequest, Refused
from . import guest_files, registry, windows_bound, windows_conflicts, windows_firstboot, windows_keys
from .driver_package import Package
from .driver_source import DriverSource
from .inf_package import BOOT_START
from .registry_draft import Draft, take_back
from .request import Request
from .windows_ledger import DIRECTORY, DRIVERS, OwnedDriver, OwnedFile, State
from .windows_survey import System
from .windows_transaction import Transaction

# Owner of what belongs to all drivers together.
SHARED = "*"
# As Windows sees it.
OUR_DIRECTORY = f"%SystemRoot%\\{DIRECTORY}"
SCRIPT = f"{DIRECTORY}/{windows_firstboot.SCRIPT}"


def plan(
    work: Transaction,
    drafts: t.Mapping[str, Draft],
    system: System,
    request: Request,
    source: DriverSource,
    packages: t.Sequence[Package],
) -> list[dict[str, t.Any]]:
    """Plan that these packages are in the guest; return each one's part of the result. Raises FleetError."""
    ran = work.ledger.ran(work.place)
    before = work.ledger.state
    fresh = [each for each in packages if not _stands(work, drafts["SYSTEM"], system, each)]
    for package in fresh:
        if not request.allow_downgrade:
            _refuse_downgrade(drafts["SYSTEM"], system, before, package)
        _plan_package(work, drafts, system, source, package)
    if request.remove_conflicts:
        wanted = {each.service.name.casefold() for each in packages if each.service}
        with drafts["SYSTEM"].recording() as entries:
            windows_conflicts.plan_removal(drafts["SYSTEM"], system.control_set, wanted)
        work.state = work.state._replace(shared=(*work.state.shared, *entries))
    if fresh:
        plan_shared(work, drafts, system, [each.name for each in (packages if not ran else fresh)], ran=ran)
    work.changes = {name: draft.changes() for name, draft in drafts.items()}
    stale = {path: file for path, file in work.state.stale.items() if path not in work.state.files}
    work.state = work.state._replace(stale=stale, ran=ran)
    return [_report(before, each, each in fresh) for each in packages]


def plan_shared(
    work: Transaction, drafts: t.Mapping[str, Draft], system: System, order: t.Sequence[str], *, ran: bool
) -> None:
    """What all drivers together need: a place where Windows looks for them, and the step at the next start.

    order: names of the drivers that are handed to Windows then; those put in before that wait still come first.
    """
    with drafts["SOFTWARE"].recording() as entries:
        windows_keys.plan_device_path(drafts["SOFTWARE"], f"{OUR_DIRECTORY}\\{DRIVERS}", wanted=True)
    shared = [*work.state.shared, *entries]
    if system.target.version >= windows_firstboot.FIRST_WITH_PNPUTIL:
        with drafts["SYSTEM"].recording() as entries:
            windows_firstboot.plan_service(drafts["SYSTEM"], system.control_set, OUR_DIRECTORY)
        shared += entries
        waiting = [] if ran else [name for name in work.state.drivers if name not in order]
        plan_script(work, [*waiting, *order])
    work.state = work.state._replace(shared=tuple(shared))


def plan_script(work: Transaction, names: t.Sequence[str]) -> None:
    """The step's batch file, with what an earlier one has left taken away, for it would take that for its own."""
    data = windows_firstboot.script([work.state.drivers[name].inf for name in names])
    _own_file(work, SCRIPT, data, SHARED)
    done = [f"{DRIVERS}/{driver.inf}{windows_firstboot.DONE}" for driver in work.ledger.state.drivers.values()]
    for name in (windows_firstboot.LOG, windows_firstboot.COUNTER, *done):
        digest = guest_files.digest(work.path(f"{DIRECTORY}/{name}"))
        if digest:
            work.state.stale[f"{DIRECTORY}/{name}"] = OwnedFile(digest, False, ())


def _stands(work: Transaction, draft: Draft, system: System, package: Package) -> bool:
    """Whether a package is in the guest already, also after Windows has made it its own."""
    owned = work.state.drivers.get(package.name)
    if owned is None or owned.digest != package.digest:
        return False
    for path, file in work.state.files.items():
        if package.name in file.owners:
            now = guest_files.digest(work.path(path))
            # Windows may have put a newer one into its own directory, never into ours.
            if not now or (path.startswith(f"{DIRECTORY}/") and now != file.digest):
                return False
    if not package.boots or package.service is None:
        return True
    start = draft.get((system.control_set, "Services", package.service.name), "Start")
    return registry.number_of(start) == BOOT_START


def _refuse_downgrade(draft: Draft, system: System, state: State, package: Package) -> None:
    owned = state.drivers.get(package.name)
    there = [owned.version] if owned else []
    if package.service:
        found = windows_bound.bound_to(draft, system.control_set, package.service.name)
        there += [windows_bound.version_of(draft, system.control_set, device) for device in found]
    newest = max(there, default=())
    if newest > package.version:
        raise Refused(
            f"{package.name} {package.shown_version}",
            f"the guest has version {'.'.join(map(str, newest))}, which is newer",
            "take a newer source, or set allow_downgrade",
        )


def _plan_package(
    work: Transaction, drafts: t.Mapping[str, Draft], system: System, source: DriverSource, package: Package
) -> None:
    take_out(work, drafts, package.name)
    with drafts["SYSTEM"].recording() as entries:
        if package.boots:
            windows_keys.plan_boot_driver(drafts["SYSTEM"], system.control_set, package, system.target)
    for path, origin in package.files.items():
        _own_file(work, f"{DIRECTORY}/{DRIVERS}/{path}", source.read(origin), package.name)
    for name, origin in package.binaries.items() if package.boots else ():
        _own_file(work, f"system32/drivers/{name}", source.read(origin), package.name)
    work.state.drivers[package.name] = OwnedDriver(
        inf=f"{package.name}.inf",
        date=package.date,
        version=package.version,
        digest=package.digest,
        service=package.service.name if package.service else "",
        boots=package.boots,
        entries=tuple(entries),
    )


def take_out(work: Transaction, drafts: t.Mapping[str, Draft], name: str) -> list[str]:
    """Take a driver out of the drafts and the state; return sentences about what has to stay."""
    owned = work.state.drivers.get(name)
    if owned is None:
        return []
    kept, left = take_back(drafts, owned.entries)
    drivers = {each: driver for each, driver in work.state.drivers.items() if each != name}
    files, stale = {}, dict(work.state.stale)
    for path, file in work.state.files.items():
        owners = tuple(owner for owner in file.owners if owner != name)
        (files if owners else stale)[path] = file._replace(owners=owners)
    work.state = work.state._replace(drivers=drivers, files=files, stale=stale, shared=(*kept, *work.state.shared))
    return left


def _own_file(work: Transaction, path: str, data: bytes, owner: str) -> None:
    """Plan that a file is in the guest, and whose it is. Raises InvalidRequest."""
    digest = hashlib.sha256(data).hexdigest()
    now = guest_files.digest(work.path(path))
    known = work.state.files.get(path) or work.state.stale.get(path)
    if known is None and now == digest:
        # The guest's own, and the same.
        return
    if known and path in work.state.files and known.digest != digest and set(known.owners) - {owner, SHARED}:
        raise InvalidRequest(
            path,
            f"{owner} and {', '.join(known.owners)} bring different files of that name",
            "take both from one source, or take the other out first",
        )
    owners = known.owners if known and path in work.state.files else ()
    work.state.files[path] = OwnedFile(
        digest, known.original if known else bool(now), tuple(dict.fromkeys((*owners, owner)))
    )
    if now != digest:
        work.put[path] = data


def _report(before: State, package: Package, fresh: bool) -> dict[str, t.Any]:
    owned = before.drivers.get(package.name)
    action = "added" if fresh else "kept"
    if owned and fresh:
        action = "replaced" if owned.version == package.version else "upgraded"
        action = "downgraded" if owned.version > package.version else action
    return {
        "name": package.name,
        "action": action,
        "version": package.shown_version,
        "date": "{:04d}-{:02d}-{:02d}".format(*package.date),
        "provider": package.provider,
        "inf": package.inf_path,
        "signature": package.signature,
        "service": package.service.name if package.service else "",
        "boot": package.boots,
        "hardware_ids": package.ids,
    }


__all__ = ["OUR_DIRECTORY", "SHARED", "plan", "plan_script", "plan_shared", "take_out"]
