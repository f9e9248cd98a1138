# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What Xen's two toolstacks have in common: a virtual disk of Domain-0 or of a running guest, seen through xenstore.

The toolstacks report success for disks that never come, and for tearing away one that is mounted, so nothing is
believed but the kernel's device and both ends' state. What they cannot read QEMU serves on an nbd or loop device first.
"""

from __future__ import annotations

import abc
import os
import typing as t

from .._common.errors import InUse, Refused, TimedOut
from .._common.host import Host
from .._common.runner import checked, last_words
from . import image, ledger, losetup, partitions, processes, udev, vdev, xenbus, xenstore
from .backend import Backend
from .backend_nbd import MODPROBE, NbdBackend
from .backend_nbdfuse import NbdfuseBackend
from .diskspec import DiskRequest
from .ledger import Record
from .seen import Seen
from .server import Running
from .xenstore import Snapshot, Vbd

# What may serve an image below a Xen disk.
BELOW: t.Mapping[str, Backend] = {backend.name: backend for backend in (NbdBackend(), NbdfuseBackend())}
# Seconds: libxl itself waits 10 for a device, 10 for its end and 40 for a script (libxl_internal.h).
TOOLSTACK = 70.0


class XenBackend(Backend):
    """formats: what the toolstack can read itself, and what it calls it."""

    formats: t.Mapping[str, str]
    reaches_guests = True

    @abc.abstractmethod
    def attach_command(self, record: Record, target: str, kind: str) -> list[str]:
        """The command that attaches. target: image or device; kind: its format as the toolstack calls it."""

    @abc.abstractmethod
    def detach_command(self, domid: int, devid: int, *, force: bool) -> list[str]:
        """The command that detaches; with force also a disk whose other end does not answer."""

    def serves(self, wanted: DiskRequest) -> str:
        return "Xen's tools take no line break in a path" if "\n" in os.path.realpath(wanted.image) else ""

    def needs_below(self, host: Host, wanted: DiskRequest) -> bool:
        # QEMU reads the path in xenstore up to the first blank, and would open another file if there is one.
        blank = any(char.isspace() for char in os.path.realpath(wanted.image))
        return wanted.overlay or blank or wanted.format not in self.formats

    def reason(self, said: str) -> str:
        """Why the toolstack failed, in what it said on stderr."""
        return last_words(said)

    def begins_ahead(self, record: Record) -> bool:
        return bool(record.under) and BELOW[record.under].begins_ahead(record)

    def begin(self, host: Host, record: Record, wanted: DiskRequest) -> Running:
        return BELOW[record.under].begin(host, _below(record), wanted)

    def abandon(self, host: Host, record: Record, begun: Running) -> None:
        BELOW[record.under].abandon(host, _below(record), begun)

    def attach(self, host: Host, record: Record, wanted: DiskRequest, begun: t.Optional[Running] = None) -> Record:
        if record.under:
            served = BELOW[record.under].attach(host, _below(record), wanted, begun)
            record = served._replace(device="", under_device=served.device)
            ledger.write(host, record)
        target = record.under_device or record.image
        _load_drivers(host, record, blocks=record.id.block or bool(record.under))
        if record.domid == 0:
            udev.hush(host, record.vdev)
        argv = self.attach_command(record, target, "raw" if record.under else record.format)
        hint = "see what is there with xl block-list, and read the newest file in /var/log/xen"
        checked(host.runner, argv, max(host.timeout, TOOLSTACK), record.image, hint, self.reason)
        record = _await_node(host, record) if record.domid == 0 else _await_guest(host, record)
        _must_be_examined(host, record)
        return record._replace(connected=True)

    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        if not record.connected:
            return "a run was cut off while attaching it"
        if seen.xen is None or record.domid not in seen.xen.domains:
            return f"its domain {record.domid} is gone"
        found = _ours(record, seen.xen)
        if found is None or (record.domid == 0 and not partitions.exists(host, record.device)):
            return f"{record.vdev} of {seen.xen.name_of(record.domid)} is gone"
        if found.state != xenstore.CONNECTED:
            return f"{record.vdev} of {seen.xen.name_of(record.domid)} is in state {found.state_in_words}"
        return BELOW[record.under].trouble(host, _below(record), seen) if record.under else ""

    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        if record.under and not record.under_device and BELOW[record.under].holds(host, record, seen):
            # A run was killed between the two.
            return True
        return seen.xen is not None and _ours(record, seen.xen) is not None

    def release(self, host: Host, record: Record) -> None:
        self._disconnect(host, record)
        if record.domid == 0:
            udev.forget(host, record.vdev)
        if record.under:
            BELOW[record.under].release(host, _below(record))

    def _disconnect(self, host: Host, record: Record) -> None:
        # A disk of this host that works needs no look into xenstore first, which costs as much as the work itself.
        works = record.domid == 0 and record.connected and xenbus.node(host, _devid(record)) == record.device
        now = None if works else xenstore.read(host)
        found = _ours(record, now) if now else None
        if now and found is None:
            return
        if now and found and _is_ghost(host, record, found, now):
            self._clear(host, record)
            return
        argv = self.detach_command(record.domid, _devid(record), force=False)
        result = host.runner.run(argv, max(host.timeout, TOOLSTACK))
        if works and result.rc == 0:
            hint = "find its user with fuser and lsblk"
            host.await_true(lambda: not xenbus.node(host, _devid(record)), record.device, "it was not let go", hint)
            return
        self._must_be_gone(host, record)

    def _must_be_gone(self, host: Host, record: Record) -> None:
        """After a detach that failed, or that only the guest could carry out."""
        now = xenstore.read(host)
        left = _ours(record, now)
        if left is None:
            return
        if _is_ghost(host, record, left, now):
            self._clear(host, record)
            return
        where = f"domain {record.domid}" if record.domid else "Domain-0"
        raise InUse(
            record.image,
            f"{where} does not let go of {record.vdev}, now in state {left.state_in_words}",
            f"unmount it inside {where}, then run again" if record.domid else "find its user with lsblk",
        )

    def _clear(self, host: Host, record: Record) -> None:
        """Remove an entry of ours that no frontend uses; asked politely, the toolstack would wait and leave it."""
        devid = _devid(record)
        result = host.runner.run(self.detach_command(record.domid, devid, force=True), max(host.timeout, TOOLSTACK))
        if result.rc != 0 and _ours(record, xenstore.read(host)) is not None:
            raise InUse(
                record.image,
                f"its stale entry {record.vdev} of domain {record.domid} cannot be cleared",
                f"look at it with xenstore-ls -f | grep /{record.domid}/{devid}/",
            )


def _devid(record: Record) -> int:
    found = vdev.parse(record.vdev)
    if found is None:
        raise Refused(record.image, f"its record names no device of Xen ({record.vdev})", "detach it by hand")
    return found.devid


def _below(record: Record) -> Record:
    """The record as the backend below wants it: its device is that of the image, not the one that Xen made of it."""
    return record if record.under_device == "" else record._replace(device=record.under_device)


def _ours(record: Record, snapshot: Snapshot) -> t.Optional[Vbd]:
    """Our disk, unless somebody else has the place by now."""
    found = snapshot.at(record.domid, _devid(record))
    return found if found and found.target == (record.under_device or record.image) else None


def _is_ghost(host: Host, record: Record, found: Vbd, now: Snapshot) -> bool:
    """Whether no frontend has the disk: its domain is gone, or the two ends have never met or have parted."""
    if record.domid == 0:
        return found.state != xenstore.CONNECTED or not xenbus.node(host, _devid(record))
    return record.domid not in now.domains or (not record.connected and found.state != xenstore.CONNECTED)


def _load_drivers(host: Host, record: Record, *, blocks: bool) -> None:
    wanted = ([xenbus.FRONTEND] if record.domid == 0 else []) + ([xenbus.BACKEND] if blocks else [])
    for bus, module in wanted:
        if not xenbus.is_driven(host, bus):
            hint = "load the module by hand and read the kernel log"
            checked(host.runner, [MODPROBE, module], host.timeout, module, hint)


def _await_node(host: Host, record: Record) -> Record:
    def there() -> bool:
        device = xenbus.node(host, _devid(record))
        return bool(device) and partitions.size_of(host, device) > 0 and os.path.exists(device)

    try:
        host.await_true(there, record.image, f"{record.vdev} did not appear in Domain-0", "raise timeout")
    except TimedOut as error:
        raise _not_connected(host, record, error) from error
    return record._replace(device=xenbus.node(host, _devid(record)))


def _await_guest(host: Host, record: Record) -> Record:
    def there() -> bool:
        found = _ours(record, xenstore.read(host))
        return found is not None and found.state == xenstore.CONNECTED

    try:
        host.await_true(there, record.image, f"{record.vdev} did not connect in domain {record.domid}", "raise timeout")
    except TimedOut as error:
        raise _not_connected(host, record, error) from error
    return record


def _not_connected(host: Host, record: Record, error: TimedOut) -> TimedOut:
    found = _ours(record, xenstore.read(host))
    state = f"its backend is in state {found.state_in_words}" if found else "xenstore does not know it"
    hint = "see whether the disk backend of Domain-0 runs (systemctl status xen-qemu-dom0-disk-backend)"
    if record.domid:
        hint = "see whether the guest runs, is not paused and has Xen's disk driver"
    return TimedOut(error.what, f"{error.why}; {state}", f"{hint}, or raise timeout")


def _must_be_examined(host: Host, record: Record) -> None:
    """The toolstack was given a name: make sure that what it opened is what was examined. Raises Refused."""
    if record.under:
        return
    if not (record.id.block or _is_open(host, record)) or image.identify(record.image) != record.id:
        raise Refused(record.image, "replaced by another file while it was being attached", "find out who did that")


def _is_open(host: Host, record: Record) -> bool:
    # Mostly QEMU has it, and names are read faster than what every process holds.
    if any(held.id == record.id for pid in processes.called(host, "qemu") for held in processes.files_of(host, pid)):
        return True
    # A raw file the toolstack's script puts behind a loop device, which the kernel holds and no process.
    return any(loop.id == record.id for loop in losetup.listed(host)) or bool(processes.open_files(host, {record.id}))


__all__ = ["BELOW", "XenBackend"]
