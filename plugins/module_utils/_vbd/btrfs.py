# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""btrfs and its UUID: the kernel takes whatever carries the same one for parts of the same file system.

While one clone is mounted, mounting another may show the first one's files, or let writes go to the wrong disk
(btrfs(5)). sysfs tells which UUIDs are mounted, and from which devices (Linux, ABI/testing/sysfs-fs-btrfs).
"""

from __future__ import annotations

import os

from .._common.errors import Refused
from .._common.host import Host
from .partitions import Partition

FSTYPE = "btrfs"


def refuse_clone(host: Host, partition: Partition, shown: str) -> None:
    """Raise Refused where a btrfs with the same UUID is mounted from another device."""
    if partition.fstype != FSTYPE:
        return
    place = f"{host.sys}/fs/btrfs/{partition.uuid}/devices"
    mounted = set(os.listdir(place)) if partition.uuid and os.path.isdir(place) else set()
    if mounted and os.path.basename(partition.device) not in mounted:
        raise Refused(
            shown,
            f"a btrfs with the same UUID {partition.uuid} is mounted from {', '.join(sorted(mounted))}, and the kernel "
            "takes a clone for the same file system",
            "mount one at a time, or give one of them a UUID of its own (btrfstune -u)",
        )


__all__ = ["FSTYPE", "refuse_clone"]
