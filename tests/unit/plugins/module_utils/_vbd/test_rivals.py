# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Others who use the same image, or take the device that was free: what is theirs stays theirs, whatever fails."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, ToolFailed
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Progress
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down


class Killed(BaseException):
    """As kill -9 of the module: nothing is rolled back, the process is just gone."""


def fail_everywhere(tmp_path, prepare):
    """Let each command fail in turn, on hosts that prepare() has made: (host, what is wanted, what must be left)."""
    for number in range(1, 40):
        fake = FakeHost(tmp_path / str(number), nbd=True)
        wanted, theirs = prepare(fake)
        before = fake.snapshot()
        fake.fail = number
        try:
            bring_up(fake, wanted)
        except FleetError as error:
            assert "not_rolled_back" not in error.details
            fake.catch_up()
            assert fake.snapshot() == before, f"command {number}: {fake.commands[number - 1]}"
            assert theirs(), f"command {number}: {fake.commands[number - 1]}"
        else:
            if len(fake.commands) < number:
                return
    pytest.fail("the operation has no end")


@pytest.mark.parametrize("access", ["r", "w"])
def test_loop_device_of_the_administrator_outlives_our_failure(access, tmp_path):
    def prepare(fake):
        wanted = request(fake, {"disk": {"format": "raw", "access": access}})
        # A writer is not let beside him, so it comes in while we attach.
        if access == "r":
            fake._losetup(["--read-only", wanted.image])
            return wanted, lambda: list(fake.loops) == [f"{fake.root}/dev/loop0"]
        return wanted, lambda: fake.loops == {}

    fail_everywhere(tmp_path, prepare)


def test_loop_device_of_the_same_image_that_comes_first_is_not_ours(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"disk": {"format": "raw"}})
    fake.loop_rival = wanted.image
    attached = bring_up(fake, wanted)["disks"][0]["device"]
    theirs = f"{tmp_path}/dev/loop0"
    assert list(fake.loops) == [theirs, attached] and bring_up(fake, wanted)["changed"] is False
    take_down(fake, wanted)
    assert list(fake.loops) == [theirs]


def test_loop_device_that_comes_first_stays_when_no_other_can_be_had(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"disk": {"format": "raw"}})
    fake.loop_rival = wanted.image
    fake.fail = 3
    with pytest.raises(ToolFailed, match="losetup failed"):
        bring_up(fake, wanted)
    assert list(fake.loops) == [f"{tmp_path}/dev/loop0"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_loop_device_of_a_killed_run_is_told_from_the_administrators(moment, tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"disk": {"format": "raw"}})
    fake._losetup(["--read-only", wanted.image])
    run = fake.run

    def killed(argv, timeout, given=""):
        if "--partscan" in argv:
            if moment == "after":
                run(argv, timeout, given)
            raise Killed
        return run(argv, timeout, given)

    with monkeypatch.context() as patched:
        patched.setattr(fake, "run", killed)
        patched.setattr(Progress, "undo", lambda self: {})
        with pytest.raises(Killed):
            bring_up(fake, wanted)
    assert len(fake.loops) == (2 if moment == "after" else 1)
    assert "cut off" in take_down(fake, wanted)["cleaned"][0]
    assert list(fake.loops) == [f"{tmp_path}/dev/loop0"] and not os.listdir(tmp_path / "run/homevirt.fleet/vbd")


def test_without_the_control_device_losetup_is_asked_for_a_free_one(tmp_path):
    fake = FakeHost(tmp_path)
    (tmp_path / "dev/loop-control").unlink()
    bring_up(fake, request(fake, {"disk": {"format": "raw"}}))
    assert ["losetup", "--find"] in fake.commands and list(fake.loops) == [f"{tmp_path}/dev/loop0"]
