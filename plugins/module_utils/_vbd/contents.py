# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Partitions of our attachments, kept beside their records until something is written to the disk.

blkid reads some dozens of sectors of every disk, so a run that changes nothing would mostly read what it read before.
Whether anything was written is asked of the kernel: Linux, Documentation/block/stat.rst and ABI/stable/sysfs-block
(diskseq, since Linux 5.15; older kernels: nothing is kept). What a mounted file system has yet to write is not seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from .._common import smallfile
from .._common.host import Host
from . import ledger, partitions
from .ledger import Record
from .partitions import Partition

FILE = "contents.json"
# Fields of /sys/block/DISK/stat that tell of changes: writes, sectors written, discards, sectors discarded.
CHANGES = (4, 6, 11, 13)


def read(host: Host, records: t.Sequence[Record], *, keep: bool) -> dict[str, list[Partition]]:
    """{device: partitions by number}; what is not known yet is read in one command. Raises ToolFailed.

    keep: remember it; only for who holds the lock.
    """
    # Before the disk is read: what is written meanwhile makes the next run read it again.
    marks = {record.device: _mark(host, record.device) for record in records}
    found = {record.device: _kept(host, record, marks[record.device]) for record in records}
    unknown = [record for record in records if found[record.device] is None]
    fresh = partitions.read(host, [record.device for record in unknown])
    if keep:
        for record in unknown:
            _keep(host, record, marks[record.device], fresh[record.device])
    return {device: fresh[device] if kept is None else kept for device, kept in found.items()}


def _mark(host: Host, device: str) -> t.Optional[list[str]]:
    """What differs after every write, and for another disk in the same place; None where the kernel does not tell."""
    place = f"{host.sys}/block/{os.path.basename(device)}"
    try:
        disk, size, counts = (smallfile.text(f"{place}/{name}").split() for name in ("diskseq", "size", "stat"))
        places = partitions.places(host, device)
        opened = [f"{node.node}={node.name}" for node in partitions.built_on(host, places)]
        return [*disk, *size, *(counts[field] for field in CHANGES), *places, *opened]
    except (OSError, IndexError):
        return None


def _kept(host: Host, record: Record, mark: t.Optional[list[str]]) -> t.Optional[list[Partition]]:
    try:
        kept = json.loads(smallfile.text(_path(host, record)))
        return [Partition(*values) for values in kept["partitions"]] if mark and kept["mark"] == mark else None
    except (OSError, ValueError, TypeError, KeyError):
        # It only saves time, so whatever is wrong with it, the disk itself is read.
        return None


def _keep(host: Host, record: Record, mark: t.Optional[list[str]], found: t.Sequence[Partition]) -> None:
    if mark is None:
        return
    draft = f"{_path(host, record)}.new"
    # It only saves time, so a full /run must not make an attachment fail.
    with contextlib.suppress(OSError):
        with open(draft, "w", encoding="utf-8", errors="surrogateescape") as stream:
            json.dump({"mark": mark, "partitions": found}, stream)
        os.replace(draft, _path(host, record))


def _path(host: Host, record: Record) -> str:
    return f"{ledger.directory(host, record)}/{FILE}"


__all__ = ["read"]
