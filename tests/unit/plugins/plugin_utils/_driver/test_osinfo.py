# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small osinfo-db of our own: devices that are inherited and taken away, drivers in files of their own."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver import osinfo, support_answer, support_names
from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver.support_answer import Asked

DISK, NETWORK, OLD_NETWORK = (f"http://pcisig.com/pci/{device}" for device in ("1af4/1042", "1af4/1041", "8086/100e"))
FILES = {
    "device/disk.xml": f'<device id="{DISK}"><name>virtio1.0-block</name></device>',
    "device/network.xml": f'<device id="{NETWORK}"><name>virtio1.0-net</name></device>',
    "os/debian-10.xml": f"""<os id="http://debian.org/debian/10"><short-id>debian10</short-id>
        <devices><device id="{DISK}"/><device id="{OLD_NETWORK}"/></devices></os>""",
    "os/debian-11.xml": f"""<os id="http://debian.org/debian/11"><short-id>debian11</short-id><short-id>debianbullseye</short-id>
        <derives-from id="http://debian.org/debian/10"/><release-date>2021-08-14</release-date><eol-date>2026-08-31</eol-date>
        <devices><device id="{NETWORK}"/><device id="{OLD_NETWORK}" removed="true"/></devices></os>""",
    "os/win-10.xml": '<os id="http://microsoft.com/win/10"><short-id>win10</short-id></os>',
    "os/win-10.d/drivers.xml": f"""<os id="http://microsoft.com/win/10">
        <driver arch="i686" location="http://example.org/w10" signed="false">
        <device id="{DISK}"/><device id="{NETWORK}"/></driver>
        <driver arch="x86_64" location="http://example.org/w10/disk"><device id="{DISK}"/></driver></os>""",
    "os/win-11.xml": """<os id="http://microsoft.com/win/11"><short-id>win11</short-id>
        <derives-from id="http://microsoft.com/win/10"/></os>""",
    "os/ring.xml": '<os id="http://ubuntu.com/ubuntu/22.04"><short-id>ubuntu22.04</short-id>'
    '<derives-from id="http://ubuntu.com/ubuntu/22.04"/></os>',
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "VERSION").write_text("20221203\n")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'<libosinfo version="0.0.1">{text}</libosinfo>')
    return tmp_path


@pytest.fixture
def database(root):
    return osinfo.Osinfo(str(root))


def test_devices_are_inherited_and_taken_away(database):
    assert database.public(support_names.system("debian11")) == {
        "found": True,
        "version": "20221203",
        "id": "http://debian.org/debian/11",
        "released": "2021-08-14",
        "end_of_life": "2026-08-31",
        "devices": ["virtio1.0-block", "virtio1.0-net"],
        "drivers": [],
    }
    assert database.public(support_names.system("debian10"))["devices"] == [OLD_NETWORK, "virtio1.0-block"]


def test_drivers_that_can_be_installed(database):
    assert database.public(support_names.system("win10"))["drivers"] == [
        {
            "architecture": "i686",
            "location": "http://example.org/w10",
            "signed": False,
            "devices": ["virtio1.0-block", "virtio1.0-net"],
        },
        {
            "architecture": "x86_64",
            "location": "http://example.org/w10/disk",
            "signed": True,
            "devices": ["virtio1.0-block"],
        },
    ]


def test_what_it_does_not_know(database):
    assert database.public(support_names.system("debian13")) == {"found": False, "version": "20221203"}


@pytest.mark.parametrize(
    ("guest", "hypervisor", "architecture", "status", "drivers_in"),
    [
        ("debian11", "kvm", "x86_64", "works", "guest"),
        ("debian11", "kvm", "i686", "unknown", None),
        ("debian11", "xen", "x86_64", "unknown", None),
        ("debian10", "kvm", "x86_64", "unknown", None),
        ("debian13", "kvm", "x86_64", "unknown", None),
        ("win10", "kvm", "i686", "works", "package"),
        ("win10", "kvm", "x86_64", "unknown", None),
        ("win11", "kvm", "i686", "unknown", None),
        ("ubuntu22.04", "kvm", "x86_64", "unknown", None),
    ],
)
def test_unknown_becomes_works(database, guest, hypervisor, architecture, status, drivers_in):
    answer = support_answer.answer(Asked(guest, hypervisor, None, architecture, "2022-12-03"), database)
    assert (answer["status"], answer["drivers_in"]) == (status, drivers_in)
    before = support_answer.answer(Asked(guest, hypervisor, None, architecture, "2022-12-02"), database)
    assert before["status"] == "unknown"


def test_it_never_makes_more_than_works(database):
    asked = Asked("win10", "kvm", "sle15sp6", "i686", "2025-01-01")
    with_it, without = support_answer.answer(asked, database), support_answer.answer(asked)
    assert with_it["status"] == without["status"] == "works"
    assert with_it["source"] == without["source"]
    assert without["osinfo"] is None and with_it["osinfo"]["found"]


def test_its_source_is_named(database):
    answer = support_answer.answer(Asked("debian11", "kvm", None, None, "2025-01-01"), database)
    assert answer["source_title"] == "osinfo-db 20221203"
    assert answer["since"] == "2022-12-03" and answer["read"] == datetime.date.today().isoformat()
    assert answer["reason"] == (
        "debian11 on kvm: works since 2022-12-03, says libosinfo. "
        "There are drivers for its disk and network; nobody promises more."
    )


@pytest.mark.parametrize("version", [None, "new\n"])
def test_none_there(root, version):
    (root / "VERSION").unlink()
    if version:
        (root / "VERSION").write_text(version)
    with pytest.raises(InvalidRequest) as caught:
        osinfo.Osinfo(str(root))
    assert str(caught.value).startswith(f"{root}: there is no osinfo-db that could be read (")
    assert str(caught.value).endswith(
        "Install the package osinfo-db on the controller, or name its directory with osinfo_dir."
    )


def test_broken(root):
    (root / "os/debian-11.xml").write_text("<libosinfo>")
    with pytest.raises(InvalidRequest) as caught:
        osinfo.Osinfo(str(root))
    assert str(caught.value).startswith(f"{root}/os/debian-11.xml: it is no XML (")
    assert str(caught.value).endswith("Install the package osinfo-db again.")
