# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for losetup(8)."""

from __future__ import annotations

import json
import os
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import checked
from .image import FileId

PROGRAM = "losetup"
COLUMNS = "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,RO"


class Loop(t.NamedTuple):
    """A loop device in use. id: of the file behind it; path: that file's name as the kernel has it."""

    device: str
    id: FileId
    path: str
    writes: bool


def attach(host: Host, path: str, *, read_only: bool, direct_io: bool) -> str:
    """Put a file behind a free loop device and return the device. Raises ToolFailed."""
    argv = [PROGRAM, "--find", "--show", "--partscan"]
    if read_only:
        argv.append("--read-only")
    if direct_io:
        argv.append("--direct-io=on")
    result = checked(host.runner, [*argv, path], host.timeout, path, "check that loop devices can be made on this host")
    return result.out.strip()


def detach(host: Host, device: str) -> None:
    """Ask the kernel to free a device. It does so only once nobody holds it: poll listed() afterwards."""
    checked(host.runner, [PROGRAM, "--detach", device], host.timeout, device, "find its users with fuser and lsblk")


def listed(host: Host) -> list[Loop]:
    """All loop devices that have a file behind them. Raises ToolFailed."""
    result = checked(
        host.runner, [PROGRAM, "--list", "--json", "--output", COLUMNS], host.timeout, "loop devices", "run losetup by hand"
    )
    if not result.out.strip():
        return []
    try:
        return [_loop(entry) for entry in json.loads(result.out)["loopdevices"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailed("loop devices", f"losetup printed something unexpected ({error})", "report this") from error


def _loop(entry: dict[str, t.Any]) -> Loop:
    # Both are null where the file's file system does not answer any more.
    major, _colon, minor = str(entry["back-maj:min"] or "0:0").partition(":")
    dev = os.makedev(int(major), int(minor))
    # util-linux before 2.35 wrote numbers and flags as strings.
    writable = str(entry["ro"]).lower() in ("0", "false")
    return Loop(entry["name"], FileId(dev, int(entry["back-ino"] or 0)), entry["back-file"] or "", writable)


__all__ = ["PROGRAM", "Loop", "attach", "detach", "listed"]
