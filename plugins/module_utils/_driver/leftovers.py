# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What in a Linux guest would keep its new drivers from working, or is left of others: named, never touched."""

from __future__ import annotations

import re
import typing as t

from .._common import rooted
from . import agents
from .kernels import FAMILIES, Kernel, normal

MODPROBE = ("/etc/modprobe.d", "/usr/lib/modprobe.d", "/run/modprobe.d", "/lib/modprobe.d")
FORBIDDEN = re.compile(
    r"^\s*(?:blacklist\s+(?P<black>\S+)|install\s+(?P<dead>\S+)\s+(?:/usr)?/bin/(?:true|false)\b)", re.MULTILINE
)
# Names that change with the driver: sda on an emulated disk is vda on virtio, xvda on Xen.
DISK_NAME = re.compile(r"/dev/(?:[hs]d[a-z]+|vd[a-z]+|xvd[a-z]+)\d*\b")
BOOT_FILES = (
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/default/grub",
    "/etc/kernel/cmdline",
    "/boot/grub/grub.cfg",
    "/boot/grub2/grub.cfg",
)
# Drivers of Xen's old unmodified_drivers and of GPL'd predecessors, which no kernel of today has.
OLD_MODULES = frozenset({"xen_platform_pci", "xen_balloon", "xen_vbd", "xen_vnif", "xenblk", "xennet", "vmxnet"})
OLD_LISTS = ("/etc/initramfs-tools/modules", "/etc/modules", "/etc/modprobe.conf")
HALF_MADE = re.compile(r"(?:initrd|initramfs).*\.(?:new|homevirt-new|dpkg-bak)$")


def find(root: str, kernels: t.Sequence[Kernel], wanted: t.Sequence[str], hypervisor: str) -> list[str]:
    """A sentence for each thing, without a full stop."""
    return [
        *_forbidden(root, wanted),
        *_disk_names(root),
        *_old_modules(root, kernels),
        *_images(root, kernels),
        *_other_agents(root, hypervisor),
    ]


def _forbidden(root: str, wanted: t.Sequence[str]) -> t.Iterator[str]:
    seen = set()
    for directory in MODPROBE:
        for name in rooted.names(root, directory):
            path = f"{directory}/{name}"
            for found in FORBIDDEN.finditer(rooted.whole(root, path)) if name.endswith(".conf") else ():
                module = normal(found["black"] or found["dead"])
                if module in wanted and (name, module) not in seen:
                    seen.add((name, module))
                    yield f"{path} keeps {module} from being loaded"


def _disk_names(root: str) -> t.Iterator[str]:
    for path in BOOT_FILES:
        lines = [line for line in rooted.whole(root, path).splitlines() if not line.lstrip().startswith("#")]
        names = sorted({name for line in lines for name in DISK_NAME.findall(line)})
        if names:
            yield f"{path} names {', '.join(names)}, which another driver may call otherwise: use UUID= or LABEL="


def _old_modules(root: str, kernels: t.Sequence[Kernel]) -> t.Iterator[str]:
    for path in OLD_LISTS:
        lines = [line.partition("#")[0] for line in rooted.whole(root, path).splitlines()]
        words = {normal(word) for line in lines for word in line.split()}
        for module in sorted(words & OLD_MODULES):
            if not any(kernel.has(module) for kernel in kernels):
                yield f"{path} names {module}, which no installed kernel has"


def _images(root: str, kernels: t.Sequence[Kernel]) -> t.Iterator[str]:
    known = {kernel.image for kernel in kernels}
    for name in rooted.names(root, "/boot"):
        path = f"/boot/{name}"
        if HALF_MADE.search(name):
            yield f"{path} is left of an initramfs that was being made"
        elif re.match(r"(?:initrd\.img-|initramfs-\d)", name) and path not in known and not name.endswith("kdump.img"):
            yield f"{path} belongs to no installed kernel"


def _other_agents(root: str, hypervisor: str) -> t.Iterator[str]:
    for other in FAMILIES:
        if hypervisor and other != hypervisor:
            agent = agents.look(root, other)
            if agent.unit and agent.enabled and agent.links:
                yield f"{agent.package} is enabled, which is for {other}"


__all__ = ["find"]
