# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""``guest_driver_info`` of the Linux that this host is: which drivers it has bound now."""

from __future__ import annotations

import platform
import typing as t

from .._common.host import Host
from . import bound


def read(host: Host) -> dict[str, t.Any]:
    """What the kernel's own tree tells."""
    return {
        "changed": False,
        "hypervisor": bound.hypervisor(host),
        "kernel": platform.release(),
        "disks": [disk.public() for disk in bound.disks(host)],
        "interfaces": [interface.public() for interface in bound.interfaces(host)],
    }


__all__ = ["read"]
