# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Raw images and block devices, straight behind a loop device."""

from __future__ import annotations

import typing as t

from .._common.errors import Refused
from .._common.host import Host
from . import losetup, usage
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
        device = losetup.attach(host, record.image, read_only=record.access == "r", direct_io=False)
        record = record._replace(device=device)
        if not _is_behind(record, losetup.listed(host)):
            losetup.detach(host, device)
            raise Refused(record.image, "replaced by another file while it was being attached", "find out who did that")
        return record

    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        if self.holds(host, record, seen):
            return ""
        return f"its loop device {record.device} is gone" if record.device else "a run was cut off while attaching it"

    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        return _is_behind(record, seen.loops)

    def release(self, host: Host, record: Record) -> None:
        for loop in losetup.listed(host):
            # Without a device written down it could be somebody else's, which is left if it is used.
            if _ours(record, loop) and (record.device or not usage.claimed(loop.device)):
                losetup.detach(host, loop.device)


def _is_behind(record: Record, loops: t.Iterable[Loop]) -> bool:
    return any(loop.device == record.device and _ours(record, loop) for loop in loops)


def _ours(record: Record, loop: Loop) -> bool:
    """By the file behind it. A record without a device is of a killed run: then any loop of the image counts."""
    device_fits = record.device in ("", loop.device)
    return device_fits and loop.id == record.id and loop.writes == (record.access == "w")


__all__ = ["LoopBackend"]
