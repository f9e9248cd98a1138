# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests' files say of them: os-release, ELF, PE, kernels, hives."""

from __future__ import annotations

import io
import struct

import pytest
from dissect.regf import RegistryHive
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import guest_system
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.hive import Hive
from ansible_collections.homevirt.fleet.tests.unit.support import hives

NT = "Microsoft\\Windows NT\\CurrentVersion"


def elf(machine, big=False):
    return b"\x7fELF\x02" + (b"\x02" if big else b"\x01") + bytes(12) + struct.pack(">H" if big else "<H", machine)


def plant(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(root)


DEBIAN = {
    "usr/lib/os-release": 'ID=debian\nNAME="Debian"\nPRETTY_NAME="Debian \\"12\\""\nVERSION_ID=12\n',
    "usr/bin/env": elf(62),
    "etc/hostname": "# set by hand\nweb.example\n",
    "boot/vmlinuz-6.1.0-18-amd64": "",
    "boot/initrd.img-6.1.0-18-amd64": "",
    "lib/modules/6.1.0-17-amd64/modules.dep": "",
    "etc/fstab": "UUID=u / ext4 defaults 0 1\n",
}
CENTOS_6 = {
    "etc/redhat-release": "CentOS release 6.10 (Final)\n",
    "bin/sh": elf(3),
    "etc/sysconfig/network": 'NETWORKING=yes\nHOSTNAME="old.example"\n',
    "boot/vmlinuz-2.6.32-754.el6.i686": "",
}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (
            DEBIAN,
            {
                "id": "debian",
                "name": 'Debian "12"',
                "version": "12",
                "arch": "x86_64",
                "hostname": "web.example",
                "kernels": ["6.1.0-17-amd64", "6.1.0-18-amd64"],
                "mounts": [{"source": "UUID=u", "path": "/", "fstype": "ext4", "options": "defaults"}],
            },
        ),
        (
            CENTOS_6,
            {
                "id": "rhel",
                "name": "CentOS release 6.10 (Final)",
                "version": "6.10",
                "arch": "i686",
                "hostname": "old.example",
                "kernels": ["2.6.32-754.el6.i686"],
                "mounts": [],
            },
        ),
        ({"etc/debian_version": "6.0.10\n", "bin/sh": elf(22, big=True)}, {"name": "Debian 6.0.10", "arch": "s390x"}),
        ({"etc/os-release": "ID=odd\nPRETTY_NAME='\x1b[31mred'\n"}, {"name": "\\x1b[31mred", "arch": ""}),
    ],
)
def test_linux(files, wanted, tmp_path):
    found = guest_system.describe(plant(tmp_path, files))
    assert found["type"] == "linux"
    assert {key: found[key] for key in wanted} == wanted


WINDOWS = {
    "WINDOWS/system32/config/SOFTWARE": hives.build(hives.SOFTWARE),
    "WINDOWS/system32/config/system": hives.build(hives.SYSTEM),
    "WINDOWS/system32/NTOSKRNL.EXE": hives.kernel(),
}


def test_windows(tmp_path):
    found = guest_system.describe(plant(tmp_path, WINDOWS))
    assert found == {
        "type": "windows",
        "id": "windows",
        "name": "Windows Server 2022 Standard",
        "version": "10.0.20348",
        "arch": "x86_64",
        "hostname": "WIN-LAB",
        "kernels": [],
        "mounts": [],
    }


@pytest.mark.parametrize(
    ("values", "name", "version"),
    [
        ({"@ProductName": "Windows 10 Pro", "@CurrentBuildNumber": "22631"}, "Windows 11 Pro", "22631"),
        ({"@ProductName": "Windows 10 Pro", "@CurrentBuildNumber": "19045"}, "Windows 10 Pro", "19045"),
        (
            {"@ProductName": "Microsoft Windows XP", "@CurrentVersion": "5.1", "@CurrentBuildNumber": "2600"},
            "Microsoft Windows XP",
            "5.1.2600",
        ),
        ({}, "Windows", ""),
    ],
)
def test_windows_by_its_registry(values, name, version, tmp_path):
    software = hives.build({"Microsoft": {"Windows NT": {"CurrentVersion": values}}})
    found = guest_system.describe(plant(tmp_path, {"Windows/System32/config/SOFTWARE": software}))
    assert (found["name"], found["version"], found["arch"], found["hostname"]) == (name, version, "", "")


@pytest.mark.parametrize("kind", [b"lh", b"li", b"ri"])
def test_hive_says_to_us_what_it_says_to_another_reader(kind):
    content = {**hives.SOFTWARE, "Other": {}, "Third": {"@Number": 5, "@Text": "x" * 300}}
    raw = hives.build(content, kind)
    other, ours = RegistryHive(io.BytesIO(raw)), Hive(io.BytesIO(raw))
    for key, names in ((NT, list(hives.SOFTWARE["Microsoft"]["Windows NT"]["CurrentVersion"])), ("Third", ["@Text"])):
        for name in names:
            assert ours.value(key.upper(), name[1:].lower()) == other.open(key).value(name[1:]).value
    assert ours.value("Third", "Nothing") is None
    assert ours.value("Third\\Below", "Number") is None


@given(st.binary(max_size=64), st.integers(0, 12000))
def test_damaged_hive_is_no_value_and_no_crash(noise, place):
    raw = bytearray(hives.build(hives.SOFTWARE))
    raw[place : place + len(noise)] = noise
    found = Hive(io.BytesIO(bytes(raw))).value(NT, "ProductName")
    assert found is None or isinstance(found, (str, int))
