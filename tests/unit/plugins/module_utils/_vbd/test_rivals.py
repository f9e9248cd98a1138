# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Others who use the same image, or take the device that was free: what is theirs stays theirs, whatever fails."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    FleetError,
    InUse,
    TimedOut,
    ToolFailed,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Progress
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import CONTENT, bring_up, request, take_down


class Killed(BaseException):
    """As kill -9 of the module: nothing is rolled back, the process is just gone."""


def fail_everywhere(tmp_path, prepare, *, nbd=True):
    """Let each command fail in turn, on hosts that prepare() has made.

    It returns what is wanted, and what tells whether that of others is still there, and takes away what came late.
    """
    for number in range(1, 40):
        fake = FakeHost(tmp_path / str(number), nbd=nbd)
        wanted, theirs = prepare(fake)
        before = fake.snapshot()
        fake.fail = number
        try:
            bring_up(fake, wanted)
        except FleetError as error:
            assert "not_rolled_back" not in error.details
            fake.catch_up()
            assert theirs(), f"command {number}: {fake.commands}"
            assert fake.snapshot() == before, f"command {number}: {fake.commands}"
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


def killed_at(fake, word, moment, wanted, patch):
    """The run that attaches is gone before or after the command with this word."""
    act = {name: getattr(fake, name) for name in ("run", "spawn")}

    def killed(name):
        def do(argv, *rest):
            if word not in " ".join(argv):
                return act[name](argv, *rest)
            if moment == "after":
                act[name](argv, *rest)
            raise Killed

        return do

    with patch.context() as patched:
        for name in act:
            patched.setattr(fake, name, killed(name))
        patched.setattr(Progress, "undo", lambda self: {})
        with pytest.raises(Killed):
            bring_up(fake, wanted)


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
    killed_at(fake, "--partscan", moment, wanted, monkeypatch)
    assert len(fake.loops) == (2 if moment == "after" else 1)
    assert "cut off" in take_down(fake, wanted)["cleaned"][0]
    assert list(fake.loops) == [f"{tmp_path}/dev/loop0"] and not os.listdir(tmp_path / "run/homevirt.fleet/vbd")


def test_without_the_control_device_losetup_is_asked_for_a_free_one(tmp_path):
    fake = FakeHost(tmp_path)
    (tmp_path / "dev/loop-control").unlink()
    bring_up(fake, request(fake, {"disk": {"format": "raw"}}))
    assert ["losetup", "--find"] in fake.commands and list(fake.loops) == [f"{tmp_path}/dev/loop0"]


@pytest.mark.parametrize("systemd", [False, True])
@pytest.mark.parametrize("same", [False, True])
def test_server_of_somebody_else_who_gets_the_nbd_device_first_is_left(same, systemd, tmp_path):
    fake = FakeHost(tmp_path, nbd=True, systemd=systemd)
    wanted = request(fake, {})
    fake.nbd_rival = wanted.image if same else fake.image("theirs.raw", CONTENT["raw"])
    theirs = fake.next_pid
    with pytest.raises(InUse, match=rf"qemu-nbd .pid {theirs}. took {tmp_path}/dev/nbd0 meanwhile") as caught:
        bring_up(fake, wanted)
    assert "not_rolled_back" not in caught.value.details
    assert fake._server_of("nbd0") == theirs and fake.lives(theirs)
    assert not any(words[0] == "SIGTERM" or "--disconnect" in words for words in fake.commands)
    assert bring_up(fake, wanted)["disks"][0]["device"] == f"{tmp_path}/dev/nbd1"
    take_down(fake, wanted)
    assert fake._server_of("nbd0") == theirs and fake._server_of("nbd1") == 0


def test_server_of_somebody_else_is_left_whatever_fails(tmp_path):
    def prepare(fake):
        wanted = request(fake, {})
        theirs = fake.serve_as_others_do(f"{fake.root}/dev/nbd0", wanted.image)
        return wanted, lambda: fake._server_of("nbd0") == theirs and fake.lives(theirs)

    fail_everywhere(tmp_path, prepare)


def test_server_of_somebody_else_who_gets_the_device_first_is_left_whatever_fails(tmp_path):
    def prepare(fake):
        wanted = request(fake, {})
        fake.nbd_rival, theirs = wanted.image, fake.next_pid

        def still_there():
            if fake.nbd_rival:
                # It did not come to that.
                return True
            served = fake._server_of("nbd0") == theirs and fake.lives(theirs)
            fake._qemu_nbd(["--disconnect", "nbd0"])
            return served

        return wanted, still_there

    fail_everywhere(tmp_path, prepare)


@pytest.mark.parametrize("nbd", [True, False])
def test_server_that_is_too_slow_is_ended_whatever_fails(nbd, tmp_path):
    def prepare(fake):
        fake.slow = True
        return request(fake, {"disk": {"access": "w"}}), lambda: True

    fail_everywhere(tmp_path, prepare, nbd=nbd)


def test_server_of_somebody_else_that_a_record_names_is_left(tmp_path):
    """As an earlier version wrote it down."""
    fake = FakeHost(tmp_path, nbd=True)
    wanted = request(fake, {})
    bring_up(fake, wanted)
    fake._qemu_nbd(["--disconnect", "/dev/nbd0"])
    theirs = fake.serve_as_others_do("/dev/nbd0", fake.image("theirs.raw", CONTENT["raw"]))
    (place,) = (tmp_path / "run/homevirt.fleet/vbd").iterdir()
    record = json.loads((place / "record.json").read_text())
    (place / "record.json").write_text(json.dumps({**record, "servers": [[theirs, int(f"{theirs}000")]]}))
    with pytest.raises(TimedOut):
        fake.host.runner.terminate = lambda pid: None
        take_down(fake, wanted)
    assert fake._server_of("nbd0") == theirs


@pytest.mark.parametrize("backend", ["nbd", "nbdfuse"])
def test_server_that_is_too_slow_does_not_come_to_serving_after_all(backend, tmp_path):
    fake = FakeHost(tmp_path, nbd=backend == "nbd")
    wanted = request(fake, {"disk": {"access": "w"}})
    before = fake.snapshot()
    fake.slow = True
    with pytest.raises(TimedOut, match="was not ready") as caught:
        bring_up(fake, wanted)
    fake.catch_up()
    assert fake.snapshot() == before and "not_rolled_back" not in caught.value.details


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("backend", ["nbd", "nbdfuse"])
def test_server_of_a_killed_run_is_known_and_ended(backend, slow, tmp_path, monkeypatch):
    fake = FakeHost(tmp_path, nbd=backend == "nbd")
    wanted = request(fake, {"disk": {"access": "w"}})
    before = fake.snapshot()
    fake.slow = slow
    killed_at(fake, "/srv/a.qcow2", "after", wanted, monkeypatch)
    fake.slow = False
    assert fake.lives(100)
    result = bring_up(fake, wanted)
    fake.catch_up()
    assert "cut off" in result["cleaned"][0] and not fake.lives(100)
    take_down(fake, wanted)
    assert fake.snapshot() == before


def test_disk_of_a_killed_run_that_somebody_has_mounted_is_not_torn_away(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path, nbd=True)
    wanted = request(fake, {"disk": {"access": "w"}})
    killed_at(fake, "/srv/a.qcow2", "after", wanted, monkeypatch)
    fake._mount(["-t", "ext4", "-o", "rw", f"{tmp_path}/dev/nbd0p2", f"{tmp_path}/mnt"])
    with pytest.raises(InUse, match="cannot be cleaned: it is mounted on"):
        bring_up(fake, wanted)
    assert fake.lives(100) and fake._server_of("nbd0") == 100


def test_the_same_below_a_disk_of_xen(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path, nbd=True, xen={})
    (tmp_path / "layers").mkdir()
    disk = {"access": "w", "overlay": True, "overlay_dir": f"{tmp_path}/layers"}
    wanted = request(fake, {"disk": disk})
    killed_at(fake, "--connect", "after", wanted, monkeypatch)
    fake._mount(["-t", "ext4", "-o", "rw", f"{tmp_path}/dev/nbd0p2", f"{tmp_path}/mnt"])
    with pytest.raises(InUse, match="cannot be cleaned: it is mounted on"):
        bring_up(fake, wanted)
    fake._umount([f"{tmp_path}/mnt"])
    assert "cut off" in bring_up(fake, wanted)["cleaned"][0]
