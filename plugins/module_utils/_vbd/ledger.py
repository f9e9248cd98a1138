# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What we attached, written down before it is done, so that the next run knows ours from others' after any crash.

One directory per attachment under /run (gone after a reboot, as the devices are): ``record.json`` and whatever the
backend keeps beside it. A record is a claim; what is really there is read from the kernel every time.
"""

from __future__ import annotations

import json
import os
import typing as t

from .._common import smallfile
from .._common.errors import ToolFailed
from .._common.host import Host
from .diskspec import DiskRequest
from .image import FileId, Image
from .processes import Process

VERSION = 1
OWNER = "homevirt.fleet"
# In place of a device that is no longer this attachment's; no disk is called so.
GONE = "(gone)"


class Mounted(t.NamedTuple):
    """One of our mounts.

    fstype, options: for mount(8); made: topmost directory made for it; fstab: its line there, or "".
    volume: ``group/volume`` of an LVM volume; subvolume: of a btrfs, found and not asked for; tree: the directory at
    which the guest's tree begins that this is a part of; "" for none.
    """

    path: str
    partition: int
    fstype: str
    options: str
    made: str
    fstab: str
    volume: str = ""
    subvolume: str = ""
    tree: str = ""


class Tree(t.NamedTuple):
    """A guest's whole tree that is mounted. skipped: a sentence for each line of its fstab that was not."""

    path: str
    skipped: tuple[str, ...]


class Record(t.NamedTuple):
    """One attachment of ours.

    tag:     names it: identity of the image, and the domain it is attached to.
    image:   path at the time, without symlinks.
    device:  the disk's node on this host, "" as long as it has none, and always in a guest.
    files:   identities of the image and all files below it.
    servers: processes that serve it.
    by:      the module that asked for it, and so may take it away unasked.
    domid:   the domain that it is attached to; 0 is this host.
    vdev:    Xen's name for the place, "" where the backend is not one of Xen's.
    connected: whether Xen's two ends have met; meaningless for other backends.
    layer:   directory of its throwaway layer, while that still has a name; "" for none.
    length:  bytes of the image's file when it was attached; 0 for a block device.
    whole:   all was done that attaching it takes; otherwise a run is at it, or was cut off.
    run:     the process that it was attached for, and with which it is to end; None where it is to stay.
    under:   the backend that serves what Xen's tools cannot read, and under_device the device it made; "" for none.
    """

    tag: str
    image: str
    id: FileId
    format: str
    access: str
    overlay: bool
    backend: str
    device: str
    files: tuple[FileId, ...]
    servers: tuple[Process, ...]
    by: str
    mounts: tuple[Mounted, ...]
    domid: int = 0
    vdev: str = ""
    connected: bool = False
    under: str = ""
    under_device: str = ""
    layer: str = ""
    length: int = 0
    whole: bool = True
    trees: tuple[Tree, ...] = ()
    run: t.Optional[Process] = None

    @property
    def owner(self) -> str:
        """The owner tag that modules return."""
        return f"{OWNER}:{self.tag}"

    def same_as(self, wanted: DiskRequest) -> bool:
        """Whether the attachment already is what is wanted (the image being the same)."""
        same = (self.access, self.overlay, self.format) == (wanted.access, wanted.overlay, wanted.format)
        # Another place counts only where it was asked for, and where there are places at all.
        return same and wanted.vdev in ("", self.vdev or wanted.vdev)


def tag_of(identity: FileId, domid: int) -> str:
    """The name of the attachment of an image to a domain."""
    return f"{identity.key}-{f'domain{domid}' if domid else 'host'}"


def new(image: Image, wanted: DiskRequest, backend: str, by: str, vdev: str = "") -> Record:
    """The record of an attachment that is still to be made."""
    return Record(
        tag=tag_of(image.id, wanted.domid),
        image=image.path,
        id=image.id,
        format=wanted.format,
        access=wanted.access,
        overlay=wanted.overlay,
        backend=backend,
        device="",
        files=tuple(member.id for member in image.members),
        servers=(),
        by=by,
        mounts=(),
        domid=wanted.domid,
        vdev=vdev,
    )


def base(host: Host) -> str:
    return f"{host.run}/{OWNER}/vbd"


def lock_path(host: Host) -> str:
    return f"{host.run}/{OWNER}/vbd.lock"


def directory(host: Host, record: Record) -> str:
    return f"{base(host)}/{record.tag}"


def look_path(host: Host, record: Record) -> str:
    """Where a partition is mounted for a moment to see whether it holds an operating system."""
    return f"{directory(host, record)}/look"


def write(host: Host, record: Record) -> None:
    """Write a record, whole or not at all."""
    place = directory(host, record)
    os.makedirs(place, mode=0o700, exist_ok=True)
    values = {"version": VERSION, **record._asdict()}
    draft = f"{place}/record.json.new"
    with open(draft, "w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump(values, stream)
    os.replace(draft, f"{place}/record.json")


def erase(host: Host, record: Record) -> None:
    """Forget an attachment; the backend has taken its own things away before."""
    _remove(directory(host, record))


def read_all(host: Host) -> tuple[list[Record], dict[str, ToolFailed]]:
    """All records of this host, and by tag why one cannot be read: another version of this collection wrote it."""
    records, unreadable = [], {}
    for tag in _tags(host):
        try:
            record = _read(f"{base(host)}/{tag}")
        except ToolFailed as error:
            unreadable[tag] = error
            continue
        if record is not None:
            records.append(record)
    return records, unreadable


def latest(host: Host, record: Record) -> Record:
    """A record as a backend has written it last, which is more than the engine knows while it is at work."""
    return _read(directory(host, record)) or record


def sweep(host: Host) -> None:
    """Remove directories without a record: a run was killed between making one and writing into it. Needs the lock."""
    for tag in _tags(host):
        if not os.path.exists(f"{base(host)}/{tag}/record.json"):
            _remove(f"{base(host)}/{tag}")


def _tags(host: Host) -> list[str]:
    place = base(host)
    found = os.listdir(place) if os.path.isdir(place) else []
    return sorted(tag for tag in found if os.path.isdir(f"{place}/{tag}"))


def _remove(place: str) -> None:
    # Never a recursive removal: were a guest's file system still mounted below, that would empty the guest.
    # The record goes last: whatever cannot be removed is still known as ours.
    for entry in sorted(os.scandir(place), key=lambda entry: entry.name == "record.json"):
        if entry.is_dir(follow_symlinks=False):
            os.rmdir(entry.path)
        else:
            os.unlink(entry.path)
    os.rmdir(place)


def _read(place: str) -> t.Optional[Record]:
    path = f"{place}/record.json"
    try:
        values = json.loads(smallfile.text(path))
        if values.pop("version") != VERSION:
            raise ValueError("written by another version of homevirt.fleet")
        values["id"] = FileId(*values["id"])
        values["files"] = tuple(FileId(*identity) for identity in values["files"])
        values["servers"] = tuple(Process(*server) for server in values["servers"])
        values["mounts"] = tuple(Mounted(*mounted) for mounted in values["mounts"])
        values["run"] = Process(*values["run"]) if values.get("run") else None
        values["trees"] = tuple(Tree(path, tuple(skipped)) for path, skipped in values.get("trees", ()))
        return Record(**values)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        raise ToolFailed(
            path,
            f"not a record that can be read ({error})",
            "detach by hand what it stands for, then remove its directory",
        ) from error


__all__ = [
    "GONE",
    "Mounted",
    "Record",
    "Tree",
    "base",
    "directory",
    "erase",
    "latest",
    "lock_path",
    "look_path",
    "new",
    "read_all",
    "sweep",
    "tag_of",
    "write",
]
