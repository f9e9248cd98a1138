# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines where others interfere: programs that look, foreign mounts, hostile images and guests, reused numbers."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    InUse,
    Refused,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import mountinfo, processes, report, usage
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.image import FileId
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.processes import OpenFile
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import CONTENT, bring_up, request, take_down


def test_program_that_only_looks_is_waited_for(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    disk = request(fake, {})
    bring_up(fake, disk)
    # An open file that carries the device's own numbers, for the model's nodes are plain files.
    pid = fake._process("blkid", 1, None)
    held = OpenFile(FileId(7, 1, True), pid, "blkid", False)
    monkeypatch.setattr(
        processes, "open_files", lambda host, wanted: [held] if (tmp_path / f"proc/{pid}").exists() else []
    )
    with pytest.raises(InUse, match=f"blkid .pid {pid}. has it open"):
        take_down(fake, disk)
    fake.host.sleep = lambda pause: fake.kill("blkid")
    assert take_down(fake, disk)["changed"] is True


def test_directories_made_for_several_mounts_go_with_the_last(tmp_path):
    fake = FakeHost(tmp_path)
    before = fake.snapshot()
    wanted = [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=f"mnt/deep/er/{n}") for n in "ab"]
    for one in wanted:
        bring_up(fake, one)
    for one in wanted:
        take_down(fake, one)
    for one in wanted:
        os.unlink(one.disk.image)
    assert fake.snapshot() == before


def test_second_device_of_a_mounted_btrfs_is_held(tmp_path):
    fake = FakeHost(tmp_path)
    disk = request(fake, {})
    bring_up(fake, disk)
    for name in ("loop0p2", "sdz1"):
        (tmp_path / "sys/fs/btrfs/some-uuid/devices" / name).mkdir(parents=True)
    with pytest.raises(InUse, match="the mounted btrfs some-uuid is built on it"):
        take_down(fake, disk, force=True)


def test_backing_file_of_one_image_is_not_written_as_another_in_the_same_call(tmp_path):
    fake = FakeHost(tmp_path)
    base = DiskRequest(fake.image("base.raw", b"\0" * 4096), "raw", access="w")
    top = DiskRequest(fake.image("top.qcow2", images.qcow2(backing="base.raw", backing_format="raw")), "qcow2")
    with pytest.raises(InUse, match="top.qcow2 is built on it"):
        report.attach(fake.host, [top, base], force=False, check=True)
    assert report.attach(fake.host, [top, base._replace(access="r")], force=False, check=True)["changed"]


def test_server_kept_by_a_copy_of_its_mount_is_asked_to_end(tmp_path):
    fake = FakeHost(tmp_path)
    disk = request(fake, {})
    bring_up(fake, disk)
    fake.copied_mounts = True
    take_down(fake, disk)
    assert fake.commands[-1] == ["SIGTERM", "100"]


def test_server_that_opens_what_was_not_examined_is_refused(tmp_path):
    fake = FakeHost(tmp_path)
    fake.also_opened = fake.image("secret", b"secret")
    wanted = request(fake, {})
    before = fake.snapshot()
    with pytest.raises(Refused, match="QEMU opened .*/srv/secret for it, which its header does not name"):
        bring_up(fake, wanted)
    assert fake.snapshot() == before
    assert not any(words[0] == "losetup" and "--partscan" in words for words in fake.commands)


def test_somebody_elses_mount_at_our_path_is_left(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2})
    bring_up(fake, wanted)
    fake._umount([wanted.path])
    fake._mounted(f"1 1 0:99 / {wanted.path} rw - tmpfs tmpfs rw\n")
    take_down(fake, wanted)
    assert [mount.fstype for mount in mountinfo.read(fake.host)] == ["tmpfs"]


def test_nested_mount_points_come_up_and_go_down_in_order(tmp_path):
    fake = FakeHost(tmp_path)
    outer = request(fake, {"partition": 2})
    inner = request(fake, {"partition": 2, "name": "b.qcow2"}, path="mnt/a/boot")
    report.mount(fake.host, [inner, outer], force=False, check=False)
    assert [mount.path for mount in mountinfo.read(fake.host) if mount.fstype == "ext4"] == [outer.path, inner.path]
    result = report.unmount(fake.host, [outer, inner], force=False, check=False)
    assert result["steps"][:2] == [f"unmount {inner.path}", f"unmount {outer.path}"]


def test_symlink_below_a_mount_point_does_not_lead_a_mount_elsewhere(tmp_path):
    fake = FakeHost(tmp_path)
    outer = request(fake, {"partition": 2})
    bring_up(fake, outer)
    (tmp_path / "mnt/hostdir").mkdir()
    os.symlink(tmp_path / "mnt/hostdir", f"{outer.path}/boot")
    inner = request(fake, {"partition": 1, "name": "b.qcow2"}, path="mnt/a/boot")
    with pytest.raises(Refused, match="by a symlink of the guest"):
        bring_up(fake, inner)


def test_image_replaced_under_its_name_can_still_be_taken_down(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2})
    bring_up(fake, wanted)
    os.rename(wanted.disk.image, f"{wanted.disk.image}.old")
    fake.image("a.qcow2", CONTENT["qcow2"])
    assert take_down(fake, wanted)["changed"] is True
    assert mountinfo.read(fake.host) == []


def test_number_of_a_dead_device_may_be_somebody_elses(tmp_path):
    fake = FakeHost(tmp_path)
    disk = request(fake, {"disk": {"format": "raw"}})
    bring_up(fake, disk)
    device = next(iter(fake.loops))
    fake._losetup(["--detach", device])
    fake._losetup(["--find", fake.image("other.raw", CONTENT["raw"])])
    fake._mount(["-t", "ext4", "-o", "rw", f"{device}p2", f"{tmp_path}/mnt"])
    result = bring_up(fake, disk)
    assert "is gone" in result["cleaned"][0] and result["disks"][0]["device"] != device
    assert len(fake.loops) == 2


def test_failed_detach_is_not_undone_by_a_second_attachment(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2, "disk": {"format": "raw", "access": "w"}})
    bring_up(fake, wanted)
    # As with a mount in another namespace: the kernel says so only when ours is gone.
    monkeypatch.setattr(usage, "claimed", lambda device: True)
    with pytest.raises(InUse, match="another mount namespace") as caught:
        take_down(fake, wanted)
    assert len(fake.loops) == 1 and len(mountinfo.read(fake.host)) == 1
    assert "not_rolled_back" not in caught.value.details


@pytest.mark.parametrize("told", ["install /bin/false \n", ""])
def test_nbd_that_the_administrator_forbids_is_not_tried(told, tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    monkeypatch.setattr(fake, "_modprobe", lambda argv: (told, 0))
    assert bring_up(fake, request(fake, {}))["disks"][0]["backend"] == "nbdfuse"


def test_claim_that_passes_does_not_keep_a_disk(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2, "disk": {"format": "raw", "access": "w"}})
    bring_up(fake, wanted)
    answers = iter([True, True])
    monkeypatch.setattr(usage, "claimed", lambda device: next(answers, False))
    assert take_down(fake, wanted)["changed"]
    assert fake.loops == {} and next(answers, None) is None
