# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""guest_driver_info of a Linux guest that is shut down."""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import linux_info
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import FakeLinux


def test_where_each_kernel_has_each_driver(tmp_path):
    guest = FakeLinux(tmp_path)
    guest.kernel("6.1.0-1", builtin=["xen_blkfront"], image=["virtio_scsi"])
    guest.kernel("6.1.0-2", modules=("virtio_net", "net_failover"), image=None)
    before = guest.snapshot()
    found = linux_info.read(guest.host, str(tmp_path))
    first, second = found["kernels"]
    assert {driver["name"]: driver["place"] for driver in first["drivers"]} == {
        "virtio_pci": "module",
        "virtio_blk": "module",
        "virtio_scsi": "initramfs",
        "virtio_net": "module",
        "xen_blkfront": "built-in",
    }
    assert (first["initramfs"], second["initramfs"]) == ("/boot/initrd.img-6.1.0-1", "")
    assert second["drivers"] == [{"name": "virtio_net", "place": "module"}]
    assert found["kernel"] == "6.1.0-2"
    assert [agent["hypervisor"] for agent in found["agents"]] == ["kvm", "xen", "hyperv", "vmware"]
    assert guest.snapshot() == before
