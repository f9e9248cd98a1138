# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the steps of a plan do to one disk, and what undoes them."""

from __future__ import annotations

import typing as t

from .._common.errors import InUse, Refused
from . import backends, ledger, mountinfo, mounts, overlay, partitions, quiet, seen, usage, volumes
from .diskspec import DiskRequest
from .ledger import Record
from .work import Work


def begin(work: Work, record: Record, disk: DiskRequest) -> None:
    """Let the backend start what takes long, after it is written down that we are at it."""
    work.keep(record._replace(whole=False))
    overlay.prepare(record)
    work.begun[record.tag] = backends.BACKENDS[record.backend].begin(work.host, record, disk)


def attach(work: Work, record: Record, disk: t.Optional[DiskRequest] = None) -> None:
    """Attach a disk, after it is written down that we are at it."""
    backend = backends.BACKENDS[record.backend]
    again = DiskRequest(record.image, record.format, record.access, record.backend, record.overlay)
    begun = work.begun.get(record.tag)
    record = record._replace(whole=False)
    if begun is None:
        work.keep(record)
        overlay.prepare(record)
    record = backend.attach(work.host, record, disk or again, begun)
    work.keep(record)
    work.begun.pop(record.tag, None)
    overlay.remove(record)
    if record.domid == 0:
        with quiet.undisturbed(record.device):
            partitions.announce(work.host, record.device)
    work.keep(record._replace(whole=True))


def detach(work: Work, record: Record, shown: str) -> None:
    """Release a disk that nobody holds; a mount in another namespace shows only now that ours are gone."""
    _look_no_more(work, record)
    volumes.close(work.host, record.tag, idle=False)
    if partitions.exists(work.host, record.device) and usage.stays_claimed(work.host, record.device):
        raise InUse(
            shown,
            f"{record.device} cannot be detached: it is mounted in another mount namespace, or a device is built on it",
            "end the container or service that was started while it was mounted, then run again",
        )
    release(work, record)


def attach_again(work: Work, record: Record) -> None:
    """Undo of a detach: if it did not come to that the attachment stands, and a second one would be a second writer."""
    if not backends.BACKENDS[record.backend].trouble(work.host, record, seen.look(work.host)):
        work.keep(work.records.get(record.tag, record._replace(mounts=())))
        return
    if record.overlay:
        raise Refused(record.image, "what was written into its throwaway layer is gone", "attach it anew")
    if partitions.exists(work.host, record.device) and usage.stays_claimed(work.host, record.device):
        raise InUse(record.image, f"{record.device} is still held", "look at it with lsblk, then run again")
    release(work, record)
    attach(work, record._replace(servers=(), mounts=(), device="", connected=False, under_device=""))


def release(work: Work, record: Record) -> None:
    """Take apart whatever there is of an attachment, and forget it."""
    begun = work.begun.pop(record.tag, None)
    if begun is not None:
        backends.BACKENDS[record.backend].abandon(work.host, record, begun)
        record = ledger.latest(work.host, record)
    _look_no_more(work, record)
    volumes.close(work.host, record.tag, idle=False)
    backends.BACKENDS[record.backend].release(work.host, record)
    overlay.remove(record)
    work.drop(record)


def _look_no_more(work: Work, record: Record) -> None:
    """A run that was killed may have left what it looked at mounted."""
    look = ledger.look_path(work.host, record)
    if mountinfo.at(mountinfo.read(work.host), look) is not None:
        mounts.umount_at(work.host, look)


__all__ = ["attach", "attach_again", "begin", "detach", "release"]
