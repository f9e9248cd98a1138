# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""How each file system is mounted without changing one byte of it, and how a guest's operating system is recognised."""

from __future__ import annotations

import os

from .._common import os_name
from .._common.errors import Refused
from .partitions import AMBIVALENT

# Read-only alone replays a journal where the device can be written (ext4(5), xfs(5), btrfs(5), mount(8), ntfs-3g(8)).
READ_ONLY = {
    "ext2": ("ro",),
    "ext3": ("ro", "noload"),
    "ext4": ("ro", "noload"),
    "xfs": ("ro", "norecovery", "nouuid"),
    "btrfs": ("ro", "rescue=nologreplay"),
    "f2fs": ("ro", "norecovery"),
    "ntfs": ("ro", "norecover"),
}
# A clone carries its origin's UUID, and both may be wanted at once.
READ_WRITE = {"xfs": ("rw", "nouuid")}
# A guest's file system must not bring device nodes or set-user-ID programs to the host.
ALWAYS = ("nodev", "nosuid")
TYPES = {"ntfs": "ntfs-3g"}

NOT_MOUNTABLE = {
    AMBIVALENT: "it carries the signatures of more than one file system (see wipefs --no-act)",
    "swap": "it is swap space",
    "LVM2_member": "it belongs to an LVM volume group",
    "crypto_LUKS": "it is encrypted with LUKS",
    "linux_raid_member": "it is a member of an MD array",
}
RELEASES = (*os_name.OS_RELEASE, *os_name.OLDER)
WINDOWS = ("windows", "system32", "config", "system")
# They hold boot files, never the operating system itself.
BOOT_ONLY = ("vfat",)


def options(fstype: str, access: str, extra: str) -> str:
    """The value of mount's -o. extra: the user's own options, which come last and so win."""
    chosen = READ_ONLY.get(fstype, ("ro",)) if access == "r" else READ_WRITE.get(fstype, ("rw",))
    return ",".join([*chosen, *ALWAYS, *([extra] if extra else [])])


def mount_type(fstype: str) -> str:
    """The value of mount's -t for a type as blkid names it."""
    return TYPES.get(fstype, fstype)


def why_not_mountable(fstype: str) -> str:
    """The reason, or "" where it can be tried."""
    return NOT_MOUNTABLE.get(fstype, "") if fstype else "nothing known is on it"


def may_hold_os(fstype: str) -> bool:
    return not why_not_mountable(fstype) and fstype not in BOOT_ONLY


def holds_os(path: str) -> bool:
    """Whether the file system mounted here holds a Linux (os-release(5)) or Windows (its SYSTEM hive) system."""
    # lexists: inside a guest the link may point at a path that is absolute there.
    return any(os.path.lexists(f"{path}{name}") for name in RELEASES) or _has_windows(path)


def _has_windows(path: str) -> bool:
    for wanted in WINDOWS:
        try:
            names = [name for name in os.listdir(path) if name.lower() == wanted]
        except (FileNotFoundError, NotADirectoryError):
            return False
        if not names:
            return False
        path = os.path.join(path, names[0])
    return True


def require_mountable(what: str, fstype: str) -> None:
    """Raise Refused for what is no file system."""
    reason = why_not_mountable(fstype)
    if reason:
        raise Refused(what, f"cannot be mounted: {reason}", "choose another partition (vbd_info lists them)")


__all__ = ["holds_os", "may_hold_os", "mount_type", "options", "require_mountable", "why_not_mountable"]
