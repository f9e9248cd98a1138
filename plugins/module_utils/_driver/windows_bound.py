# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which drivers a Windows guest that is shut down has bound to its disks and network cards, read from its registry.

The registry also remembers devices that the guest had once and has no more.
"""

from __future__ import annotations

import re
import typing as t

from . import registry
from .bound import VENDORS, Bound
from .registry import Reader

DISK = "{4d36e967-e325-11ce-bfc1-08002be10318}"
NET = "{4d36e972-e325-11ce-bfc1-08002be10318}"
PARAVIRTUAL = (
    "viostor",
    "vioscsi",
    "netkvm",
    "xenvbd",
    "xenvif",
    "xennet",
    "xendisk",
    "storvsc",
    "netvsc",
    "pvscsi",
    "vmxnet",
    "vmxnet3ndis6",
    "vmxnet3ndis5",
)
# Made by Windows itself, without any card.
WITHOUT_CARD = ("ROOT", "SW", "SWD", "{5d624f94-8850-40c3-a3fa-a4fd2080baf3}")


class Device(t.NamedTuple):
    """An instance below Enum. whole: its ID as Windows writes it; values: of its key."""

    whole: str
    instance: str
    values: dict[str, registry.RegValue]

    def text(self, name: str) -> str:
        return registry.text_of(self.values.get(name))

    @property
    def service(self) -> str:
        return self.text("Service")

    @property
    def label(self) -> str:
        # "@oem3.inf,%name%;The name itself"
        return (self.text("FriendlyName") or self.text("DeviceDesc")).split(";")[-1] or self.whole


def devices(system: Reader, control_set: str) -> list[Device]:
    """All devices that the guest has, or has had."""
    found = []
    top = (control_set, "Enum")
    for bus in system.children(top):
        for kind in system.children((*top, bus)):
            for instance in system.children((*top, bus, kind)):
                values = system.values((*top, bus, kind, instance)) or {}
                found.append(Device("\\".join((bus, kind, instance)), instance, values))
    return found


def bound_to(system: Reader, control_set: str, service: str) -> list[Device]:
    """Devices that a driver's service is bound to."""
    return [each for each in devices(system, control_set) if each.service.casefold() == service.casefold()]


def disks(system: Reader, control_set: str) -> list[Bound]:
    """Disks with the driver of their controller."""
    there = devices(system, control_set)
    found = []
    for disk in (each for each in there if each.text("ClassGUID").lower() == DISK):
        above = [each for each in there if _is_below(disk, each)]
        found.append(_bound(system, control_set, disk, above[0] if above else None))
    return found


def interfaces(system: Reader, control_set: str) -> list[Bound]:
    """Network cards with their drivers."""
    return [
        _bound(system, control_set, each, each)
        for each in devices(system, control_set)
        if each.text("ClassGUID").lower() == NET and each.whole.split("\\")[0] not in WITHOUT_CARD
    ]


def hypervisor(system: Reader, control_set: str) -> str:
    """The one that the guest last ran on, as its firmware told; "" where it is none that is known."""
    told = system.values((control_set, "Control", "SystemInformation")) or {}
    for name in ("SystemManufacturer", "SystemProductName", "BIOSVersion"):
        vendor = registry.text_of(told.get(name)).lower()
        for start, kind in VENDORS.items():
            # The same maker builds real machines too.
            if vendor.startswith(start) and (kind != "hyperv" or _is_virtual(told)):
                return kind
    return ""


def _is_virtual(told: t.Mapping[str, registry.RegValue]) -> bool:
    return registry.text_of(told.get("SystemProductName")).lower() == "virtual machine"


def _is_below(device: Device, other: Device) -> bool:
    prefix = other.text("ParentIdPrefix")
    return bool(prefix) and device.instance.casefold().startswith(f"{prefix.casefold()}&")


def _bound(system: Reader, control_set: str, device: Device, driven: t.Optional[Device]) -> Bound:
    if driven is None:
        return Bound(device.label, "", "", False)
    service = driven.service.lower()
    version = ".".join(map(str, version_of(system, control_set, driven)))
    return Bound(device.label, service, version, service in PARAVIRTUAL)


def version_of(system: Reader, control_set: str, device: Device) -> tuple[int, ...]:
    """Version of the driver that a device is bound to, empty where the registry does not tell it."""
    key = tuple(part for part in device.text("Driver").split("\\") if part)
    values = (system.values((control_set, "Control", "Class", *key)) or {}) if key else {}
    return tuple(int(part) for part in re.findall(r"\d+", registry.text_of(values.get("DriverVersion"))))


__all__ = ["Device", "bound_to", "devices", "disks", "hypervisor", "interfaces", "version_of"]
