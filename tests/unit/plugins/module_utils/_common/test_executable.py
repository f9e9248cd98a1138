# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""For which processor a program was built: programs of this machine, and heads as for other machines."""

from __future__ import annotations

import os
import struct
import sys

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common import executable
from ansible_collections.homevirt.fleet.tests.unit.support import hives


def elf(machine, big=False):
    return b"\x7fELF\x02" + (b"\x02" if big else b"\x01") + bytes(12) + struct.pack(">H" if big else "<H", machine)


def test_a_program_that_runs_here_is_for_this_processor():
    with open(os.path.realpath(sys.executable), "rb") as stream:
        assert executable.elf_machine(stream.read(executable.ENOUGH)) == os.uname().machine


@pytest.mark.parametrize(
    ("head", "machine"),
    [
        (elf(3), "i686"),
        (elf(21, big=True), "ppc64"),
        (elf(21), "ppc64le"),
        (elf(22, big=True), "s390x"),
        (elf(183), "aarch64"),
        (elf(4711), "machine 4711"),
        (elf(62)[:-1], ""),
        (b"#!/bin/sh\n" + bytes(20), ""),
        (b"", ""),
    ],
)
def test_elf(head, machine):
    assert executable.elf_machine(head) == machine


@pytest.mark.parametrize(
    ("head", "machine"),
    [
        (hives.kernel(), "x86_64"),
        (hives.kernel(0x14C), "i686"),
        (hives.kernel(0xAA64), "aarch64"),
        (hives.kernel(0x200), "ia64"),
        (hives.kernel(0x1234), ""),
        (hives.kernel()[:133], ""),
        (hives.kernel().replace(b"PE", b"NE"), ""),
        (b"MZ", ""),
        (b"", ""),
    ],
)
def test_pe(head, machine):
    assert executable.pe_machine(head) == machine
