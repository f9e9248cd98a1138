# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trees of /sys as different hypervisors make them."""

from __future__ import annotations

import os
import platform

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import bound


class Tree:
    def __init__(self, root):
        self.sys = root / "sys"
        self.proc = root / "proc"
        self.proc.mkdir()
        (self.sys / "block").mkdir(parents=True)
        self.host = Host(None, sys=str(self.sys), proc=str(self.proc))

    def device(self, path, **drivers):
        """A device at a path below devices/; drivers: for which of its directories."""
        directory = self.sys / "devices" / path
        directory.mkdir(parents=True, exist_ok=True)
        for name, driver in drivers.items():
            target = self.sys / "bus/any/drivers" / driver
            target.mkdir(parents=True, exist_ok=True)
            place = next(part for part in [directory, *directory.parents] if part.name == name.replace("_", ":"))
            (place / "driver").symlink_to(target)
        return directory

    def disk(self, name, path, **drivers):
        directory = self.device(path, **drivers)
        block = directory / "block" / name
        block.mkdir(parents=True)
        (block / "device").symlink_to(directory)
        (self.sys / "block" / name).symlink_to(block)
        return block

    def number(self, block, major, minor):
        (block / "dev").write_text(f"{major}:{minor}\n")
        (self.sys / "dev/block").mkdir(parents=True, exist_ok=True)
        (self.sys / f"dev/block/{major}:{minor}").symlink_to(block)

    def write(self, path, text):
        (self.sys / path).parent.mkdir(parents=True, exist_ok=True)
        (self.sys / path).write_text(text)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("path", "drivers", "driver", "paravirtual"),
    [
        ("pci0/card/virtio1", {"virtio1": "virtio_blk", "card": "virtio-pci"}, "virtio_blk", True),
        ("pci0/card/virtio1/host2/target2/2_0", {"2_0": "sd", "virtio1": "virtio_scsi"}, "virtio_scsi", True),
        ("pci0/card/ata1/host0/0_0", {"0_0": "sd", "card": "ata_piix"}, "ata_piix", False),
        ("pci0/card/nvme/nvme0", {"card": "nvme"}, "nvme", False),
        ("vbd-768", {"vbd-768": "vbd"}, "xen_blkfront", True),
        ("platform/orphan", {}, "", False),
    ],
)
def test_the_driver_that_counts(tree, path, drivers, driver, paravirtual):
    tree.disk("x", path.replace("_", ":"), **drivers)
    (found,) = bound.disks(tree.host)
    assert (found.driver, found.paravirtual) == (driver, paravirtual)
    assert found.version == (platform.release() if driver else "")


def test_a_version_of_its_own(tree):
    tree.disk("x", "card", card="mydriver")
    tree.write("module/mydriver/version", "1.2\n")
    assert bound.disks(tree.host)[0].version == "1.2"


def test_disks_built_on_others_are_left_out(tree):
    for name in ("loop0", "dm-0", "vda", "md127", "zram0"):
        tree.disk(name, f"some-{name}")
    assert [disk.name for disk in bound.disks(tree.host)] == ["vda"]


def test_interfaces(tree):
    device = tree.device("virtio0", virtio0="virtio_net")
    (tree.sys / "class/net/eth0").mkdir(parents=True)
    (tree.sys / "class/net/eth0/device").symlink_to(device)
    (tree.sys / "class/net/lo").mkdir()
    assert [(found.name, found.driver) for found in bound.interfaces(tree.host)] == [("eth0", "virtio_net")]


def test_from_a_file_system_down_to_its_disks(tree, tmp_path):
    """A loop device on LVM over two disks, one of them by a partition."""
    first, second = tree.disk("vda", "a"), tree.disk("vdb", "b")
    part = first / "vda1"
    part.mkdir()
    (part / "partition").write_text("1\n")
    volume = tree.disk("dm-0", "volume")
    (volume / "slaves").mkdir()
    for name, target in (("vda1", part), ("vdb", second)):
        (volume / "slaves" / name).symlink_to(target)
    for block, minor in ((first, 0), (part, 1), (second, 16), (volume, 32)):
        tree.number(block, 250, minor)
    assert bound.disks_under(tree.host, os.makedev(250, 32)) == ["vda", "vdb"]
    assert bound.disks_under(tree.host, os.makedev(250, 1)) == ["vda"]
    assert bound.disks_under(tree.host, os.makedev(0, 55)) == []


@pytest.mark.parametrize(
    ("files", "flags", "kind"),
    [
        ({"hypervisor/type": "xen\n"}, "hypervisor", "xen"),
        ({"class/dmi/id/sys_vendor": "QEMU\n"}, "hypervisor", "kvm"),
        ({"class/dmi/id/sys_vendor": "Microsoft Corporation\n"}, "hypervisor", "hyperv"),
        ({"class/dmi/id/sys_vendor": "Microsoft Corporation\n"}, "fpu", ""),
        ({"class/dmi/id/sys_vendor": "VMware, Inc.\n"}, "hypervisor", "vmware"),
        ({"class/dmi/id/sys_vendor": "Dell Inc.\n"}, "fpu", ""),
        ({}, "fpu hypervisor", "unknown"),
    ],
)
def test_hypervisor(tree, files, flags, kind):
    for path, text in files.items():
        tree.write(path, text)
    (tree.proc / "cpuinfo").write_text(f"flags\t\t: {flags}\n")
    assert bound.hypervisor(tree.host) == kind
