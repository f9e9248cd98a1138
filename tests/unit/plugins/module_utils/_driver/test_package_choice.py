# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages of a source go into which Windows."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, InvalidRequest, Refused
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.driver_source import open_source
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.inf_package import Target
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.package_choice import choose
from ansible_collections.homevirt.fleet.tests.unit.support.phony_drivers import packages

TARGETS = {
    "xp": Target("x86", (5, 1, 2600)),
    "2003": Target("amd64", (5, 2, 3790), 3),
    "vista": Target("amd64", (6, 0, 6002)),
    "w7": Target("amd64", (6, 1, 7601)),
    "2008r2": Target("amd64", (6, 1, 7601), 3),
    "w8": Target("amd64", (6, 2, 9200)),
    "2012r2": Target("amd64", (6, 3, 9600), 3),
    "w10": Target("amd64", (10, 0, 19045)),
    "w10x86": Target("x86", (10, 0, 19045)),
    "w11": Target("amd64", (10, 0, 22631)),
    "2016": Target("amd64", (10, 0, 14393), 3),
    "2022": Target("amd64", (10, 0, 20348), 2),
}


@pytest.fixture(name="sources", scope="module")
def make_sources(tmp_path_factory):
    """One of each layout, opened."""
    found = {}
    for layout, make in packages.MAKERS.items():
        place = tmp_path_factory.mktemp(layout)
        make(place, "9.1.0.0", layout)
        found[layout] = open_source(str(place))
    return found


@pytest.mark.parametrize("layout", ["iso", "rpm"])
@pytest.mark.parametrize(
    ("windows", "label"),
    [
        ("xp", "xp/x86"),
        ("2003", "2k3/amd64"),
        # Nothing is made for these: the newest that is older, of their own kind where there is one.
        ("vista", "2k3/amd64"),
        ("2008r2", "2k3/amd64"),
        ("w8", "w7/amd64"),
        ("w11", "w10/amd64"),
        ("2016", "2k12R2/amd64"),
        ("w7", "w7/amd64"),
        ("2012r2", "2k12R2/amd64"),
        ("w10", "w10/amd64"),
        ("w10x86", "w10/x86"),
        ("2022", "2k19/amd64"),
    ],
)
def test_both_layouts_of_virtio_win(sources, layout, windows, label):
    (found,), left = choose(sources[layout], ["viostor"], TARGETS[windows], "signed")
    system, arch = label.split("/")
    wanted = f"viostor/{system}/{arch}" if layout == "iso" else f"by-os/{arch}/{system}"
    assert found.inf_path == f"{wanted}/viostor.inf" and left == []
    assert found.boots and found.service.start == 0
    assert found.binaries == {"viostor.sys": f"{wanted}/viostor.sys"}
    assert sorted(found.files) == ["viostor.cat", "viostor.inf", "viostor.sys"]


def test_all_that_fit(sources):
    found, _left = choose(sources["iso"], [], TARGETS["w10"], "signed")
    assert [(package.name, package.boots) for package in found] == [
        ("netkvm", False),
        ("vioscsi", True),
        ("viostor", True),
    ]


def test_the_bus_comes_first(sources):
    found, _left = choose(sources["winpv"], ["xenvbd", "xenbus"], TARGETS["w10"], "signed")
    assert [package.name for package in found] == ["xenbus", "xenvbd"]
    bus = found[0]
    assert sorted(bus.binaries) == ["xen.sys", "xenbus.sys", "xenfilt.sys"]
    # By its name in the source, which is the one that the INF file looks for.
    assert "xenbus_monitor.exe" in bus.files


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("PCI\\VEN_1AF4&DEV_1004", "vioscsi"),
        ("pci\\ven_1af4&dev_1004&subsys_00081af4&rev_00", "vioscsi"),
        ("PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00&CC_0200", "netkvm"),
        ("NetKVM", "netkvm"),
    ],
)
def test_by_name_or_id(sources, wanted, name):
    found, _left = choose(sources["iso"], [wanted], TARGETS["w10"], "signed")
    assert [package.name for package in found] == [name]


def test_a_driver_asked_for_twice_is_taken_once(sources):
    found, _left = choose(sources["iso"], ["viostor", "PCI\\VEN_1AF4&DEV_1042"], TARGETS["w10"], "signed")
    assert [package.name for package in found] == ["viostor"]


@pytest.mark.parametrize(
    ("layout", "wanted", "windows", "message"),
    [
        ("iso", "PCI\\VEN_1AF4&DEV_10", "w10", "it has netkvm, vioscsi, viostor"),
        ("gplpv", "xenvbd", "w10", "it has none for this Windows; for others xenvbd.inf"),
        ("iso", "vioscsi", "xp", "it has netkvm, viostor; for others .*vioscsi/w7"),
    ],
)
def test_no_match(sources, layout, wanted, windows, message):
    with pytest.raises(InvalidRequest, match=message):
        choose(sources[layout], [wanted], TARGETS[windows], "unsigned")


def test_signature_policy(sources, tmp_path):
    with pytest.raises(Refused, match="signed with a test certificate"):
        choose(sources["gplpv"], [], TARGETS["xp"], "signed")
    assert choose(sources["gplpv"], [], TARGETS["xp"], "test")[0][0].signature == "test"
    # Beside good ones a bad one that nobody asked for is left out, and said.
    packages.make_virtio(tmp_path / "a", "1.0", "iso")
    packages.virtio(tmp_path / "b/w10/amd64", "vioscsi", "amd64", "2.0", wide=True, signer="")
    for place in (tmp_path / "a/vioscsi").rglob("*.cat"):
        place.unlink()
    found, left = choose(open_source(str(tmp_path)), [], TARGETS["w10"], "signed")
    assert [package.name for package in found] == ["netkvm", "viostor"]
    assert left == ["b/w10/amd64/vioscsi.inf is left out: it is not signed, or not in this version"]


def test_the_newer_of_two(tmp_path):
    for name, version in (("old", "1.9.0.0"), ("new", "1.10.0.0")):
        packages.virtio(tmp_path / name, "viostor", "amd64", version, wide=False, signer="Any")
    (found,), _left = choose(open_source(str(tmp_path)), ["viostor"], TARGETS["w10"], "signed")
    assert found.inf_path == "new/viostor.inf" and found.version == (1, 10, 0, 0)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "broken.inf").write_bytes(b"[no end")
    with pytest.raises(FleetError, match=r"not readable broken.inf \(line 1: a section's name does not end\)"):
        choose(open_source(str(tmp_path)), [], TARGETS["w10"], "signed")
