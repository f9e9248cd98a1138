# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking into images: what is found, and that nothing is changed or left by it."""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import (
    info,
    inspection,
    losetup,
    luks,
    mountinfo,
    report,
)
from ansible_collections.homevirt.fleet.tests.unit.plugins.module_utils._vbd.test_volumes import host, wanted
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down


def test_inspecting_leaves_nothing_and_says_what_is_there(tmp_path):
    fake = host(tmp_path)
    before = fake.snapshot()
    asked = wanted(fake, "root").disk
    broken = asked._replace(image=f"{tmp_path}/srv/missing.qcow2")
    found, told = inspection.inspect(fake.host, [inspection.Wanted(disk, luks.NONE) for disk in (asked, broken)])
    assert fake.snapshot() == before and told == ([], [])
    assert found[0]["trouble"] == "" and "missing.qcow2" in found[1]["trouble"]
    system = found[0]["system"]
    assert (system["id"], system["volume"], system["partition"]) == ("lab", "vg-0/root", 2)
    assert [(line["path"], line["partition"]) for line in system["mounts"]][:3] == [
        ("/", 2),
        ("/boot", 1),
        ("/home", 2),
    ]


def test_inspecting_an_attached_image_leaves_it_attached(tmp_path):
    fake = host(tmp_path)
    asked = wanted(fake, "root")
    bring_up(fake, asked)
    before = fake.snapshot()
    found, _told = inspection.inspect(fake.host, [inspection.Wanted(asked.disk, luks.NONE)])
    assert found[0]["system"]["id"] == "lab"
    assert fake.snapshot() == before


def test_a_look_that_was_killed_is_cleaned_by_the_next_run(tmp_path, monkeypatch):
    fake = host(tmp_path)
    asked = wanted(fake, "root")
    with monkeypatch.context() as patched:
        patched.setattr(inspection.acts, "release", lambda work, record: None)
        inspection.inspect(fake.host, [inspection.Wanted(asked.disk, luks.NONE)])
    result = report.mount(fake.host, [asked], force=False, check=False)
    assert "cut off" in result["cleaned"][0]


def dead(fake, name, path):
    """Somebody's mount whose disk is gone, and what tells of a reboot before."""
    theirs = request(fake, {"partition": 1, "name": name, "disk": {"format": "raw"}}, path=path)
    bring_up(fake, theirs)
    fake._losetup(["--detach", next(loop.device for loop in losetup.listed(fake.host) if loop.path.endswith(name))])
    return theirs


def test_a_look_leaves_what_others_attached_though_it_is_dead(tmp_path):
    fake = host(tmp_path)
    theirs = dead(fake, "theirs.raw", "mnt/deep/theirs")
    asked = wanted(fake, "root").disk
    (tmp_path / "run/homevirt.fleet/vbd/begun").mkdir()
    (tmp_path / "lib/homevirt.fleet/vbd/rebooted").write_text(f'[["{tmp_path}/mnt/old", "{tmp_path}/mnt/old"]]')
    (tmp_path / "mnt/old").mkdir()
    before = fake.snapshot()
    looked = info.gather(fake.host, [], [], [inspection.Wanted(asked, luks.NONE)])
    assert fake.snapshot() == before and theirs.path in before[1]
    assert (looked["inspected"][0]["trouble"], looked["cleaned"]) == ("", [])
    assert ["gone" in entry["trouble"] for entry in looked["attachments"]] == [True]
    # The dead one's own image is not looked into, and the look says what to do.
    own, mine = inspection.inspect(fake.host, [inspection.Wanted(each, luks.NONE) for each in (theirs.disk, asked)])
    assert fake.snapshot() == before and mine == ([], [])
    assert "gone, and vbd_info takes nothing away of what vbd_mount attached. Run vbd" in own[0]["trouble"]
    assert own[1]["system"]["id"] == "lab"
    assert take_down(fake, theirs)["cleaned"] and mountinfo.read(fake.host) == []
    assert not (tmp_path / "mnt/old").exists()


def test_a_look_passes_on_what_it_had_to_leave(tmp_path, monkeypatch):
    fake = host(tmp_path)
    asked = wanted(fake, "root").disk
    other = request(fake, {"name": "other.raw", "disk": {"format": "raw"}})
    with monkeypatch.context() as patched:
        patched.setattr(inspection.acts, "release", lambda work, record: None)
        inspection.inspect(fake.host, [inspection.Wanted(other, luks.NONE)])
    device = next(iter(fake.loops))
    fake._mount(["-t", "ext4", "-o", "ro", f"{device}p2", f"{tmp_path}/mnt"])
    looked = info.gather(fake.host, [], [], [inspection.Wanted(asked, luks.NONE)])
    assert looked["cleaned"] == [] and device in fake.loops
    assert ["cannot be cleaned: it is mounted on" in sentence for sentence in looked["warnings"]] == [True]
    assert looked["inspected"][0]["system"]["id"] == "lab"
