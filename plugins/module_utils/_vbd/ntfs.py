# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Whether an NTFS may be written to. Windows that hibernates (or starts "fast") keeps part of it in memory, and one
that was not shut down wants to check it first; ntfs-3g mounts such a volume read-only and calls that a success.
"""

from __future__ import annotations

import struct
import typing as t

from .._common.errors import Refused
from .._common.host import Host
from .._common.runner import require
from .partitions import Partition

FSTYPE = "ntfs"
PROGRAM, PROBE = "ntfs-3g", "ntfs-3g.probe"
# ntfs-3g.probe(8), EXIT CODES.
WHY = {
    13: "it is damaged, or part of a RAID that Windows makes",
    14: "Windows is hibernated on it, or was shut down with fast startup, and has part of it in memory",
    15: "Windows was not shut down properly, and its journal is still to be replayed",
}
HINT = "start that Windows and shut it down in full (shutdown /s /t 0), or mount it with access r"
# The layout is that of ntfs-3g's include/ntfs-3g/layout.h.
BOOT = struct.Struct("<3s8sHB26xQQQb")
VOLUME_RECORD, VOLUME_INFORMATION, END = 3, 0x70, 0xFFFFFFFF
DIRTY = 0x0001
LARGEST_RECORD, LARGEST_PLACE = 1 << 16, 1 << 60


def require_programs(host: Host, fstype: str) -> None:
    """Raise ToolMissing where the host has no driver for it."""
    if fstype == FSTYPE:
        require(host.runner, [PROGRAM])


def refuse_unfit(host: Host, partition: Partition, shown: str) -> None:
    """Raise Refused where the volume must not be written to now."""
    done = host.runner.run([PROBE, "--readwrite", partition.device], host.timeout)
    if done.rc != 0:
        why = WHY.get(done.rc, f"ntfs-3g.probe ended with status {done.rc}")
        raise Refused(shown, f"cannot be mounted for writing: {why}", HINT)
    with open(partition.device, "rb") as stream:
        try:
            dirty = is_dirty(stream)
        except ValueError as error:
            raise Refused(shown, f"cannot be mounted for writing: {error}", HINT) from error
    if dirty:
        raise Refused(shown, "cannot be mounted for writing: Windows has marked it to be checked (chkdsk)", HINT)


def is_dirty(stream: t.BinaryIO) -> bool:
    """The flag by which Windows remembers to check a volume when it starts; ntfs-3g does not look at it.

    Raises ValueError where the volume's own record is not where it should be.
    """
    stream.seek(0)
    boot = stream.read(BOOT.size)
    if len(boot) < BOOT.size:
        raise ValueError("it has no boot sector")
    _jump, _name, sector, per_cluster, _total, table, _mirror, size = BOOT.unpack(boot)
    # Above 128 it is a power of two as well (Windows 10).
    cluster = sector * (per_cluster if per_cluster <= 128 else 1 << (256 - per_cluster))
    record_size = size * cluster if size > 0 else 1 << min(-size, 16)
    place = table * cluster + VOLUME_RECORD * record_size
    if place > LARGEST_PLACE or record_size > LARGEST_RECORD:
        raise ValueError("its boot sector makes no sense")
    stream.seek(place)
    return bool(_flags(stream.read(record_size)) & DIRTY)


def _flags(record: bytes) -> int:
    if len(record) < 24 or record[:4] != b"FILE":
        raise ValueError("its record of itself is damaged")
    (at,) = struct.unpack_from("<H", record, 20)
    while at + 24 <= len(record):
        kind, length = struct.unpack_from("<II", record, at)
        if kind == VOLUME_INFORMATION:
            (offset,) = struct.unpack_from("<H", record, at + 20)
            if at + offset + 12 > len(record):
                break
            flags: int = struct.unpack_from("<H", record, at + offset + 10)[0]
            return flags
        if kind == END or length == 0:
            break
        at += length
    raise ValueError("its record of itself does not say whether it is whole")


__all__ = ["FSTYPE", "is_dirty", "refuse_unfit", "require_programs"]
