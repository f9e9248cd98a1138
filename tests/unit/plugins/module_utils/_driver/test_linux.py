# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers into a Linux guest: what is planned, what is done, what is refused, and what a failure or a kill leaves."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import engine, keepsake
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import DEPENDENCIES, FakeLinux

WANTED = {"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"}


@pytest.fixture(params=[False, True], ids=["initramfs-tools", "dracut"])
def guest(request, tmp_path):
    found = FakeLinux(tmp_path, dracut=request.param)
    found.kernel("6.1.0-9")
    found.kernel("6.1.0-10")
    return found


def places(part, driver, when="after"):
    return [kernel[when] for found in part["drivers"] if found["name"] == driver for kernel in found["kernels"]]


def test_four_ways(guest):
    before = guest.snapshot()
    foretold, part = guest.plan()
    assert foretold.changes and guest.snapshot() == before
    assert all(access == "r" for access, *_words in guest.commands)
    done, again = guest.apply()
    assert (done.titles(), done.diff(), again) == (foretold.titles(), foretold.diff(), part)
    for release in ("6.1.0-9", "6.1.0-10"):
        assert guest.holds(release) >= WANTED | {"ata_piix", "virtio", "virtio_ring", "net_failover"}
    after = guest.snapshot()
    for _round in range(2):
        plan, part = guest.plan()
        assert not plan.changes
        assert {found["action"] for found in part["drivers"]} == {"kept"}
    assert guest.snapshot() == after


@pytest.mark.parametrize("state", ["absent", "restored"])
def test_there_and_back(guest, state):
    before = guest.snapshot()
    guest.apply()
    plan, _part = guest.apply(state)
    assert plan.changes
    assert guest.snapshot() == before
    for _round in range(2):
        assert not guest.plan(state)[0].changes


def test_restored_is_byte_by_byte_also_after_two_changes(guest):
    guest.image("6.1.0-9").write_text("usr/lib/modules/6.1.0-9/ata_piix.ko\nnot made by any program\n")
    before = guest.snapshot()
    guest.apply(drivers=["virtio_blk"])
    guest.apply(drivers=["virtio-net", "virtio_blk"])
    guest.apply("restored")
    assert guest.snapshot() == before


def test_absent_takes_out_some_and_keeps_the_others(guest):
    guest.apply(drivers=["virtio_blk", "virtio_net"])
    guest.apply("absent", drivers=["virtio-net"])
    assert "virtio_net" not in guest.holds("6.1.0-10")
    assert "virtio_blk" in guest.holds("6.1.0-10")
    assert not guest.plan("absent", drivers=["virtio_net"])[0].changes
    guest.apply("absent")
    assert keepsake.read(str(guest.root)) is None


def test_only_the_kernels_that_need_it_are_touched(guest):
    guest.make(guest.image("6.1.0-9"), "6.1.0-9", DEPENDENCIES)
    plan, part = guest.plan()
    (title,) = [title for title in plan.titles() if "anew" in title]
    assert f"{guest.image('6.1.0-10').relative_to(guest.root)} anew with" in title
    assert places(part, "virtio_blk", "before") == ["initramfs", "module"]


def test_two_kernels_one_without_the_module(guest):
    guest.kernel("5.10.0-1", modules=("ata_piix",))
    plan, part = guest.apply()
    assert places(part, "virtio_blk") == ["none", "initramfs", "initramfs"]
    assert not any("5.10.0-1" in title for title in plan.titles())
    assert part["warnings"][0] == "kernel 5.10.0-1 has no virtio_pci, virtio_blk, virtio_scsi, virtio_net"


def test_what_is_built_in_is_there(guest):
    for release in ("6.1.0-9", "6.1.0-10"):
        guest.kernel(release, modules=("ata_piix",), builtin=WANTED)
    plan, part = guest.plan()
    assert not plan.changes
    assert places(part, "virtio_blk") == ["built-in", "built-in"]
    # Nothing had to be looked into.
    assert guest.commands == []


def test_a_module_without_what_it_needs_is_not_there(guest):
    guest.make(guest.image("6.1.0-10"), "6.1.0-10", {*WANTED, "virtio", "net_failover"})
    assert places(guest.plan()[1], "virtio_blk", "before") == ["module", "module"]


def test_a_kernel_without_an_initramfs_is_told(guest):
    guest.image("6.1.0-9").unlink()
    _plan, part = guest.apply()
    assert places(part, "virtio_blk") == ["module", "initramfs"]
    assert "kernel 6.1.0-9 has no initramfs" in part["warnings"][0]


def test_every_failure_leaves_the_guest_as_it_was(guest):
    before = guest.snapshot()
    guest.forgets = {"virtio_ring"}
    plan, _part = guest.plan()
    with pytest.raises(FleetError, match="still lacks virtio_pci, virtio_blk"):
        plan.apply()
    assert guest.snapshot() == before


def test_what_the_initramfs_had_must_not_get_lost(guest):
    before = guest.snapshot()
    guest.forgets = {"ata_piix"}
    plan, _part = guest.plan()
    with pytest.raises(FleetError, match="leaves out what the old one had: ata_piix"):
        plan.apply()
    assert guest.snapshot() == before


def test_the_program_fails(guest):
    before = guest.snapshot()
    program = "dracut" if guest.dracut else "update-initramfs"
    guest.says = {program: (1, "", "E: no room\nE: it failed\n")}
    plan, _part = guest.plan()
    with pytest.raises(FleetError, match="failed with status 1: E: it failed") as caught:
        plan.apply()
    assert "not_rolled_back" not in caught.value.details
    assert guest.snapshot() == before


class Killed(BaseException):
    """As kill -9: nobody rolls back."""


def go_on_and_back(guest, before):
    """Whatever a kill left: every image is whole, and both ways are open."""
    for release in ("6.1.0-9", "6.1.0-10"):
        assert guest.holds(release) >= {"ata_piix"}
    guest.apply()
    assert guest.holds("6.1.0-9") & guest.holds("6.1.0-10") >= WANTED
    guest.apply("restored")
    assert guest.snapshot() == before


@pytest.mark.parametrize("done", range(6))
def test_a_kill_between_steps(guest, done):
    before = guest.snapshot()
    plan, _part = guest.plan()
    for step in plan.steps[:done]:
        step.do()
    go_on_and_back(guest, before)


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("made", [False, True])
def test_a_kill_while_an_image_is_made(guest, monkeypatch, which, made):
    """Before the guest's program has put the new one in its place, and after."""
    before = guest.snapshot()
    plan, _part = guest.plan()
    real, seen = guest.run, []

    def run(argv, timeout):
        if argv[5] not in ("dracut", "update-initramfs"):
            return real(argv, timeout)
        seen.append(argv)
        if len(seen) < which:
            return real(argv, timeout)
        if made:
            real(argv, timeout)
        raise Killed

    monkeypatch.setattr(guest, "run", run)
    with pytest.raises(Killed):
        for step in plan.steps:
            step.do()
    monkeypatch.undo()
    go_on_and_back(guest, before)


def test_the_draft_of_a_killed_dracut_is_named_and_replaced(tmp_path):
    guest = FakeLinux(tmp_path, dracut=True)
    guest.kernel("6.1")
    guest.write("boot/initramfs-6.1.img.homevirt-new", "half")
    _plan, part = guest.apply()
    assert part["leftovers"] == ["/boot/initramfs-6.1.img.homevirt-new is left of an initramfs that was being made"]
    assert not (tmp_path / "boot/initramfs-6.1.img.homevirt-new").exists()


def test_an_initramfs_that_the_guest_made_since_is_not_thrown_away(guest):
    guest.apply()
    guest.make(guest.image("6.1.0-10"), "6.1.0-10", {"ata_piix", "new"})
    with pytest.raises(FleetError, match="has made it anew since"):
        guest.plan("restored")


def test_a_configuration_that_was_changed_since_is_not_thrown_away(guest):
    plan, _part = guest.apply()
    path = next(title.split()[2] for title in plan.titles() if ": write /" in title)
    with open(f"{guest.root}{path}", "a", encoding="utf-8") as stream:
        stream.write("mine\n")
    with pytest.raises(FleetError, match="was changed since"):
        guest.plan("restored")


@pytest.mark.parametrize(
    ("change", "options", "why"),
    [
        (None, {"hypervisor": ""}, "it is not said which of them it needs"),
        (None, {"drivers": ["virtio_blkk"]}, r"none of its kernels \(6.1.0-9, 6.1.0-10\) has virtio_blkk"),
        (None, {"hypervisor": "vmware"}, "has vmw_pvscsi, vmxnet3"),
        ("boot elsewhere", {}, "its /boot is a file system of its own"),
        ("other machine", {}, "its programs are for aarch64"),
        ("no shell", {}, "its programs cannot be run"),
        ("no generator", {}, "neither initramfs-tools nor dracut"),
        ("mkinitrd", {}, "its initramfs is made by mkinitrd"),
        ("no kernels", {}, "it has no kernel"),
        ("damaged image", {}, "failed with status 1: cpio: premature end"),
        ("record", {}, "cannot be read"),
        ("no room", {}, "MiB are free"),
    ],
)
def test_refused_before_anything_is_changed(guest, monkeypatch, change, options, why):
    if change == "boot elsewhere":
        guest.write("etc/fstab", "# UUID=0 /boot ext4\nUUID=1 /boot ext4 defaults 0 2\n")
    elif change in ("other machine", "no shell"):
        guest.says = {"/bin/sh": (126, "", "/bin/sh: Exec format error\n")}
        if change == "other machine":
            (guest.root / "bin/sh").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\xb7\x00")
    elif change in ("no generator", "mkinitrd"):
        for name in ("usr/bin/dracut", "usr/sbin/update-initramfs"):
            (guest.root / name).unlink(missing_ok=True)
        if change == "mkinitrd":
            guest.write("usr/bin/mkinitrd", "")
    elif change == "no kernels":
        for path in (guest.root / "boot").glob("vmlinuz-*"):
            path.unlink()
    elif change == "damaged image":
        guest.says = dict.fromkeys(("lsinitrd", "lsinitramfs"), (1, "", "cpio: premature end of archive\n"))
    elif change == "record":
        guest.write("var/lib/homevirt.fleet/guest_driver/record.json", '{"images": 5}')
    elif change == "no room":
        monkeypatch.setattr(keepsake, "room", lambda root, image: (1 << 20, 9 << 20))
    before = guest.snapshot()
    with pytest.raises(FleetError, match=why) as caught:
        guest.plan(**options)
    assert caught.value.what and caught.value.hint
    assert guest.snapshot() == before


def test_mounted_read_only_is_told_when_it_is_to_be_written(guest, monkeypatch):
    plan, _part = guest.plan()
    real = os.statvfs(guest.root)

    class ReadOnly:
        f_flag = os.ST_RDONLY
        f_bfree, f_frsize = real.f_bfree, real.f_frsize

    monkeypatch.setattr(os, "statvfs", lambda path: ReadOnly)
    with pytest.raises(FleetError, match="mounted read-only. Mount it with access: w"):
        plan.apply()


def test_dep_would_look_at_this_hosts_disks(tmp_path):
    guest = FakeLinux(tmp_path)
    guest.kernel("6.1")
    guest.write("etc/initramfs-tools/conf.d/policy", "MODULES=dep\n")
    before = guest.snapshot()
    plan, _part = guest.apply()
    assert "/etc/initramfs-tools/conf.d/homevirt-fleet:" in plan.diff()["after"]
    assert "MODULES=most" in (tmp_path / "etc/initramfs-tools/conf.d/homevirt-fleet").read_text()
    guest.apply("absent")
    assert guest.snapshot() == before


class TestAgents:
    UNIT = "usr/lib/systemd/system/qemu-guest-agent.service"
    LINK = "etc/systemd/system/multi-user.target.wants/qemu-guest-agent.service"

    def test_one_that_is_not_installed_is_told(self, guest):
        _plan, part = guest.plan()
        assert part["agents"][0] == {
            "hypervisor": "kvm",
            "package": "qemu-guest-agent",
            "unit": "",
            "installed": False,
            "enabled": False,
        }
        assert part["warnings"] == ["qemu-guest-agent is not installed; install it in the guest"]

    def test_one_that_sleeps_is_enabled_and_put_back(self, guest):
        guest.write(self.UNIT, "[Unit]\nWantedBy=no\n[Install]\nWantedBy=multi-user.target\n")
        before = guest.snapshot()
        _plan, part = guest.apply()
        assert part["agents"][0]["enabled"]
        assert os.readlink(guest.root / self.LINK) == f"/{self.UNIT}"
        assert not guest.plan()[0].changes
        guest.apply("restored")
        assert guest.snapshot() == before

    def test_nothing_but_the_agent_is_to_be_done(self, guest):
        for release in ("6.1.0-9", "6.1.0-10"):
            guest.make(guest.image(release), release, DEPENDENCIES)
        guest.write(self.UNIT, "[Install]\nWantedBy=multi-user.target\n")
        before = guest.snapshot()
        guest.apply()
        guest.apply("absent")
        assert guest.snapshot() == before

    def test_one_that_udev_starts_needs_nothing(self, guest):
        guest.write(self.UNIT, "[Service]\nExecStart=/usr/sbin/qemu-ga\n")
        assert guest.plan()[1]["agents"][0]["enabled"]

    def test_one_that_is_forbidden_stays_so(self, guest):
        guest.write(self.UNIT, "[Install]\nWantedBy=multi-user.target\n")
        link = guest.root / "etc/systemd/system/qemu-guest-agent.service"
        link.parent.mkdir(parents=True)
        link.symlink_to("/dev/null")
        plan, part = guest.plan()
        assert not any("enable" in title for title in plan.titles())
        assert part["warnings"] == ["qemu-guest-agent is installed, but masked"]


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "etc/modprobe.d/x.conf",
            "blacklist virtio-blk\n",
            "/etc/modprobe.d/x.conf keeps virtio_blk from being loaded",
        ),
        ("etc/modprobe.d/x.conf", "install virtio_net /bin/false\n", "keeps virtio_net from being loaded"),
        ("etc/fstab", "/dev/sda1 / ext4 defaults 0 1\n", "/etc/fstab names /dev/sda1"),
        ("etc/default/grub", 'GRUB_CMDLINE_LINUX="root=/dev/xvda2"\n', "/etc/default/grub names /dev/xvda2"),
        ("etc/modules", "xen-vbd\n", "/etc/modules names xen_vbd, which no installed kernel has"),
        ("boot/initrd.img-5.10.0-1", "", "/boot/initrd.img-5.10.0-1 belongs to no installed kernel"),
        ("boot/initrd.img-6.1.0-9.new", "", "/boot/initrd.img-6.1.0-9.new is left of an initramfs"),
        ("etc/fstab", "UUID=1 / ext4 defaults 0 1\n#/dev/sda1 /mnt ext4\n", ""),
        ("etc/modprobe.d/x.txt", "blacklist virtio_blk\n", ""),
    ],
)
def test_leftovers_are_named(guest, path, text, told):
    guest.write(path, text)
    found = guest.plan()[1]["leftovers"]
    assert (len(found) == 1 and told in found[0]) if told else found == []


def test_another_hypervisors_agent_is_named(guest):
    guest.write("usr/lib/systemd/system/vmtoolsd.service", "[Install]\nWantedBy=multi-user.target\n")
    link = guest.root / "etc/systemd/system/multi-user.target.wants/vmtoolsd.service"
    link.parent.mkdir(parents=True)
    link.symlink_to("/usr/lib/systemd/system/vmtoolsd.service")
    assert guest.plan()[1]["leftovers"] == ["open-vm-tools is enabled, which is for vmware"]


def test_a_linux_with_a_merged_usr_is_known_as_one(guest):
    """Its links, and names that differ by case alone, would be refused in a Windows."""
    (guest.root / "sbin").symlink_to("usr/bin")
    guest.write("Home/x", "")
    guest.write("home/x", "")
    assert engine.kind_of(str(guest.root), [make() for make in engine.KINDS]).name == "linux"
