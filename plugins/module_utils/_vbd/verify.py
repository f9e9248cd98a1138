# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Looking, after the last step, whether the host is as planned: a command that returned 0 proves nothing."""

from __future__ import annotations

import typing as t

from .._common import interrupts
from .._common.errors import ToolFailed
from . import mountinfo, mounts, partitions, state
from .ledger import Record
from .work import Work

# The header's size and the device's may differ by what each rounds to.
SIZE_ROUNDING = 4096


def look_again(work: Work) -> None:
    """Read the host anew and compare it with what was planned. Raises ToolFailed."""
    if work.planned:
        for error in troubles(work).values():
            raise error
        work.partitions_of(tag for tag in work.planned if work.records[tag].domid == 0)
    if not work.passing:
        interrupts.settle()


def troubles(work: Work, left_out: t.Container[str] = ()) -> dict[str, ToolFailed]:
    """{tag: what is not as planned}, read anew. left_out: tags that are not looked at."""
    seen = state.read(work.host)
    errors = {}
    for tag, (disk, found) in work.planned.items():
        if tag in left_out:
            continue
        attachment = seen.attachments.get(tag)
        trouble = attachment.trouble if attachment else "it is not attached"
        if attachment is not None and not trouble and attachment.record.domid == 0:
            size = partitions.size_of(work.host, attachment.record.device)
            if size == 0 or (found.size is not None and abs(size - found.size) >= SIZE_ROUNDING):
                trouble = f"{attachment.record.device} has {size} bytes, the image {found.size}"
            trouble = trouble or _wrong_mount(work, seen, attachment.record)
        if trouble:
            why = f"every command succeeded, but {trouble}"
            errors[tag] = ToolFailed(disk.image, why, "read the host's kernel log")
    return errors


def _wrong_mount(work: Work, seen: state.State, record: Record) -> str:
    for entry in record.mounts:
        visible = mountinfo.at(seen.mounts, entry.path)
        if visible is None or not mounts.is_of(work.host, record, visible):
            return f"it is not what is mounted on {entry.path}"
        if "rw" in entry.options.split(",") and not visible.writes:
            return f"{entry.path} is mounted read-only, as a hibernated or damaged file system is"
    return ""


__all__ = ["look_again", "troubles"]
