# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Raw images and block devices, straight behind a loop device."""

from __future__ import annotations

import typing as t

from .._common.errors import Refused
from .._common.host import Host
from . import ledger, losetup
from .backend import Backend
from .diskspec import DiskRequest
from .ledger import Record
from .losetup import Loop
from .seen import Seen
from .server import Running


class LoopBackend(Backend):
    name = "loop"
    programs = (losetup.PROGRAM,)

    def usable(self, host: Host) -> str:
        return ""

    def serves(self, wanted: DiskRequest) -> str:
        if wanted.format != "raw":
            return f"a loop device shows {wanted.format} as it lies on the disk, not what is inside"
        return "a loop device has no overlay" if wanted.overlay else ""

    def attach(self, host: Host, record: Record, wanted: DiskRequest, begun: t.Optional[Running] = None) -> Record:
        # Written down before it is used: any other loop device of the image, before and later, is somebody else's.
        device = losetup.attach(
            host,
            record.image,
            read_only=record.access == "r",
            direct_io=False,
            claim=lambda device: ledger.write(host, record._replace(device=device)),
        )
        record = record._replace(device=device)
        if not _is_behind(record, losetup.listed(host)):
            losetup.detach(host, device)
            raise Refused(record.image, "replaced by another file while it was being attached", "find out who did that")
        return record

    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        if self.holds(host, record, seen):
            return ""
        made = record.device and record.whole
        return f"its loop device {record.device} is gone" if made else "a run was cut off while attaching it"

    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        return _is_behind(record, seen.loops)

    def release(self, host: Host, record: Record) -> None:
        if _is_behind(record, losetup.listed(host)):
            losetup.detach(host, record.device)


def _is_behind(record: Record, loops: t.Iterable[Loop]) -> bool:
    """Whether the image is still what is behind the record's own device, opened as it was asked for."""
    return any(
        loop.device == record.device and loop.id == record.id and loop.writes == (record.access == "w")
        for loop in loops
    )


__all__ = ["LoopBackend"]
