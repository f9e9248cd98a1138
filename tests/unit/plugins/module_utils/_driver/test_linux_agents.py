# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypervisors' agents in a Linux guest, and what is left of others."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import engine
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import DEPENDENCIES

WANTED = {"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"}


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
            "masked": False,
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
        assert part["agents"][0]["masked"]
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
