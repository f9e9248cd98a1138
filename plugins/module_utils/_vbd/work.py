# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""One run of an engine: what it read, what it plans, and what it keeps written down."""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.errors import FleetError, InUse, Refused
from .._common.host import Host
from .._common.lock import exclusive, shared
from .._common.plan import Plan
from . import backends, contents, image, ledger, made, partitions, processes, state, udev
from .diskspec import DiskRequest
from .ledger import Record
from .places import Places
from .server import Running

# Who attaches an image only to look into it, in the same run.
LOOKING = state.LOOKING


class Work:
    """One run: what was read, what is planned, and the records as the steps change them.

    locked:   this run has the host to itself, so it may write things down.
    by:       the module, written into new records.
    run:      this process, where what it attaches is to end with it; None where that is to stay.
    unmounting: paths that the plan unmounts.
    partitions: of attached disks by tag, as far as they were asked for.
    begun:    servers that were started ahead of their turn, by tag, until their disk is attached.
    applied:  the plan was carried out.
    places:   devices of Xen's domains, as the plan changes them.
    cleaned:  sentences about what a crash had left and this run takes away.
    warnings: sentences about what it had to leave.
    """

    def __init__(
        self, host: Host, by: str, *, force: bool, locked: bool, run: t.Optional[processes.Process] = None
    ) -> None:
        self.host = host
        self.by = by
        self.run = run
        self.force = force
        self.locked = locked
        self.state = state.read(host)
        self.backends = backends.Chooser(host)
        self.records = {tag: attachment.record for tag, attachment in self.state.attachments.items()}
        self.forget_plan()
        self.partitions: dict[str, list[partitions.Partition]] = {}
        self.begun: dict[str, Running] = {}
        self.applied = False
        self._openers: t.Optional[list[processes.OpenFile]] = None

    def forget_plan(self) -> None:
        """Plan anew, on what was read before."""
        self.plan = Plan()
        self.places = Places(self.state.seen.xen)
        self.planned: dict[str, tuple[DiskRequest, image.Image]] = {}
        self.unmounting: set[str] = set()
        self.cleaned: list[str] = []
        self.warnings = state.left_alone(self.state)

    def require_known(self, identity: image.FileId, domid: int, shown: str) -> None:
        """Raise Refused where the record of this very image cannot be read, so nobody knows what stands.

        Raises InUse where another run is at work on it just now.
        """
        error = self.state.unreadable.get(ledger.tag_of(identity, domid))
        if error is not None:
            raise Refused(shown, f"its record {error.what} is {error.why}", error.hint)
        attachment = self.state.of_image(identity, domid)
        other = attachment.record.run if attachment and not attachment.trouble else None
        if attachment and other and other != self.run:
            at_work = f"{attachment.record.by} (pid {other.pid}) is at work on it"
            raise InUse(shown, at_work, "wait until that has ended, then run again")

    @property
    def passing(self) -> bool:
        """What it attaches ends with it: then it takes nothing away of those that are to stay, dead or not."""
        return self.by == LOOKING or self.run is not None

    def may_clean(self, record: Record) -> bool:
        """Whether it may take away what is left of a dead attachment."""
        if not self.passing or record.by == LOOKING:
            return True
        ended = record.run is not None and not processes.lives(self.host, record.run)
        return self.by != LOOKING and (ended or record.run == self.run)

    def devices(self) -> list[str]:
        """All devices that attachments of ours have made on this host."""
        return [name for record in self.records.values() for name in (record.device, record.under_device) if name]

    def keep(self, record: Record) -> None:
        if made.of(record) != made.of(self.records.get(record.tag)):
            made.remember(self.host, record)
        ledger.write(self.host, record)
        self.records[record.tag] = record

    def drop(self, record: Record) -> None:
        if os.path.isdir(ledger.directory(self.host, record)):
            ledger.erase(self.host, record)
        made.forget(self.host, record.tag)
        self.records.pop(record.tag, None)

    def openers(self) -> list[processes.OpenFile]:
        """Programs that had a disk of ours open when they were first asked for."""
        if self._openers is None:
            self._openers = state.openers_of(self.host, self.records.values())
        return self._openers

    def partitions_of(self, tags: t.Iterable[str]) -> dict[str, list[partitions.Partition]]:
        """{tag: partitions} of attached disks; those not known yet are read in one command."""
        missing = [self.records[tag] for tag in tags if tag not in self.partitions and tag in self.records]
        found = contents.read(self.host, missing, keep=self.locked)
        self.partitions.update({record.tag: found[record.device] for record in missing})
        return self.partitions

    def partitions_at(self, tag: str) -> list[partitions.Partition]:
        """The partitions of one disk, read together with those of all planned ones unless that fails for any."""
        try:
            return self.partitions_of(dict.fromkeys([*self.planned, tag]))[tag]
        except FleetError:
            return self.partitions_of([tag])[tag]


@contextlib.contextmanager
def working(
    host: Host, by: str, *, force: bool, check: bool, run: t.Optional[processes.Process] = None
) -> t.Iterator[Work]:
    """A run that has the host to itself; in check mode it touches nothing, and others may read beside it."""
    with (shared if check else exclusive)(host, ledger.lock_path(host)):
        work = Work(host, by, force=force, locked=not check, run=run)
        if not check and not work.passing:
            ledger.sweep(host)
            made.sweep(host)
            udev.sweep(host, work.devices())
        try:
            yield work
        except (FleetError, OSError, ValueError) as error:
            if not work.applied or not work.plan.changes:
                raise
            raise _after_all(work, error) from error


def _after_all(work: Work, error: t.Union[FleetError, OSError, ValueError]) -> FleetError:
    """The error that tells that everything has been done when it came."""
    told = error
    if not isinstance(told, FleetError):
        told = FleetError("this host", f"all was done, but then {error}", "mend that, then run again")
    for key, value in (("changed", True), ("steps", work.plan.titles()), ("cleaned", work.cleaned)):
        told.details.setdefault(key, value)
    return told


__all__ = ["Work", "working"]
