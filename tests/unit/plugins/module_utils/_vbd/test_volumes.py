# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes inside disks on a modelled host: opened as far as wanted, closed again, and nothing left by any failure."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    FleetError,
    InUse,
    InvalidRequest,
    Refused,
    ToolMissing,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Plan
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import luks
from ansible_collections.homevirt.fleet.tests.unit.plugins.module_utils._vbd.test_lvm import recorded
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down

EXT4 = {"TYPE": "ext4"}
SYSTEM = {
    "etc/os-release": "ID=lab\n",
    "etc/fstab": "/dev/vg-0/root / ext4\nUUID=boot /boot ext4\nUUID=home /home ext4\n"
    "none /swap swap\nUUID=gone /gone ext4\n",
    "boot": None,
    "home": None,
}
SECRET = "open sesame"


def host(tmp_path, *, outer=False):
    """A disk with /boot and a physical volume whose group lies on a second disk too; outer: inside of LUKS."""
    member = {"TYPE": "LVM2_member"}
    contents = {1: {"TYPE": "ext4", "UUID": "boot"}, 2: {"TYPE": "crypto_LUKS"} if outer else member}
    fake = FakeHost(tmp_path, contents)
    fake.raw = {} if outer else {2: recorded("a")}
    fake.volumes = {":root": {**EXT4, "UUID": "root"}, ":other": {**EXT4, "UUID": "home"}, "luks:2": member}
    fake.trees = {":root": SYSTEM, "p1": {"grub": ""}, ":other": {"user": ""}}
    fake.passwords = {SECRET, "/etc/key"}
    if outer:
        map_luks = fake._cryptsetup

        def opened(argv):
            said = map_luks(argv)
            for node in (tmp_path / "dev").glob("dm-*"):
                node.write_bytes(recorded("a"))
            return said

        fake._cryptsetup = opened
    request(fake, {})
    return fake


def wanted(fake, partition, **options):
    return request(fake, {"partition": partition})._replace(**options)


def opened(fake):
    return sorted((place / "dm/name").read_text().split(":", 2)[2].strip() for place in fake._mapped())


@pytest.mark.parametrize(
    ("partition", "left"),
    [("vg-0/root", ["lv:vg-0:root"]), ("root", ["lv:vg-0:root"]), ("home", ["lv:vg-0:other"]), ("1", [])],
)
def test_just_what_is_mounted_stays_open_and_goes_with_the_mount(partition, left, tmp_path):
    fake = host(tmp_path)
    before = fake.snapshot()
    asked = wanted(fake, partition)
    assert bring_up(fake, asked, check=True)["changed"]
    assert fake.snapshot() == before
    result = bring_up(fake, asked)
    assert opened(fake) == left
    assert result["disks"][0]["volume"] == ("/".join(left[0].split(":")[1:]) if left else "")
    assert bring_up(fake, asked)["changed"] is False
    assert bring_up(fake, asked, check=True)["changed"] is False
    fake.commands.clear()
    take_down(fake, asked)
    assert fake.snapshot() == before
    assert [words[0] for words in fake.commands if "dmsetup" in words] == ["dmsetup"] * len(left)


def test_table_and_reading_alone(tmp_path):
    fake = host(tmp_path)
    bring_up(fake, wanted(fake, "vg-0/root"))
    create = next(words for words in fake.commands if words[:2] == ["dmsetup", "create"])
    assert create[2] == "--readonly" and create[4].startswith("HOMEVIRT-")
    table = next(iter(fake.tables.values()))
    assert table.splitlines()[0].split()[2:4] == ["linear", "/dev/loop0p2"]


def test_every_failure_leaves_the_host_as_it_was(tmp_path):
    for number in range(1, 40):
        fake = host(tmp_path / str(number))
        before = fake.snapshot()
        fake.fail = number
        try:
            bring_up(fake, wanted(fake, "root"))
        except FleetError as error:
            assert "not_rolled_back" not in error.details
            assert fake.snapshot() == before, fake.commands
        else:
            if len(fake.commands) < number:
                return
    raise AssertionError("more commands than expected")


@pytest.mark.parametrize("number", range(1, 16))
def test_what_a_killed_run_leaves_is_healed(number, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    fake = host(tmp_path)
    asked = wanted(fake, "root")
    begin = fake._begin

    def begin_or_die(argv):
        alive = begin(argv)
        if len(fake.commands) == number:
            raise Killed
        return alive

    before = fake.snapshot()
    monkeypatch.setattr(fake, "_begin", begin_or_die)
    monkeypatch.setattr(Plan, "apply", lambda plan, _workers: [step.do() for step in plan.steps])
    try:
        bring_up(fake, asked)
    except Killed:
        monkeypatch.undo()
        bring_up(fake, asked)
        assert opened(fake) == ["lv:vg-0:root"]
        take_down(fake, asked)
        assert fake.snapshot() == before


def test_dead_server_with_volumes_open_is_cleaned(tmp_path):
    fake = host(tmp_path)
    asked = wanted(fake, "root")
    bring_up(fake, asked)
    fake.kill("qemu-nbd")
    assert "is gone" in bring_up(fake, asked)["cleaned"][0]
    assert opened(fake) == ["lv:vg-0:root"]


@pytest.mark.parametrize(
    ("partition", "why"),
    [
        ("vg-0/thin", "volume vg-0/thin: it is a thin volume"),
        ("vg-0/snap", "it is a snapshot"),
        ("vg-0/striped_1", "lies partly on the physical volume .* none of the disks"),
        ("2", "belongs to an LVM volume group .the disk has the volumes vg-0/root, "),
        ("nothing", "no partition is 'nothing' .*vg-0/thin: not open"),
    ],
)
def test_refused_with_a_reason_and_nothing_left(partition, why, tmp_path):
    fake = host(tmp_path)
    before = fake.snapshot()
    with pytest.raises(FleetError, match=why):
        bring_up(fake, wanted(fake, partition))
    assert fake.snapshot() == before


def test_origin_of_a_snapshot_is_read_and_not_written(tmp_path):
    fake = host(tmp_path)
    bring_up(fake, wanted(fake, "vg-0/other"))
    take_down(fake, wanted(fake, "vg-0/other"))
    writing = request(fake, {"partition": "vg-0/other", "disk": {"access": "w"}})
    with pytest.raises(Refused, match="it has a snapshot"):
        bring_up(fake, writing)


def test_device_of_others_on_a_volume_keeps_it(tmp_path):
    fake = host(tmp_path)
    asked = wanted(fake, "vg-0/root")
    bring_up(fake, asked)
    [volume] = fake._mapped()
    (volume / "holders/dm-99").touch()
    with pytest.raises(InUse, match="dm-99 is built on it"):
        take_down(fake, asked)
    assert bring_up(fake, asked)["changed"] is False


def test_busy_volume_rolls_the_unmount_back(tmp_path):
    fake = host(tmp_path)
    asked = wanted(fake, "vg-0/root")
    bring_up(fake, asked)
    fake.fail = len(fake.commands) + 4
    with pytest.raises(FleetError) as caught:
        take_down(fake, asked)
    assert "not_rolled_back" not in caught.value.details
    assert bring_up(fake, asked)["changed"] is False


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (luks.NONE, "2 is encrypted with LUKS. Give luks_passphrase"),
        (luks.Keys("wrong"), "partition 2: the passphrase does not open it"),
        (luks.Keys("", "/etc/other"), "the key file /etc/other does not open it"),
    ],
)
def test_luks_without_what_opens_it(keys, why, tmp_path):
    fake = host(tmp_path, outer=True)
    before = fake.snapshot()
    with pytest.raises(FleetError, match=why) as caught:
        bring_up(fake, wanted(fake, "root", keys=keys))
    assert "wrong" not in str(caught.value)
    assert fake.snapshot() == before


@pytest.mark.parametrize("keys", [luks.Keys(SECRET), luks.Keys("", "/etc/key")])
def test_lvm_on_luks(keys, tmp_path):
    fake = host(tmp_path, outer=True)
    before = fake.snapshot()
    asked = wanted(fake, "root", keys=keys)
    bring_up(fake, asked)
    assert opened(fake) == ["luks:2", "lv:vg-0:root"]
    assert not any(SECRET in word for words in fake.commands for word in words)
    # What is open needs no key.
    assert bring_up(fake, asked._replace(keys=luks.NONE))["changed"] is False
    take_down(fake, asked)
    assert fake.snapshot() == before


def test_programs_that_are_missing_are_named(tmp_path):
    fake = host(tmp_path, outer=True)
    fake.absent = {"cryptsetup"}
    with pytest.raises(ToolMissing) as caught:
        bring_up(fake, wanted(fake, "root", keys=luks.Keys(SECRET)))
    assert caught.value.details["missing_programs"] == ["cryptsetup"]


def test_own_key_wins_then_the_file_then_the_common_one():
    chosen = luks.choose("/a", "common", {"/a": "own"}, "/file")
    assert (chosen.passphrase, chosen.key_file) == ("own", "")
    chosen = luks.choose("/b", "common", {"/a": "own"}, "/file")
    assert (chosen.passphrase, chosen.key_file) == ("", "/file")
    assert luks.choose("/b", "common", {}, "").passphrase == "common"
    assert "common" not in repr(luks.choose("/b", "common", {}, ""))


def test_tree_by_the_guests_own_fstab(tmp_path):
    fake = host(tmp_path)
    before = fake.snapshot()
    asked = wanted(fake, "root", mounts="all")
    assert bring_up(fake, asked, check=True)["changed"]
    result = bring_up(fake, asked)
    [disk] = result["disks"]
    top = asked.path
    assert [part["path"] for part in disk["tree"]] == [top, f"{top}/boot", f"{top}/home"]
    assert disk["skipped"] == [
        "/swap (none): it is swap space",
        "/gone (UUID=gone): it is not on this disk, or not open",
    ]
    again = bring_up(fake, asked)
    assert again["changed"] is False and again["disks"][0]["skipped"] == disk["skipped"]
    fake._umount([f"{top}/home"])
    assert bring_up(fake, asked)["changed"] is True
    steps = take_down(fake, asked)["steps"]
    assert [step.replace(f"{tmp_path}/", "") for step in steps] == [
        "unmount mnt/a/boot",
        "unmount mnt/a/home",
        "unmount mnt/a",
        "close the volumes of srv/a.qcow2",
        "detach srv/a.qcow2 from dev/loop0",
    ]
    assert fake.snapshot() == before


def test_what_cannot_be_told_is_not_guessed(tmp_path):
    fake = host(tmp_path)
    fake.contents[1] = {"TYPE": "ambivalent"}
    with pytest.raises(InvalidRequest, match="may hold its system or not"):
        bring_up(fake, wanted(fake, "root"))
