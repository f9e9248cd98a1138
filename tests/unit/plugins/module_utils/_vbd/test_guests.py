# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of Xen guests: what is read of them, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, InUse, InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import guest_config, guests
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.xenstore import Snapshot
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases


@pytest.mark.parametrize("case", cases(__file__, "guest_config.yml", "case"))
def test_disks(case):
    config = guest_config.parse("/etc/xen/a.cfg", case["text"])
    assert config.name == case.get("name", "web")
    assert guests.disks(config) == case["disks"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("disk = []", "does not say the guest's name once"),
        ("name = 'a' + 'b'", "line 1: name is computed"),
        ("name = 'a'\n\ndisk = [ 'phy:/dev/%s,xvda,w' % name ]", "line 3: disk is computed"),
        ("name = 'a'\ndisk = disks()", "line 2: disk is computed"),
    ],
)
def test_what_is_computed_is_not_run(text, why):
    with pytest.raises(InvalidRequest, match=why):
        guest_config.parse("/etc/xen/a.cfg", text)


@given(st.text(alphabet="namedisk='\"[],+#\\\n ;%x/:0", max_size=80))
def test_no_text_is_a_crash(text):
    try:
        guests.disks(guest_config.parse("x", text))
    except FleetError:
        pass


@pytest.fixture(name="places")
def some_places(tmp_path):
    (tmp_path / "a.cfg").write_text("name = 'web'\ndisk = ['/i/a.qcow2,qcow2,xvda,w', '/i/b.img,raw,xvdb,w']\n")
    (tmp_path / "xend-config.sxp").write_text("(xend-relocation-server no)\n")
    (tmp_path / "auto").mkdir()
    (tmp_path / "auto/a.cfg").symlink_to("../a.cfg")
    return [str(tmp_path), f"{tmp_path}/auto"]


def test_guest_is_found_by_its_name_and_once(places, monkeypatch):
    assert guests.find("web", places).path == f"{places[0]}/a.cfg"
    assert guests.find(f"{places[1]}/a.cfg", places).name == "web"
    with pytest.raises(InvalidRequest, match="no configuration file describes it"):
        guests.find("mail", places)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        guests.find("/nowhere.cfg", places)


def test_several_files_with_one_name(places):
    with open(f"{places[0]}/b.cfg", "w", encoding="utf-8") as stream:
        stream.write("name = 'web'\n")
    with pytest.raises(InvalidRequest, match="several files describe it"):
        guests.find("web", places)


def test_request_for_a_guests_disks(places):
    wanted = DiskRequest("", "", access="r", guest=f"{places[0]}/a.cfg")
    found = guests.expand(wanted, None, opening=True)
    assert [(disk.image, disk.format, disk.access, disk.vdev, disk.guest) for disk in found] == [
        ("/i/a.qcow2", "qcow2", "r", "", ""),
        ("/i/b.img", "raw", "r", "", ""),
    ]
    (one,) = guests.expand(wanted._replace(vdev="/dev/xvdb"), None, opening=True)
    assert one.image == "/i/b.img"
    with pytest.raises(InvalidRequest, match="it has no such disk .there are xvda, xvdb"):
        guests.expand(wanted._replace(vdev="xvdc"), None, opening=True)


def test_running_guest_keeps_its_disks(places):
    wanted = DiskRequest("", "", guest=f"{places[0]}/a.cfg")
    running = Snapshot({0: "Domain-0", 5: "web"}, [])
    with pytest.raises(InUse, match="web: it runs"):
        guests.expand(wanted, running, opening=True)
    assert len(guests.expand(wanted, running, opening=False)) == 2
