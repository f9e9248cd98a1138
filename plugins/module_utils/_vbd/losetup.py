# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for losetup(8)."""

from __future__ import annotations

import errno
import json
import os
import stat
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import checked, last_words
from . import udev
from .image import FileId, file_id

PROGRAM = "losetup"
# linux/loop.h
GET_FREE = 0x4C82
# How often somebody else may take the free device before us: a play may reach many containers of one machine at once.
TRIES = 64
BUSY = os.strerror(errno.EBUSY)
COLUMNS = "NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,RO"


class Loop(t.NamedTuple):
    """A loop device in use. id: of the file behind it; path: that file's name as the kernel has it."""

    device: str
    id: FileId
    path: str
    writes: bool


def _nowhere(_device: str) -> None:
    pass


def attach(
    host: Host, path: str, *, read_only: bool, direct_io: bool, claim: t.Callable[[str], None] = _nowhere
) -> str:
    """Put a file behind a free loop device and return the device. Raises ToolFailed.

    claim: gets the device before it is used, and "" where that failed and so it is nobody's, or somebody else's.
    """
    options = ["--partscan", *(["--read-only"] if read_only else []), *(["--direct-io=on"] if direct_io else [])]
    said = ""
    for _try in range(TRIES):
        device = _free(host)
        # udev would act on what it finds, so it is told before.
        udev.hush(host, device)
        claim(device)
        result = host.runner.run([PROGRAM, *options, device, path], host.timeout)
        if result.rc == 0:
            return device
        said = last_words(result.err)
        udev.forget(host, device)
        claim("")
        if BUSY not in said and not backing_file(host, device):
            # Not taken by somebody else meanwhile, so the next would fail alike. Being taken, it has no file yet.
            break
    raise ToolFailed(path, f"losetup failed: {said}", "check that loop devices can be made on this host")


def _free(host: Host) -> str:
    try:
        control = os.open(f"{host.dev}/loop-control", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        # A container may have been given some devices and not this one; losetup looks through them.
        hint = "give it more of the host's loop devices"
        return checked(host.runner, [PROGRAM, "--find"], host.timeout, "loop devices", hint).out.strip()
    try:
        return f"{host.dev}/loop{host.ioctl(control, GET_FREE)}"
    finally:
        os.close(control)


def detach(host: Host, device: str) -> None:
    """Free a device, and wait until the kernel has really let it go. Raises FleetError."""
    checked(host.runner, [PROGRAM, "--detach", device], host.timeout, device, "find its users with fuser and lsblk")
    # losetup returns before the device is free (LOOP_CLR_FD waits for the last user to close it, loop(4)).
    host.await_true(
        lambda: not backing_file(host, device),
        device,
        "the loop device was not let go",
        "find its user with lsblk and fuser, or raise timeout",
    )
    udev.forget(host, device)


def backing_file(host: Host, device: str) -> str:
    """The name of the file behind a loop device as the kernel has it; "" where it is free. Costs no command."""
    try:
        place = f"{host.sys}/block/{os.path.basename(device)}/loop/backing_file"
        with open(place, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return ""


def devices_of(host: Host, paths: t.Container[str]) -> list[str]:
    """Loop devices that have a file of one of these names behind them."""
    names = sorted(name for name in os.listdir(f"{host.sys}/block") if name.startswith("loop"))
    return [f"{host.dev}/{name}" for name in names if backing_file(host, name) in paths]


def listed(host: Host) -> list[Loop]:
    """All loop devices that have a file behind them. Raises ToolFailed."""
    result = checked(
        host.runner,
        [PROGRAM, "--list", "--json", "--output", COLUMNS],
        host.timeout,
        "loop devices",
        "run losetup by hand",
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
    identity = FileId(dev, int(entry["back-ino"] or 0))
    # util-linux before 2.35 wrote numbers and flags as strings.
    writable = str(entry["ro"]).lower() in ("0", "false")
    path = entry["back-file"] or ""
    return Loop(entry["name"], _block_device(path, identity) or identity, path, writable)


def _block_device(path: str, node: FileId) -> t.Optional[FileId]:
    """A block device's own identity, since losetup tells that of its node in /dev."""
    try:
        status = os.stat(path) if path.startswith("/dev/") else None
    except OSError:
        return None
    same = status is not None and (status.st_dev, status.st_ino) == (node.dev, node.ino)
    return file_id(status) if status is not None and same and stat.S_ISBLK(status.st_mode) else None


__all__ = ["PROGRAM", "Loop", "attach", "backing_file", "detach", "devices_of", "listed"]
