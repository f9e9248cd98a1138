# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Who uses an image: every place is looked at, for all images at once, before anything is opened as a disk.

Looked at: files that processes hold open (QEMU; tapdisk; qemu-nbd; cp), the disks of all Xen domains (Xen's QEMU takes
no locks), QEMU's own locks (they show holders that /proc does not), loop devices, mounts and holders of a block device.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import typing as t

from .._common.errors import InUse
from .._common.host import LONGEST_PAUSE, Host
from . import mountinfo, processes, xen_usage
from .image import FileId, Image
from .seen import Seen
from .use import Use

# QEMU block/file-posix.c: byte 100+n is locked by whoever has permission n, byte 200+n by whoever denies it to others.
PERMISSIONS, DENIALS, COUNT = 100, 200, 5
WRITE = 1
# struct flock of fcntl(2) with 64-bit offsets.
FLOCK = struct.Struct("hhqqi4x")
# Seconds that somebody may have a disk open, or a copy of its mount, before that counts as holding it.
PASSING_LOOK = 2.0


def survey(
    host: Host, wanted: t.Mapping[FileId, str], seen: Seen, mounts: t.Sequence[mountinfo.Mount]
) -> dict[FileId, list[Use]]:
    """{identity: its users}, for {identity: path}. One pass over /proc however many files are asked for."""
    found: dict[FileId, list[Use]] = {identity: [] for identity in wanted}
    if not wanted:
        return found
    meant = _overlapping(host, wanted)
    domains = xen_usage.of_domains(host, seen.xen)
    for use in domains.uses:
        for identity in meant.get(use.id, ()):
            found[identity].append(use.use)
    for held in processes.open_files(host, meant):
        if domains.explains(held):
            continue
        for identity in meant[held.id]:
            found[identity].append(Use(f"{held.name} (pid {held.pid})", held.writes, pid=held.pid))
    for loop in seen.loops:
        if loop.device in domains.devices:
            continue
        for identity in meant.get(loop.id, ()):
            found[identity].append(Use(loop.device, loop.writes, device=loop.device))
    for identity, path in wanted.items():
        uses = found[identity]
        if identity.block:
            uses += _block_uses(host, identity, path, mounts)
        uses += _lock_uses(path, uses)
    return found


def _overlapping(host: Host, wanted: t.Iterable[FileId]) -> dict[FileId, list[FileId]]:
    """{identity: the wanted ones that share bytes with it}: a disk with its partitions, a partition with its disk."""
    found: dict[FileId, list[FileId]] = {}
    for identity in wanted:
        same = {identity}
        if identity.block:
            same |= {FileId(major, minor, True) for major, minor in _nodes(host, identity)} | _disk_of(host, identity)
        for other in same:
            found.setdefault(other, []).append(identity)
    return found


def _disk_of(host: Host, identity: FileId) -> set[FileId]:
    place = f"{host.sys}/dev/block/{identity.dev}:{identity.ino}"
    if not os.path.exists(f"{place}/partition"):
        return set()
    with open(f"{os.path.dirname(os.path.realpath(place))}/dev", encoding="ascii") as stream:
        major, minor = stream.read().strip().split(":")
    return {FileId(int(major), int(minor), True)}


def refuse_conflicts(
    image: Image, access: str, uses: t.Mapping[FileId, t.Sequence[Use]], ours: t.Callable[[Use], bool], shown: str
) -> None:
    """Raise InUse where opening the image with this access would meet somebody else.

    Readers share; a writer wants the image for itself, and nobody may write to any file of its chain.
    access: "r" or "w"; ours: tells uses that are not in the way; shown: the image as the user named it.
    """
    for member in image.members:
        for use in uses[member.id]:
            if ours(use) or not (use.writes or (access == "w" and member.kind == "image")):
                continue
            raise InUse(
                shown if member.kind == "image" else f"{shown} ({member.kind} file {member.path})",
                f"{use.who} has it open for {'writing' if use.writes else 'reading, so nobody may write to it'}",
                use.hint
                or (
                    "shut down that guest or end that program, then run again"
                    if use.writes
                    else "attach it with access r or with an overlay, or end that program"
                ),
            )


def _block_uses(host: Host, identity: FileId, path: str, mounts: t.Sequence[mountinfo.Mount]) -> list[Use]:
    """Users of a block device or, where it is a disk, of one of its partitions."""
    places = _nodes(host, identity)
    found = [Use(f"the mount on {mount.path}", mount.writes) for mount in mounts if mount.device in places]
    for place in places.values():
        # What a holder does with it cannot be seen from here, so it counts as writing.
        found += [Use(f"/dev/{name}", True, device=f"/dev/{name}") for name in sorted(os.listdir(f"{place}/holders"))]
    # What is mounted in another namespace, or swapped on, shows in no list.
    elsewhere = Use("the kernel (a mount elsewhere, swap, or a device built on it)", True)
    return found or ([elsewhere] if claimed(path) else [])


def _nodes(host: Host, identity: FileId) -> dict[tuple[int, int], str]:
    """{(major, minor): place in sysfs} of a block device and its partitions."""
    top = f"{host.sys}/dev/block/{identity.dev}:{identity.ino}"
    places = [top, *(f"{top}/{name}" for name in sorted(os.listdir(top)) if os.path.exists(f"{top}/{name}/partition"))]
    found = {}
    for place in places:
        with open(f"{place}/dev", encoding="ascii") as stream:
            major, minor = stream.read().strip().split(":")
        found[int(major), int(minor)] = place
    return found


def claimed(device: str) -> bool:
    """Whether the kernel holds a block device or a partition of it, in whatever namespace; O_EXCL tells (open(2))."""
    try:
        os.close(os.open(device, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def stays_claimed(host: Host, device: str) -> bool:
    """Whether it is still claimed after a while: a starting container has copies of all mounts for a moment."""
    deadline = host.clock() + min(PASSING_LOOK, host.timeout)
    while claimed(device):
        if host.clock() >= deadline:
            return True
        host.sleep(LONGEST_PAUSE)
    return False


def _lock_uses(path: str, seen: t.Sequence[Use]) -> list[Use]:
    """Holders of QEMU's locks that nothing else showed, as on a shared file system or in another process namespace."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        writer = _locked(fd, PERMISSIONS + WRITE, 1)
        reader = _locked(fd, PERMISSIONS, COUNT) or _locked(fd, DENIALS, COUNT)
    finally:
        os.close(fd)
    if writer and not any(use.writes for use in seen):
        return [Use("a QEMU process out of sight (by its lock)", True)]
    if reader and not seen:
        return [Use("a QEMU process out of sight (by its lock)", False)]
    return []


def _locked(fd: int, start: int, length: int) -> bool:
    probe = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
    try:
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, probe)
    except OSError as error:
        # A file system without locks (some network ones) has no QEMU lock either.
        if error.errno in (errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP):
            return False
        raise
    return FLOCK.unpack(answer)[0] != fcntl.F_UNLCK


__all__ = ["Use", "refuse_conflicts", "survey"]
