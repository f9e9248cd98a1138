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
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import mountinfo, report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down

XEN = "xenstored"
LIST = "losetup --list --json --output NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,RO"


@pytest.mark.parametrize("case", cases(__file__, "commands.yml", "case"))
def test_commands(case, tmp_path):
    fake = FakeHost(tmp_path, **case.get("host", {}))
    wanted = request(fake, case)
    for operation, engine in (("up", bring_up), ("again", bring_up), ("down", take_down), ("absent", take_down)):
        fake.commands.clear()
        tag = wanted.disk.image if isinstance(wanted, MountRequest) else wanted.image
        result = engine(fake, wanted, force=case.get("force", False))
        status = os.stat(tag)
        name = f"{status.st_dev:x}-{status.st_ino:x}-host"
        ran = [
            " ".join(words).replace(name, "TAG").replace(LIST, "LIST").replace(XEN, "XEN") for words in fake.commands
        ]
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
    assert engine(fake, wanted, check=True, force=case.get("force", False))["changed"] is True
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


@pytest.mark.parametrize(("nbd", "victim"), [(False, "nbdfuse"), (False, "qemu-nbd"), (True, "qemu-nbd")])
@pytest.mark.parametrize("partition", [None, 2])
def test_dead_server_is_cleaned_and_served_anew(nbd, victim, partition, tmp_path):
    fake = FakeHost(tmp_path, nbd=nbd)
    wanted = request(fake, {"partition": 2} if partition else {})
    bring_up(fake, wanted)
    fake.kill(victim)
    result = bring_up(fake, wanted)
    assert result["changed"] and "is gone" in result["cleaned"][0]
    assert len([mount for mount in mountinfo.read(fake.host) if mount.fstype == "ext4"]) == (1 if partition else 0)
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


def _apply_without_rollback(plan, ahead=1):
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


def test_servers_are_started_ahead_of_their_turn_but_never_more_than_may_be(tmp_path):
    fake = FakeHost(tmp_path)
    before = fake.snapshot()
    fake.host.workers = 3
    wanted = [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=f"mnt/{n}") for n in range(5)]
    report.mount(fake.host, wanted, force=False, check=False)
    words = [words[0] for words in fake.commands if words[0] == "nbdfuse" or "--partscan" in words]
    assert words == ["nbdfuse"] * 3 + ["losetup", "nbdfuse", "losetup", "nbdfuse"] + ["losetup"] * 3
    report.unmount(fake.host, wanted, force=False, check=False)
    for one in wanted:
        os.unlink(one.disk.image)
    assert fake.snapshot() == before


@pytest.mark.parametrize("number", range(1, 40))
def test_failure_while_others_are_being_started_rolls_all_of_them_back(number, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=f"mnt/{n}") for n in range(3)]
    before = fake.snapshot()
    fake.host.workers = 2
    fake.fail = number
    try:
        report.mount(fake.host, wanted, force=False, check=False)
    except FleetError as error:
        assert "not_rolled_back" not in error.details
        assert fake.snapshot() == before


@pytest.mark.parametrize("many", [1, 5, 50])
def test_state_costs_the_same_number_of_commands_for_any_number_of_disks(many, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = [request(fake, {"partition": 2, "name": f"{n}.qcow2"}, path=f"mnt/{n}") for n in range(many)]
    report.mount(fake.host, wanted, force=False, check=False)
    fake.commands.clear()
    assert report.mount(fake.host, wanted, force=False, check=False)["changed"] is False
    assert [words[0] for words in fake.commands] == ["losetup"]


def test_another_image_at_the_path_is_told_and_left(tmp_path):
    fake = FakeHost(tmp_path)
    there = request(fake, {"partition": 2, "disk": {"format": "raw"}})
    other = request(fake, {"partition": 2, "disk": {"format": "raw"}, "name": "other.raw"})
    bring_up(fake, there)
    result = take_down(fake, other)
    assert not result["changed"]
    assert result["warnings"] == [
        f"{there.path} stays mounted, from {there.disk.image}; name that image to unmount it."
    ]
    assert take_down(fake, there)["warnings"] == []


def test_busy_mount_names_who_is_in_there(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2, "disk": {"format": "raw"}})
    bring_up(fake, wanted)
    pid = fake._process("bash", 1, None)
    (tmp_path / f"proc/{pid}/cwd").symlink_to(f"{wanted.path}/etc")
    fake.fail = len(fake.commands) + 2
    with pytest.raises(InUse, match=rf"it is in use by bash \(pid {pid}\)"):
        take_down(fake, wanted)
