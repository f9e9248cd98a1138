# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The kernels that a Linux guest has installed, and the drivers that each brings, by depmod's lists.

Their formats: modules.dep(5); modules.builtin, Documentation/kbuild/kbuild.rst.
"""

from __future__ import annotations

import os
import re
import typing as t

from .._common import rooted

# What a guest needs for its disk and its network, by hypervisor; the disk's come first.
FAMILIES: dict[str, tuple[str, ...]] = {
    "kvm": ("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"),
    "xen": ("xen_blkfront", "xen_netfront"),
    "hyperv": ("hv_vmbus", "hv_storvsc", "hv_netvsc"),
    "vmware": ("vmw_pvscsi", "vmxnet3"),
}
# Without one of these the guest does not find its disk.
OF_DISKS = frozenset({"virtio_blk", "virtio_scsi", "xen_blkfront", "hv_storvsc", "vmw_pvscsi"})
MODULE_FILE = re.compile(r"(?P<name>[^/]+)\.ko(?:\.(?:gz|xz|zst|bz2))?")
# Where distributions put a kernel's initramfs; {machine} is the machine's id, as kernel-install(8) uses it.
IMAGES = (
    "/boot/initrd.img-{release}",
    "/boot/initramfs-{release}.img",
    "/boot/initrd-{release}",
    "/boot/{machine}/{release}/initrd",
    "/boot/efi/{machine}/{release}/initrd",
    "/efi/{machine}/{release}/initrd",
)
KERNELS = ("/boot/vmlinuz-{release}", "/boot/Image-{release}", "/boot/{machine}/{release}/linux")


class Kernel(t.NamedTuple):
    """One installed kernel.

    image:   its initramfs as the guest names it; "" where it has none.
    needs:   {module: the modules it cannot be loaded without}, of all that are files.
    builtin: modules that are in the kernel itself.
    """

    release: str
    image: str
    needs: t.Mapping[str, tuple[str, ...]]
    builtin: frozenset[str]

    def has(self, driver: str) -> bool:
        return driver in self.builtin or driver in self.needs

    def files_of(self, driver: str) -> set[str]:
        """The modules that an initramfs must hold for a driver to work; empty for one that is built in."""
        return {driver, *self.needs[driver]} if driver in self.needs and driver not in self.builtin else set()


def normal(name: str) -> str:
    """A module's name as the kernel prints it: people and files write ``-`` too, and it means the same."""
    return name.replace("-", "_")


def module_of(path: str) -> str:
    """The module that a file is; "" for a file that is none."""
    found = MODULE_FILE.fullmatch(os.path.basename(path.rstrip()))
    return normal(found["name"]) if found else ""


def dependencies(text: str) -> dict[str, tuple[str, ...]]:
    """modules.dep as {module: modules it needs}."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        path, colon, needed = line.partition(":")
        if colon and module_of(path):
            found[module_of(path)] = tuple(module_of(other) for other in needed.split() if module_of(other))
    return found


def builtins(text: str) -> frozenset[str]:
    """modules.builtin as a set of modules."""
    return frozenset(module_of(line) for line in text.splitlines() if module_of(line))


def installed(root: str) -> list[Kernel]:
    """All kernels of a guest, the newest last."""
    found = []
    machine = rooted.whole(root, "/etc/machine-id").strip()
    for release in sorted(rooted.names(root, "/lib/modules"), key=age):
        directory = f"/lib/modules/{release}"
        needs = dependencies(rooted.whole(root, f"{directory}/modules.dep"))
        builtin = builtins(rooted.whole(root, f"{directory}/modules.builtin"))
        if (needs or builtin) and _first(root, (*KERNELS, f"{directory}/vmlinuz"), release, machine):
            found.append(Kernel(release, _first(root, IMAGES, release, machine), needs, builtin))
    return found


def age(release: str) -> list[tuple[int, str]]:
    """Sorts releases by their numbers: 6.1.0-9 is older than 6.1.0-10."""
    return [(int(digits or 0), word) for digits, word in re.findall(r"(\d+)|(\D+)", release)]


def _first(root: str, patterns: t.Sequence[str], release: str, machine: str) -> str:
    for pattern in patterns:
        path = pattern.format(release=release, machine=machine)
        if ("{machine}" not in pattern or machine) and rooted.exists(root, path):
            return path
    return ""


__all__ = [
    "FAMILIES",
    "OF_DISKS",
    "Kernel",
    "age",
    "builtins",
    "dependencies",
    "installed",
    "module_of",
    "normal",
]
