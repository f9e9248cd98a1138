# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The disks of a guest that is shut down, by its name: from its configuration file to requests for its images."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InUse, InvalidRequest
from . import diskspec, guest_config, vdev
from .diskspec import DiskRequest
from .guest_config import Config
from .xenstore import Snapshot

# Where the toolstacks and their users keep them.
DIRECTORIES = ("/etc/xen", "/etc/xen/auto", "/etc/xen/vm", "/etc/xen/domains")


def find(guest: str, directories: t.Sequence[str] = DIRECTORIES) -> Config:
    """The configuration of a guest: by its name, or of the file that an absolute path names. Raises InvalidRequest."""
    if os.path.isabs(guest):
        try:
            return guest_config.read(guest)
        except OSError as error:
            raise InvalidRequest(
                guest, f"cannot be read ({error.strerror})", "check the path on the host itself"
            ) from error
    named = [config for config in _all(directories) if config.name == guest]
    # xl's own "auto" holds links to the files beside it.
    found = {path: config._replace(path=path) for config in named for path in [os.path.realpath(config.path)]}
    if len(found) == 1:
        return next(iter(found.values()))
    why = f"several files describe it ({', '.join(sorted(found))})" if found else "no configuration file describes it"
    raise InvalidRequest(guest, f"{why} below {directories[0]}", "give the file's absolute path in its place")


def _all(directories: t.Iterable[str]) -> t.Iterator[Config]:
    for directory in directories:
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            path = f"{directory}/{name}"
            if not os.path.isfile(path):
                continue
            try:
                yield guest_config.read(path)
            except (InvalidRequest, OSError):
                # Scripts and settings lie there too; that a file is no guest's shows when the guest is not found.
                continue


def disks(config: Config) -> list[dict[str, t.Any]]:
    """The disks of a guest as mappings; drives for CDs are left out. Raises InvalidRequest."""
    found = [diskspec.parse(text, of_guest=True) for text in config.disks]
    return [disk for disk in found if not disk.pop("cdrom", False)]


def expand(wanted: DiskRequest, snapshot: t.Optional[Snapshot], *, opening: bool) -> list[DiskRequest]:
    """A request for a guest's disks as one for each of its images; any other as it is.

    With ``vdev`` only that disk of the guest. How it is opened is the request's own affair: the guest's configuration
    says where the images are and of which format (none said is raw, as for xl). Raises InvalidRequest, and InUse while
    the guest runs.
    """
    if not wanted.guest:
        return [wanted]
    config = find(wanted.guest)
    if opening and snapshot and config.name in snapshot.domains.values():
        raise InUse(config.name, "it runs, and its disks are its own as long", "shut it down first: xl shutdown -w")
    chosen = [disk for disk in disks(config) if _is_meant(wanted, disk)]
    if not chosen:
        there = ", ".join(disk.get("vdev", "?") for disk in disks(config)) or "none"
        raise InvalidRequest(config.name, f"it has no such disk (there are {there})", "correct vdev, or leave it out")
    return [_request(wanted, disk, opening=opening) for disk in chosen]


def _is_meant(wanted: DiskRequest, disk: t.Mapping[str, t.Any]) -> bool:
    if not wanted.vdev:
        return True
    return vdev.parse(wanted.vdev) is not None and vdev.parse(wanted.vdev) == vdev.parse(disk.get("vdev", ""))


def _request(wanted: DiskRequest, disk: t.Mapping[str, t.Any], *, opening: bool) -> DiskRequest:
    values = {
        **wanted._asdict(),
        "image": disk["image"],
        "format": disk.get("format", "raw"),
        "vdev": None,
        "guest": None,
    }
    return diskspec.request(values, opening=opening)


__all__ = ["DIRECTORIES", "disks", "expand", "find"]
