# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Xen's toolstack since 4.1: xl(1). Its words for a disk: xl-disk-configuration(5)."""

from __future__ import annotations

import re

from .._common.host import Host
from .._common.runner import last_words
from . import processes, xenstore
from .backend_nbd import MODPROBE
from .backend_xen import XenBackend
from .backend_xm import xend_runs
from .diskspec import DiskRequest
from .ledger import Record

XL = "xl"
# libxl: error: file:line:function: (domain:) what was the matter
ERROR = re.compile(r"^libxl: error: [^:]+:\d+:\w+: (.*)$", re.MULTILINE)


class XlBackend(XenBackend):
    name = "xl"
    programs = (XL, MODPROBE)
    formats = {"raw": "raw", "qcow": "qcow", "qcow2": "qcow2", "vpc": "vhd"}

    def usable(self, host: Host) -> str:
        if not xenstore.is_control_domain(host):
            return "this host is no Xen Domain-0"
        return "xend runs on this host, so its tool is xm" if xend_runs(host) else ""

    def needs_below(self, host: Host, wanted: DiskRequest) -> bool:
        # QEMU 7.2 serves nothing but raw read-only to Xen ("Block node is read-only"): the device never comes. Nor does
        # it in a guest that was started without a QEMU of its own, for xl starts none for a disk that comes later.
        by_qemu = wanted.format != "raw"
        lost = wanted.access == "r" or (wanted.domid != 0 and wanted.domid not in processes.xen_servers(host).values())
        return super().needs_below(host, wanted) or (by_qemu and lost)

    def reason(self, said: str) -> str:
        # The first error is the cause; what follows only says that it did not go on.
        found = ERROR.search(said)
        return last_words(found[1] if found else said)

    def attach_command(self, record: Record, target: str, kind: str) -> list[str]:
        access = "ro" if record.access == "r" else "rw"
        # target= comes last, for it takes all that follows, commas too. No backendtype=: xl chooses between QEMU and
        # the kernel, and naming one can make it ask for a device model that Domain-0 has none of.
        words = f"format={self.formats[kind]},vdev={record.vdev},access={access},target={target}"
        return [XL, "block-attach", str(record.domid), words]

    def detach_command(self, domid: int, devid: int, *, force: bool) -> list[str]:
        return [XL, "block-detach", *(["--force"] if force else []), str(domid), str(devid)]


__all__ = ["XlBackend"]
