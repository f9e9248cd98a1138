# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Xen's toolstack until 4.4: xm(1), the client of xend. Built from its documentation; never run on a live xend."""

from __future__ import annotations

import os

from .._common.host import Host
from . import xenstore
from .backend_nbd import MODPROBE
from .backend_xen import XenBackend
from .ledger import Record

XM = "xm"


class XmBackend(XenBackend):
    name = "xm"
    programs = (XM, MODPROBE)
    formats = {"raw": "aio", "qcow": "qcow", "qcow2": "qcow2", "vpc": "vhd", "vmdk": "vmdk"}

    def usable(self, host: Host) -> str:
        if not xenstore.is_control_domain(host):
            return "this host is no Xen Domain-0"
        return "" if xend_runs(host) else "no xend runs on this host, so its tool is xl"

    def attach_command(self, record: Record, target: str, kind: str) -> list[str]:
        behind = "phy" if record.id.block or record.under else f"tap:{self.formats[kind]}"
        return [XM, "block-attach", str(record.domid), f"{behind}:{target}", record.vdev, record.access]

    def detach_command(self, domid: int, devid: int, *, force: bool) -> list[str]:
        return [XM, "block-detach", str(domid), str(devid), *(["--force"] if force else [])]


def xend_runs(host: Host) -> bool:
    """Whether xend manages this host; xl refuses to work then. XEND_PID_FILE in Xen 4.4, xen/util/auxbin.py."""
    return os.path.exists(f"{host.run}/xend.pid")


__all__ = ["XmBackend", "xend_runs"]
