# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What is mounted, from /proc/self/mountinfo (proc(5)); it costs no command and has no locale."""

from __future__ import annotations

import os
import re
import stat
import typing as t

from .._common.host import Host

OCTAL = re.compile(r"\\([0-7]{3})")


class Mount(t.NamedTuple):
    """device: (major, minor) of what is mounted; root: what of it.

    source: as mount shows it; options: of this mount point.
    """

    device: tuple[int, int]
    path: str
    fstype: str
    source: str
    options: tuple[str, ...]
    root: str = "/"

    @property
    def writes(self) -> bool:
        return "rw" in self.options


def read(host: Host) -> list[Mount]:
    """All mounts that this process sees, the oldest first (so that the last one at a path is the visible one)."""
    with open(f"{host.proc}/self/mountinfo", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        return [_parse(line) for line in stream]


def _parse(line: str) -> Mount:
    fields, _dash, tail = line.rstrip("\n").partition(" - ")
    _number, _parent, device, root, path, options = fields.split(" ")[:6]
    fstype, source = tail.split(" ")[:2]
    major, minor = device.split(":")
    numbers = _behind(int(major), int(minor), _plain(source))
    return Mount(numbers, _plain(path), fstype, _plain(source), tuple(options.split(",")), _plain(root))


def _behind(major: int, minor: int, source: str) -> tuple[int, int]:
    """The block device's own numbers: btrfs shows numbers that belong to no device (major 0)."""
    if major != 0 or not source.startswith("/"):
        return major, minor
    return numbers_of(source) or (major, minor)


def numbers_of(device: str) -> t.Optional[tuple[int, int]]:
    """(major, minor) of a block device by its node; None where it is none."""
    try:
        status = os.stat(device)
    except OSError:
        return None
    return (os.major(status.st_rdev), os.minor(status.st_rdev)) if stat.S_ISBLK(status.st_mode) else None


def _plain(text: str) -> str:
    return OCTAL.sub(lambda match: chr(int(match.group(1), 8)), text)


def at(mounts: t.Sequence[Mount], path: str) -> t.Optional[Mount]:
    """The mount that is visible at exactly this path."""
    for mount in reversed(mounts):
        if mount.path == path:
            return mount
    return None


__all__ = ["Mount", "at", "numbers_of", "read"]
