# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Registry keys that make a Windows guest boot from a driver that it has never seen."""

from __future__ import annotations

import hashlib
import ntpath
import typing as t
import uuid

from . import registry
from .driver_package import Package
from .inf_package import Target
from .registry_draft import Draft

DATABASE = ("DriverDatabase",)
DEVICE_PATH = ("Microsoft", "Windows", "CurrentVersion")
# How much a device's ID says about the driver: the value of an ID that the package lists itself.
LISTED_ID = bytes.fromhex("01ff0000")
# Version of a package: this, the class, and then date and version, which stay empty so that the same package, once
# pnputil has installed it, ranks higher than this stand-in without a place in the store.
VERSION_HEAD = bytes.fromhex("00ff090000000000")
VERSION_TAIL = bytes(24)
INBOX_PATH = "%SystemRoot%\\inf"


def plan_boot_driver(system: Draft, control_set: str, package: Package, target: Target) -> None:
    """Service and device database of a driver that is needed before a disk can be read."""
    _plan_service(system, control_set, package)
    critical = (control_set, "Control", "CriticalDeviceDatabase")
    database = system.exists(DATABASE)
    # Windows 8 and later look into the one, older ones into the other; where both are there, nobody knows better.
    if database:
        _plan_database(system, package, target)
    if not database or system.exists(critical):
        _plan_critical(system, critical, package)


def _plan_service(system: Draft, control_set: str, package: Package) -> None:
    service = package.service
    if service is None:
        return
    key = (control_set, "Services", service.name)
    for name, value in (
        ("Type", registry.dword(service.type)),
        ("Start", registry.dword(service.start)),
        ("ErrorControl", registry.dword(service.error_control)),
        ("Group", registry.sz(service.group)),
        ("ImagePath", registry.expand_sz(ntpath.join("system32", "drivers", service.binary))),
    ):
        if name != "Group" or service.group:
            system.set(key, name, value)
    for (below, value_name), value in service.values.items():
        path = (*key, *(part for part in below.split("\\") if part))
        system.ensure(path)
        if value_name is not None and value is not None:
            system.set(path, value_name, value)
    # Windows sets it on drivers that it believes it does not need for booting.
    system.remove((*key, "StartOverride"))


def _plan_critical(system: Draft, critical: registry.Path, package: Package) -> None:
    for _enumerator, _device, whole in _ids(package):
        key = (*critical, whole.replace("\\", "#").lower())
        system.set(key, "Service", registry.sz(_service_name(package)))
        system.set(key, "ClassGUID", registry.sz(package.class_guid.upper()))


def _plan_database(system: Draft, package: Package, target: Target) -> None:
    inf = f"{package.name}.inf"
    label = f"{inf}_{target.arch}_{hashlib.sha256(package.digest.encode()).hexdigest()[:16]}"
    configurations = list(dict.fromkeys(model.install for model in package.models))
    files, packages = (*DATABASE, "DriverInfFiles", inf), (*DATABASE, "DriverPackages", label)
    system.set(files, "", registry.multi_sz([label]))
    system.set(files, "Active", registry.sz(label))
    system.set(files, "Configurations", registry.multi_sz(configurations))
    class_guid = uuid.UUID(package.class_guid).bytes_le
    system.set(packages, "Version", registry.binary(VERSION_HEAD + class_guid + VERSION_TAIL))
    for name in configurations:
        key = (*packages, "Configurations", name)
        system.set(key, "ConfigFlags", registry.dword(0))
        system.set(key, "Service", registry.sz(_service_name(package)))
    for model in package.models:
        for enumerator, device, _whole in _split(model.ids):
            system.set((*DATABASE, "DeviceIds", enumerator, device), inf, registry.binary(LISTED_ID))
            descriptor = (*packages, "Descriptors", enumerator, device)
            system.set(descriptor, "Configuration", registry.sz(model.install))


def plan_device_path(software: Draft, directory: str, *, wanted: bool) -> None:
    """Whether Windows looks into a directory for drivers of new devices; the others stay in their order."""
    now = software.get(DEVICE_PATH, "DevicePath")
    entries = [each for each in registry.text_of(now).split(";") if each.strip()]
    others = [each for each in entries if each.casefold() != directory.casefold()]
    if wanted:
        if len(others) == len(entries):
            software.set(
                DEVICE_PATH, "DevicePath", registry.expand_sz(";".join([*(entries or [INBOX_PATH]), directory]))
            )
    elif len(others) != len(entries):
        software.set(DEVICE_PATH, "DevicePath", registry.expand_sz(";".join(others)))


def _service_name(package: Package) -> str:
    return package.service.name if package.service else package.name


def _ids(package: Package) -> t.Iterator[tuple[str, str, str]]:
    yield from _split(package.ids)


def _split(ids: t.Iterable[str]) -> t.Iterator[tuple[str, str, str]]:
    """(enumerator, device, both) of each ID that has an enumerator."""
    for whole in ids:
        enumerator, _separator, device = whole.partition("\\")
        if device and "\\" not in device:
            yield enumerator, device, whole


__all__ = ["plan_boot_driver", "plan_device_path"]
