# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The interface of a backend: one way to make an image a block device of this host or, on Xen, of a guest."""

from __future__ import annotations

import abc
import typing as t

from .._common.host import Host
from .diskspec import DiskRequest
from .ledger import Record
from .seen import Seen
from .server import Running


class Backend(abc.ABC):
    """One file each. Engines choose one by usable() and serves(), and know nothing else of it.

    name:     as in the option ``backend`` and in records.
    programs: what must be installed.
    reaches_guests: it can attach to a running guest too, not only to this host.
    """

    name: str
    programs: tuple[str, ...]
    reaches_guests = False

    @abc.abstractmethod
    def usable(self, host: Host) -> str:
        """Why this host cannot use it; "" where it can. Changes nothing."""

    @abc.abstractmethod
    def serves(self, wanted: DiskRequest) -> str:
        """Why it cannot serve this disk; "" where it can."""

    def needs_below(self, host: Host, wanted: DiskRequest) -> bool:
        """Whether another backend has to make the image a device of this host first."""
        return False

    def begins_ahead(self, record: Record) -> bool:
        """Whether begin() may be called some time before attach()."""
        return False

    def begin(self, host: Host, record: Record, wanted: DiskRequest) -> Running:
        """Start what takes long, without waiting for it. Only where begins_ahead() says that it may be called."""
        raise NotImplementedError

    def abandon(self, host: Host, record: Record, begun: Running) -> None:
        """Let what begin() started come to where release() finds it. Only after begin()."""
        raise NotImplementedError

    @abc.abstractmethod
    def attach(self, host: Host, record: Record, wanted: DiskRequest, begun: t.Optional[Running] = None) -> Record:
        """Attach, wait for the device, and return the record with device and servers.

        begun: what begin() returned, where it was called for this record before.

        The record is on disk already, so whatever this leaves when it is killed is found by release(). Raises
        FleetError.
        """

    @abc.abstractmethod
    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        """Why the attachment is no longer whole, e.g. ``its server (pid 12) is gone``; "" where it is."""

    @abc.abstractmethod
    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        """Whether the record's device is still this attachment's, whole or not, and not somebody else's by now."""

    @abc.abstractmethod
    def release(self, host: Host, record: Record) -> None:
        """Take apart whatever is there of the attachment, whole or not; fine if there is nothing. Raises FleetError."""


__all__ = ["Backend"]
