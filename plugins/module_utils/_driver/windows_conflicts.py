# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What Xen's Windows drivers leave in a registry, and what then keeps the guest from booting anywhere else.

The same keys as XenBootFix of xcp-ng's win-pv-drivers takes away.
"""

from __future__ import annotations

import typing as t

from . import registry
from .registry_draft import Draft

DISABLED = 4
# Inbox disk drivers that the Xen drivers keep from starting.
OVERRIDDEN = ("stornvme", "storahci", "pciide")
FILTERS = ("xenfilt", "scsifilt")
FILTERED_CLASSES = (
    "{4d36e96a-e325-11ce-bfc1-08002be10318}",
    "{4d36e97d-e325-11ce-bfc1-08002be10318}",
)
SERVICES = (
    "xenagent",
    "xenbus",
    "xenbus_monitor",
    "xencons",
    "xencons_monitor",
    "xendisk",
    "xenfilt",
    "xenhid",
    "xeniface",
    "xeninstall",
    "xennet",
    "xensvc",
    "xenvbd",
    "xenvif",
    "xenvkbd",
)


def plan_removal(system: Draft, control_set: str, wanted: t.Container[str]) -> None:
    """Take it away. wanted: services, lower-case, that are being put in and so are no conflict."""
    services = (control_set, "Services")
    for name in OVERRIDDEN:
        system.remove((*services, name, "StartOverride"))
    system.remove((*services, "XEN", "ForceUnplug"))
    for guid in FILTERED_CLASSES:
        for name in ("UpperFilters", "LowerFilters"):
            _plan_filters(system, (control_set, "Control", "Class", guid), name, wanted)
    for name in SERVICES:
        key = (*services, name)
        if name not in wanted and system.exists(key):
            system.set(key, "Start", registry.dword(DISABLED))


def _plan_filters(system: Draft, key: registry.Path, name: str, wanted: t.Container[str]) -> None:
    now = system.get(key, name)
    filters = registry.items_of(now)
    kept = [each for each in filters if each.casefold() not in FILTERS or each.casefold() in wanted]
    if len(kept) == len(filters):
        return
    if kept:
        system.set(key, name, registry.multi_sz(kept))
    else:
        system.unset(key, name)


__all__ = ["plan_removal"]
