# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the kernel and xenstore show of everybody's disks, read once and handed to every backend."""

from __future__ import annotations

import typing as t

from .._common.host import Host
from . import losetup, xenstore
from .xenstore import Snapshot


class Seen(t.NamedTuple):
    """xen: None where this host is no Xen Domain-0."""

    loops: list[losetup.Loop]
    xen: t.Optional[Snapshot]


def look(host: Host) -> Seen:
    """Raises FleetError."""
    return Seen(losetup.listed(host), xenstore.read(host) if xenstore.is_control_domain(host) else None)


__all__ = ["Seen", "look"]
