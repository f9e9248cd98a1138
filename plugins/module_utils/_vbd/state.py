# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The host as it is: read once per run, in a constant number of commands, from the kernel and our own records."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from . import ledger, mountinfo, partitions, processes, seen, server, usage
from .backends import BACKENDS
from .image import FileId, Image, file_id
from .ledger import Record
from .seen import Seen

# In place of the module in the record of what is attached only to be looked into: it ends with the run that made it.
LOOKING = "vbd_info"


class Attachment(t.NamedTuple):
    """An attachment of ours. trouble: why it is no longer whole ("" where it is)."""

    record: Record
    trouble: str


class State(t.NamedTuple):
    """attachments: ours, by tag; unreadable: by tag, why a record of ours tells nothing; the others: everybody's."""

    attachments: dict[str, Attachment]
    seen: Seen
    mounts: list[mountinfo.Mount]
    unreadable: dict[str, ToolFailed]

    def of_image(self, identity: FileId, domid: int) -> t.Optional[Attachment]:
        """Our attachment of an image to this host (0) or a guest domain."""
        return self.attachments.get(ledger.tag_of(identity, domid))


def read(host: Host) -> State:
    """Raises FleetError."""
    found = seen.look(host)
    attachments = {}
    records, unreadable = ledger.read_all(host)
    for record in records:
        backend = BACKENDS[record.backend]
        trouble = backend.trouble(host, record, found)
        if record.by == LOOKING:
            trouble = trouble or "a look into it was cut off, or is under way"
        trouble = trouble or _cut(record) or _unfinished(record) or _outlived(host, record)
        if trouble and not record.servers:
            # A run was cut off when it had started them: they have the image open, and the device may be theirs.
            record = record._replace(servers=server.left_running(host, record))
        if trouble and record.device and not backend.holds(host, record, found):
            # Its number may be somebody else's by now.
            record = record._replace(device=ledger.GONE)
        attachments[record.tag] = Attachment(record, trouble)
    return State(attachments, found, mountinfo.read(host), unreadable)


def left_alone(state: State) -> list[str]:
    """A sentence about each record that cannot be read."""
    return [f"{error.what}: {error.why}; it is left alone." for error in state.unreadable.values()]


def _unfinished(record: Record) -> str:
    return "" if record.whole else "a run was cut off while attaching it"


def _outlived(host: Host, record: Record) -> str:
    ended = record.run is not None and not processes.lives(host, record.run)
    return f"a run of {record.by} was cut off while it was at work on it" if ended else ""


def _cut(record: Record) -> str:
    """QEMU reads zeros where its image ends too early, and says nothing."""
    try:
        status = os.stat(record.image)
    except OSError:
        return ""
    if not record.length or file_id(status) != record.id or status.st_size >= record.length:
        return ""
    return f"its image was cut from {record.length} to {status.st_size} bytes"


def uses(host: Host, now: State, images: t.Sequence[Image]) -> dict[FileId, list[usage.Use]]:
    """Who uses these images and the files below them."""
    wanted = {member.id: member.path for image in images for member in image.members}
    return usage.survey(host, wanted, now.seen, now.mounts)


def mounts_of(host: Host, state: State, record: Record) -> list[mountinfo.Mount]:
    """Everybody's mounts of a disk of ours and its partitions, the oldest first."""
    numbers = partitions.numbers(host, record.device) if partitions.exists(host, record.device) else {}
    return [mount for mount in state.mounts if mount.device in numbers]


class Holder(t.NamedTuple):
    """Who keeps a disk from being detached. kind: mount, device or program; why: a clause about the disk."""

    kind: str
    why: str


def openers_of(host: Host, records: t.Iterable[Record]) -> list[processes.OpenFile]:
    """Programs that have one of these disks or their partitions open, in one pass over /proc for all of them."""
    wanted, servers = set(), set()
    for record in records:
        wanted |= _node_ids(host, record)
        servers |= {process.pid for process in record.servers}
    return [held for held in processes.open_files(host, wanted) if held.pid not in servers]


def holders_of(
    host: Host, state: State, record: Record, ours: t.Container[str], openers: t.Sequence[processes.OpenFile]
) -> list[Holder]:
    """Mounts of a disk (but those at paths in ours), devices built on it, and programs that have it open."""
    if not partitions.exists(host, record.device):
        return []
    allowed = ledger.look_path(host, record)
    found = [
        Holder("mount", f"it is mounted on {mount.path}")
        for mount in mounts_of(host, state, record)
        if mount.path not in ours and mount.path != allowed
    ]
    found += [Holder("device", f"{name} is built on it") for name in partitions.holders(host, record.device)]
    nodes = _node_ids(host, record)
    if any(mount.fstype.startswith("fuse") and mount.path in ours for mount in mounts_of(host, state, record)):
        # The file system's own program has it open, and ends with the mount that is going.
        return found
    found += [Holder("program", f"{held.name} (pid {held.pid}) has it open") for held in openers if held.id in nodes]
    return found


def _node_ids(host: Host, record: Record) -> set[FileId]:
    if not partitions.exists(host, record.device):
        return set()
    return {FileId(major, minor, True) for major, minor in partitions.numbers(host, record.device)}


__all__ = [
    "LOOKING",
    "Attachment",
    "Holder",
    "State",
    "holders_of",
    "left_alone",
    "mounts_of",
    "openers_of",
    "read",
    "uses",
]
