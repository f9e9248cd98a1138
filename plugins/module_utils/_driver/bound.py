# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which drivers a running Linux has bound to its disks and network interfaces, read from the kernel's own tree."""

from __future__ import annotations

import os
import platform
import typing as t

from .._common import smallfile
from .._common.host import Host

# A virtual PCI card stands between the driver of the device and that of the bus; the former is what is asked for.
PARAVIRTUAL = {
    "virtio_blk": "kvm",
    "virtio_scsi": "kvm",
    "virtio_net": "kvm",
    "vbd": "xen",
    "vif": "xen",
    "xen_blkfront": "xen",
    "xen_netfront": "xen",
    "xen-scsifront": "xen",
    "hv_storvsc": "hyperv",
    "storvsc": "hyperv",
    "hv_netvsc": "hyperv",
    "vmw_pvscsi": "vmware",
    "vmxnet3": "vmware",
}
# Their own names in sysfs are those of the bus ids, not of the modules that people know.
MODULES = {"vbd": "xen_blkfront", "vif": "xen_netfront", "storvsc": "hv_storvsc"}
# What is built on other disks has no driver of its own to speak of.
VIRTUAL = ("loop", "ram", "zram", "dm-", "md", "nbd", "zd")
VENDORS = {
    "qemu": "kvm",
    "red hat": "kvm",
    "amazon ec2": "kvm",
    "google": "kvm",
    "xen": "xen",
    "microsoft corporation": "hyperv",
    "vmware, inc.": "vmware",
    "innotek gmbh": "virtualbox",
    "parallels": "parallels",
}


class Bound(t.NamedTuple):
    """A device and its driver. driver and version are empty where there is none."""

    name: str
    driver: str
    version: str
    paravirtual: bool

    def public(self) -> dict[str, t.Any]:
        return dict(self._asdict())


def hypervisor(host: Host) -> str:
    """kvm, xen, hyperv, vmware, …; ``unknown`` in a guest of another, and empty outside any."""
    xen = smallfile.attribute(f"{host.sys}/hypervisor/type")
    if xen:
        return xen
    for name in ("sys_vendor", "product_name", "bios_vendor"):
        vendor = smallfile.attribute(f"{host.sys}/class/dmi/id/{name}").lower()
        for start, kind in VENDORS.items():
            # The same maker builds real machines too.
            if vendor.startswith(start) and (kind != "hyperv" or _is_guest(host)):
                return kind
    return "unknown" if _is_guest(host) else ""


def disks(host: Host) -> list[Bound]:
    """Of all disks that are not built on others."""
    names = [name for name in _names(f"{host.sys}/block") if not name.startswith(VIRTUAL)]
    return [_bound(host, name, f"{host.sys}/block/{name}/device") for name in names]


def interfaces(host: Host) -> list[Bound]:
    """Of all network interfaces that have a device."""
    base = f"{host.sys}/class/net"
    return [
        _bound(host, name, f"{base}/{name}/device") for name in _names(base) if os.path.exists(f"{base}/{name}/device")
    ]


def disks_under(host: Host, number: int) -> list[str]:
    """Names of the disks that a block device (its st_dev) is built on: through partitions, LVM, RAID, loop devices."""
    node = f"{host.sys}/dev/block/{os.major(number)}:{os.minor(number)}"
    if not os.path.exists(node):
        return []
    path = os.path.realpath(node)
    if os.path.exists(f"{path}/partition"):
        path = os.path.dirname(path)
    image = smallfile.attribute(f"{path}/loop/backing_file")
    if image and os.path.exists(image):
        return disks_under(host, os.stat(image).st_dev)
    below = _names(f"{path}/slaves")
    if not below:
        return [os.path.basename(path)]
    found: set[str] = set()
    for name in below:
        with open(f"{path}/slaves/{name}/dev", encoding="ascii") as stream:
            major, minor = map(int, stream.read().split(":"))
        found.update(disks_under(host, os.makedev(major, minor)))
    return sorted(found)


def _bound(host: Host, name: str, device: str) -> Bound:
    driver = _driver(host, device)
    module = MODULES.get(driver, driver)
    version = smallfile.attribute(f"{host.sys}/module/{module}/version") or (platform.release() if driver else "")
    return Bound(name, module, version, module in PARAVIRTUAL)


def _driver(host: Host, device: str) -> str:
    """The first bus below the disk that is not only the kernel's own SCSI layer (sd, sr), which every disk may have."""
    path = os.path.realpath(device)
    while path.startswith(os.path.realpath(host.sys)) and len(path) > len(host.sys):
        link = f"{path}/driver"
        if os.path.islink(link):
            name = os.path.basename(os.path.realpath(link))
            if name not in ("sd", "sr"):
                return name
        path = os.path.dirname(path)
    return ""


def _is_guest(host: Host) -> bool:
    flags = [line for line in smallfile.attribute(f"{host.proc}/cpuinfo").splitlines() if line.startswith("flags")]
    return bool(flags) and "hypervisor" in flags[0].split()


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except FileNotFoundError:
        return []


__all__ = ["PARAVIRTUAL", "VENDORS", "Bound", "disks", "disks_under", "hypervisor", "interfaces"]
