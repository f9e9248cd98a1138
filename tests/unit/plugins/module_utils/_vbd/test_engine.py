# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines on a modelled host: exact commands, idempotence, and a failure at every single step."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    FleetError,
    InUse,
    Refused,
    ToolMissing,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Plan
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import mountinfo, processes, report, usage
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.image import FileId
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.processes import OpenFile
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost

LIST = "losetup --list --json --output NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,RO"
CONTENT = {"raw": b"\0" * images.MIB, "qcow2": images.qcow2()}


def request(fake, case, path="mnt/a"):
    disk = {"format": "qcow2", **case.get("disk", {})}
    image = fake.image(case.get("name", f"a.{disk['format']}"), CONTENT[disk["format"]])
    wanted = DiskRequest(image, **disk)
    return MountRequest(wanted, str(case.get("partition", 2)), f"{fake.root}/{path}") if "partition" in case else wanted


def bring_up(fake, wanted, **options):
    options = {"force": False, "check": False, **options}
    engine = report.mount if isinstance(wanted, MountRequest) else report.attach
    return engine(fake.host, [wanted], **options)


def take_down(fake, wanted, **options):
    options = {"force": False, "check": False, **options}
    engine = report.unmount if isinstance(wanted, MountRequest) else report.detach
    return engine(fake.host, [wanted], **options)


@pytest.mark.parametrize("case", cases(__file__, "commands.yml", "case"))
def test_commands(case, tmp_path):
    fake = FakeHost(tmp_path, **case.get("host", {}))
    wanted = request(fake, case)
    for operation, engine in (("up", bring_up), ("again", bring_up), ("down", take_down), ("absent", take_down)):
        fake.commands.clear()
        tag = wanted.disk.image if isinstance(wanted, MountRequest) else wanted.image
        result = engine(fake, wanted)
        status = os.stat(tag)
        name = f"{status.st_dev:x}-{status.st_ino:x}-host"
        ran = [" ".join(words).replace(name, "TAG").replace(LIST, "LIST") for words in fake.commands]
        assert ran == case[operation], operation
        assert result["changed"] is (operation in ("up", "down"))


@pytest.mark.parametrize("case", cases(__file__, "commands.yml", "case"))
@pytest.mark.parametrize("operation", ["up", "down"])
def test_check_mode_touches_nothing(case, operation, tmp_path):
    fake = FakeHost(tmp_path, **case.get("host", {}))
    wanted = request(fake, case)
    if operation == "down":
        bring_up(fake, wanted)
    before = fake.snapshot()
    engine = bring_up if operation == "up" else take_down
    assert engine(fake, wanted, check=True)["changed"] is True
    assert fake.snapshot() == before


@pytest.mark.parametrize("case", cases(__file__, "commands.yml", "case"))
def test_failure_at_any_command_leaves_the_host_as_it_was(case, tmp_path):
    for number in range(1, 40):
        fake = FakeHost(tmp_path / str(number), **case.get("host", {}))
        wanted = request(fake, case)
        before = fake.snapshot()
        fake.fail = number
        try:
            bring_up(fake, wanted)
        except FleetError as error:
            assert fake.snapshot() == before, f"command {number}: {fake.commands[number - 1]}: {error.details}"
            assert "not_rolled_back" not in error.details
        else:
            if len(fake.commands) < number:
                return
            # Some commands only ask: a failure is an answer, or asked again for each device.
            assert fake.commands[number - 1][0] in ("blkid", "modprobe", "systemctl")
    pytest.fail("the operation has no end")


@pytest.mark.parametrize("victim", ["nbdfuse", "qemu-nbd"])
@pytest.mark.parametrize("partition", [None, 2])
def test_dead_server_is_cleaned_and_served_anew(victim, partition, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2} if partition else {})
    bring_up(fake, wanted)
    fake.kill(victim)
    result = bring_up(fake, wanted)
    assert result["changed"] and "is gone" in result["cleaned"][0]
    assert bring_up(fake, wanted)["changed"] is False


@pytest.mark.parametrize("number", range(1, 8))
def test_killed_play_is_healed_by_the_next(number, tmp_path, monkeypatch):
    """As kill -9 of the module: nothing is rolled back, the process is just gone."""

    class Killed(BaseException):
        pass

    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2})
    begin = fake._begin

    def begin_or_die(argv):
        alive = begin(argv)
        if len(fake.commands) == number:
            raise Killed
        return alive

    monkeypatch.setattr(fake, "_begin", begin_or_die)
    monkeypatch.setattr(Plan, "apply", _apply_without_rollback)
    before = fake.snapshot()
    try:
        bring_up(fake, wanted)
    except Killed:
        monkeypatch.undo()
        bring_up(fake, wanted)
        assert bring_up(fake, wanted)["changed"] is False
        take_down(fake, wanted)
        assert fake.snapshot() == before


def _apply_without_rollback(plan):
    for step in plan.steps:
        step.do()


def test_missing_programs_are_named_all_at_once(tmp_path):
    fake = FakeHost(tmp_path)
    fake.absent = {"qemu-nbd", "nbdfuse"}
    with pytest.raises(ToolMissing) as caught:
        bring_up(fake, request(fake, {}))
    assert caught.value.details["missing_programs"] == ["nbdfuse", "qemu-nbd"]


def test_other_access_is_refused_and_forced(tmp_path):
    fake = FakeHost(tmp_path)
    reading, writing = request(fake, {}), request(fake, {"disk": {"access": "w"}})
    bring_up(fake, reading)
    with pytest.raises(Refused, match="not as asked for"):
        bring_up(fake, writing)
    assert bring_up(fake, writing, force=True)["disks"][0]["access"] == "w"
    assert bring_up(fake, writing)["changed"] is False


def test_detach_while_mounted_is_refused_and_force_unmounts_first(tmp_path):
    fake = FakeHost(tmp_path)
    disk = request(fake, {})
    bring_up(fake, disk)
    fake._mount(["-t", "ext4", "-o", "ro", f"{tmp_path}/dev/loop0p2", f"{tmp_path}/mnt"])
    with pytest.raises(InUse, match="it is mounted on"):
        take_down(fake, disk)
    assert take_down(fake, disk, force=True)["steps"][0].startswith("unmount")


def test_program_with_the_device_open_keeps_it(tmp_path):
    fake = FakeHost(tmp_path)
    disk = request(fake, {})
    bring_up(fake, disk)
    (tmp_path / "sys/block/loop0/holders/dm-0").touch()
    with pytest.raises(InUse, match="/dev/dm-0 is built on it"):
        take_down(fake, disk, force=True)


def test_unmount_leaves_what_vbd_attached(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2})
    bring_up(fake, wanted.disk)
    bring_up(fake, wanted)
    assert take_down(fake, wanted)["steps"] == [f"unmount {tmp_path}/mnt/a"]
    assert bring_up(fake, wanted.disk)["changed"] is False


def test_one_image_twice_is_one_attachment(tmp_path):
    fake = FakeHost(tmp_path)
    first = request(fake, {"partition": 2})
    second = first._replace(path=f"{tmp_path}/mnt/b")
    result = report.mount(fake.host, [first, second], force=False, check=False)
    assert [step.split()[0] for step in result["steps"]] == ["attach", "mount", "mount"]
    with pytest.raises(FleetError, match="wanted for two mounts"):
        report.mount(
            fake.host, [first, second._replace(path=first.path)._replace(partition="1")], force=False, check=False
        )


@pytest.mark.parametrize("many", [1, 5, 50])
def test_state_costs_the_same_number_of_commands_for_any_number_of_disks(many, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=f"mnt/{n}") for n in range(many)]
    report.mount(fake.host, wanted, force=False, check=False)
    fake.commands.clear()
    assert report.mount(fake.host, wanted, force=False, check=False)["changed"] is False
    assert [words[0] for words in fake.commands] == ["losetup", "blkid"]


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
    assert not any(words[0] == "losetup" and "--find" in words for words in fake.commands)


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
    (device,) = fake.loops
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
