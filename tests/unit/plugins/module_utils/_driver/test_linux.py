# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers into a Linux guest: what is planned, what is done, what is refused, and what a failure or a kill leaves."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common import interrupts
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import engine, keepsake
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.request import Request
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import DEPENDENCIES, FakeLinux

WANTED = {"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"}


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


def test_what_cannot_be_cleared_away_is_told_and_what_is_done_too(guest, monkeypatch):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "kept")

    monkeypatch.setattr(keepsake, "forget", full)
    result = engine.plan_and_apply(guest.host, [Request(str(guest.root), hypervisor="kvm")], check=False)
    assert result["changed"] and result["guests"][0]["changed"] and guest.holds("6.1.0-10") >= WANTED
    assert result["warnings"][-1] == (
        "All that was wanted is done, but what only the way back needed was not cleared away: "
        "[Errno 28] No space left on device: 'kept'."
    )


def test_a_signal_that_comes_when_all_is_done_is_too_late(guest, monkeypatch):
    monkeypatch.setattr(keepsake, "forget", lambda *_arguments, **_options: os.kill(os.getpid(), signal.SIGTERM))
    with interrupts.catching():
        result = engine.plan_and_apply(guest.host, [Request(str(guest.root), hypervisor="kvm")], check=False)
    assert result["changed"] and guest.holds("6.1.0-10") >= WANTED


def test_the_program_fails(guest):
    before = guest.snapshot()
    program = "dracut" if guest.dracut else "update-initramfs"
    guest.says = {program: (1, "", "E: no room\nE: it failed\n")}
    plan, _part = guest.plan()
    with pytest.raises(FleetError, match="failed with status 1: E: it failed") as caught:
        plan.apply()
    assert "not_rolled_back" not in caught.value.details
    assert guest.snapshot() == before


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
