# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest costs, read as the hypervisors write it."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._bench import cpu
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result

XL = """Name                                        ID   Mem VCPUs\tState\tTime(s)
Domain-0                                     0  2048     2     r-----     120.4
my guest                                     7  1024     1     -b----      30.1
(null)                                       9     0     1     --ps-d       1.0
"""


class Xl:
    def run(self, argv, timeout):
        return Result(tuple(argv), 0, XL, "")


def qemu(root, traffic="rchar: 1\nread_bytes: 4096\nwrite_bytes: 512\n"):
    (root / "7").mkdir()
    fields = ["S", "1", *["0"] * 9, "150", "50", "9", "9"]
    (root / "7/stat").write_text(f"7 (qemu) (x86) {' '.join(fields)}\n")
    (root / "7/io").write_text(traffic)
    return Host(None, proc=str(root))


def test_qemu_by_number_and_by_pid_file(tmp_path):
    host = qemu(tmp_path)
    (tmp_path / "pid").write_text("7\n")
    wanted = (200 / os.sysconf("SC_CLK_TCK"), 4096, 512)
    assert cpu.spent(host, "qemu", "7") == cpu.spent(host, "qemu", str(tmp_path / "pid")) == wanted


def test_xen_counts_dom0_too():
    assert cpu.spent(Host(Xl()), "xen", "my guest") == (150.5, None, None)


def test_a_guest_that_is_not_there(tmp_path):
    for host, kind, guest in ((Host(Xl()), "xen", "other"), (qemu(tmp_path), "qemu", "8")):
        with pytest.raises(FleetError, match=f"{guest}'"):
            cpu.spent(host, kind, guest)
