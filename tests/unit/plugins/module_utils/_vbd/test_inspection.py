# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking into images: what is found, and that nothing is changed or left by it."""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import inspection, luks, report
from ansible_collections.homevirt.fleet.tests.unit.plugins.module_utils._vbd.test_volumes import host, wanted
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up


def test_inspecting_leaves_nothing_and_says_what_is_there(tmp_path):
    fake = host(tmp_path)
    before = fake.snapshot()
    asked = wanted(fake, "root").disk
    broken = asked._replace(image=f"{tmp_path}/srv/missing.qcow2")
    found, cleaned = inspection.inspect(fake.host, [inspection.Wanted(disk, luks.NONE) for disk in (asked, broken)])
    assert fake.snapshot() == before and cleaned == []
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
    found, _cleaned = inspection.inspect(fake.host, [inspection.Wanted(asked.disk, luks.NONE)])
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
