# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Xen's virtual disks as this domain's own kernel has them (Linux, drivers/xen/xenbus, block/xen-blkfront.c)."""

from __future__ import annotations

import os

from .._common.host import Host
from . import partitions

# Bus -> the module that drives disks there.
FRONTEND, BACKEND = ("xen", "xen-blkfront"), ("xen-backend", "xen-blkback")


def node(host: Host, devid: int) -> str:
    """The block device of a disk, by the kernel's own table and not by its name; "" while there is none."""
    place = f"{host.sys}/bus/xen/devices/vbd-{devid}/block"
    names = os.listdir(place) if os.path.isdir(place) else []
    return partitions.node_of(host, names[0]) if names else ""


def is_driven(host: Host, bus: str) -> bool:
    """Whether the disk driver of a bus is loaded or built in."""
    return os.path.isdir(f"{host.sys}/bus/{bus}/drivers/vbd")


__all__ = ["BACKEND", "FRONTEND", "is_driven", "node"]
