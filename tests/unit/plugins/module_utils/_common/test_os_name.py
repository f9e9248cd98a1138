# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests' operating systems call themselves."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common import os_name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ID=debian\nVERSION_ID='12'\n", {"ID": "debian", "VERSION_ID": "12"}),
        ('PRETTY_NAME="Debian \\"12\\" (bookworm)" # now\n', {"PRETTY_NAME": 'Debian "12" (bookworm)'}),
        ("# ID=no\nID=\n9X=1\nno assignment\n", {"ID": ""}),
        ('NAME="open\nID=open\n', {"ID": "open"}),
        ("NAME='\x1b[31mred'\n", {"NAME": "\\x1b[31mred"}),
    ],
)
def test_assignments(text, wanted):
    assert os_name.assignments(text) == wanted


def test_the_one_in_etc_counts_and_a_link_there_is_the_guest_s(tmp_path):
    assert not os_name.has_os_release(str(tmp_path))
    assert os_name.os_release(str(tmp_path)) == {}
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text("ID=vendor\n")
    assert os_name.os_release(str(tmp_path)) == {"ID": "vendor"}
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/own").write_text("ID=own\n")
    (tmp_path / "etc/os-release").symlink_to("/etc/own")
    assert os_name.has_os_release(str(tmp_path))
    assert os_name.os_release(str(tmp_path)) == {"ID": "own"}


@pytest.mark.parametrize(
    ("product", "build", "name"),
    [
        ("Windows 10 Pro", "22000", "Windows 11 Pro"),
        ("Windows 10 Pro", "21999", "Windows 10 Pro"),
        ("Windows 10 Pro", "", "Windows 10 Pro"),
        ("Windows Server 2022 Standard", "26100", "Windows Server 2022 Standard"),
    ],
)
def test_windows(product, build, name):
    assert os_name.windows_name(product, build) == name
