# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many disks, one of which fails: with keep_good it takes only itself back, and names itself."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import mountinfo, report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.batch import KEEP_GOOD
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import request

HOW = {"force": False, "check": False, "on_error": KEEP_GOOD}


def some(fake, *, count=3, below=""):
    paths = [f"mnt/{n}" for n in range(count - 1)] + [f"mnt/{below}last"]
    return [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=path) for n, path in enumerate(paths)]


def ours(fake):
    return sorted(mount.path for mount in mountinfo.read(fake.host) if mount.fstype == "ext4")


def kept_and_failed(error, wanted):
    """The requests that were kept, after a look that the error names each of them in one of its two lists."""
    kept = [one for one in wanted if one.disk.image in error.details["kept"]]
    failed = [entry["image"] for entry in error.details["failed_disks"]]
    assert sorted(failed + error.details["kept"]) == sorted(one.disk.image for one in wanted)
    assert [disk["image"] for disk in error.details["disks"]] == error.details["kept"]
    return kept


def test_image_that_cannot_be_planned_is_left_out(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    os.unlink(wanted[1].disk.image)
    with pytest.raises(FleetError, match=r"/srv/1.qcow2: cannot be read") as caught:
        report.mount(fake.host, wanted, **HOW)
    assert kept_and_failed(caught.value, wanted) == [wanted[0], wanted[2]]
    assert caught.value.details["changed"] is True
    assert ours(fake) == [wanted[0].path, wanted[2].path]
    with pytest.raises(FleetError) as caught:
        report.mount(fake.host, wanted, **HOW)
    assert caught.value.details["changed"] is False and caught.value.details["steps"] == []


def test_check_mode_names_it_and_touches_nothing(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    os.unlink(wanted[1].disk.image)
    before = fake.snapshot()
    with pytest.raises(FleetError, match="1.qcow2") as caught:
        report.mount(fake.host, wanted, **{**HOW, "check": True})
    assert kept_and_failed(caught.value, wanted) == [wanted[0], wanted[2]]
    assert fake.snapshot() == before


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("number", range(2, 16))
def test_whichever_command_fails_the_others_stand(number, workers, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    before = fake.snapshot()
    fake.host.workers, fake.fail = workers, number
    kept = wanted
    try:
        report.mount(fake.host, wanted, **HOW)
    except FleetError as error:
        # Looking again at the end is about all of them.
        kept = kept_and_failed(error, wanted) if "kept" in error.details else []
        assert error.details["rolled_back"]
        assert "not_rolled_back" not in error.details
    assert ours(fake) == sorted(one.path for one in kept)
    assert len(fake.loops) == len(kept)
    fake.fail = 0
    report.mount(fake.host, wanted, **HOW)
    report.unmount(fake.host, wanted, **HOW)
    for one in wanted:
        os.unlink(one.disk.image)
    assert len(fake.snapshot()[0]) <= len(before[0]) and fake.snapshot()[1] == before[1]


def test_mount_below_another_falls_with_it(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake, below="0/")
    fake.contents = {1: {}, 2: {"TYPE": "ext4", "LABEL": "data"}}
    wanted[2] = wanted[2]._replace(partition="no such label")
    with pytest.raises(FleetError, match="no partition is 'no such label'") as caught:
        report.mount(fake.host, wanted, **HOW)
    assert kept_and_failed(caught.value, wanted) == [wanted[1]]
    assert [step.split()[0] for step in caught.value.details["rolled_back"]] == ["mount", "mount", "attach", "attach"]
    assert ours(fake) == [wanted[1].path]


def test_busy_one_stays_and_the_others_go(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    report.mount(fake.host, wanted, **HOW)
    (tmp_path / "sys/block/loop1/holders/dm-0").touch()
    with pytest.raises(FleetError, match="/dev/dm-0 is built on it") as caught:
        report.unmount(fake.host, wanted, **HOW)
    assert kept_and_failed(caught.value, wanted) == [wanted[0], wanted[2]]
    assert ours(fake) == [wanted[1].path]


def test_several_that_fail_are_all_named(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    for one in wanted[:2]:
        os.unlink(one.disk.image)
    with pytest.raises(FleetError, match=r"^2 of 3 disks: they failed .*0.qcow2: cannot be read.*1.qcow2: cannot"):
        report.mount(fake.host, wanted, **HOW)


def test_missing_programs_are_told_as_ever(tmp_path):
    fake = FakeHost(tmp_path)
    fake.absent = {"nbdfuse"}
    with pytest.raises(FleetError) as caught:
        report.mount(fake.host, some(fake), **HOW)
    assert caught.value.details["missing_programs"] == ["nbdfuse"]


def test_contradiction_between_two_disks_fails_the_call_before_anything_is_done(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = some(fake)
    wanted[1] = wanted[1]._replace(path=wanted[0].path)
    before = fake.snapshot()
    with pytest.raises(FleetError, match="wanted for two mounts"):
        report.mount(fake.host, wanted, **HOW)
    assert fake.snapshot() == before
