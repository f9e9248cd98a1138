# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What is mounted, from /proc/self/mountinfo (proc(5)); it costs no command and has no locale."""

from __future__ import annotations

import functools
import os
import re
import stat
import typing as t

from .._common.host import Host

# A character device, of which there is one for all.
FUSE = "/dev/fuse"
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
        return [_behind(_parse(line)) for line in stream]


# Read again at each step of a plan, of which a call with many disks has many: nearly all lines are the same each time.
@functools.lru_cache(maxsize=4096)
def _parse(line: str) -> Mount:
    fields, _dash, tail = line.rstrip("\n").partition(" - ")
    _number, _parent, device, root, path, options = fields.split(" ")[:6]
    fstype, source = tail.split(" ")[:2]
    major, minor = device.split(":")
    numbers = (int(major), int(minor))
    return Mount(numbers, _plain(path), fstype, _plain(source), tuple(options.split(",")), _plain(root))


def _behind(mount: Mount) -> Mount:
    """With the block device's own numbers: btrfs shows numbers that belong to no device (major 0)."""
    if mount.device[0] != 0 or not mount.source.startswith("/") or mount.source == FUSE:
        return mount
    numbers = numbers_of(mount.source)
    return mount._replace(device=numbers) if numbers else mount


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
