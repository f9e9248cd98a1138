# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a Windows guest is: its directory, version, edition, processor and current control set."""

from __future__ import annotations

import os
import typing as t

from .._common import executable, os_name
from .._common.errors import InvalidRequest, Refused
from . import guest_files, hive_file, registry
from .inf_package import Target
from .registry import Reader

HIVES = ("SYSTEM", "SOFTWARE")
CURRENT_VERSION = ("Microsoft", "Windows NT", "CurrentVersion")
# As INF files and the registry name what uname names.
MACHINES = {"i686": "x86", "x86_64": "amd64", "aarch64": "arm64", "arm": "arm", "ia64": "ia64"}
PRODUCT_TYPES = {"winnt": 1, "lanmannt": 2, "servernt": 3}
SUITES = {
    "small business": 0x1,
    "enterprise": 0x2,
    "terminal server": 0x10,
    "embeddednt": 0x40,
    "datacenter": 0x80,
    "personal": 0x200,
    "blade": 0x400,
}
ASLEEP = (b"hibr", b"rstr")


class WindowsPlace(t.NamedTuple):
    """Where a guest's Windows lies. windows: its directory; hives: {name: path}."""

    root: str
    windows: str
    hives: dict[str, str]

    @property
    def config(self) -> str:
        return os.path.dirname(self.hives["SYSTEM"])


class System(t.NamedTuple):
    """A guest's Windows. control_set: name of the current one; encrypted: BitLocker protects its disk."""

    name: str
    target: Target
    control_set: str
    encrypted: bool

    def public(self) -> dict[str, t.Any]:
        return {
            "name": self.name,
            "version": ".".join(map(str, self.target.version)),
            "architecture": self.target.arch,
            "product_type": self.target.product_type,
            "control_set": self.control_set,
        }


def directories(root: str) -> list[str]:
    """Names of the directories below root that hold a Windows with its registry."""
    found = []
    for name in sorted(os.listdir(root)):
        config = guest_files.place(root, name, "system32", "config") if os.path.isdir(os.path.join(root, name)) else ""
        if config and all(guest_files.variants(config, hive) for hive in HIVES):
            found.append(name)
    return found


def locate(root: str, system_root: str) -> WindowsPlace:
    """The Windows of a guest. Raises Refused where it is not clear which, InvalidRequest where there is none."""
    found = directories(root)
    wanted = [name for name in found if not system_root or name.casefold() == system_root.casefold()]
    if not wanted:
        raise InvalidRequest(root, f"there is no Windows in {system_root}, but in {', '.join(found)}", "name that one")
    if len(wanted) > 1:
        raise Refused(
            root, f"it has several Windows directories: {', '.join(wanted)}", "say by system_root which is meant"
        )
    windows = os.path.join(root, wanted[0])
    hives = {name: guest_files.find(windows, "system32", "config", name) or "" for name in HIVES}
    return WindowsPlace(root, windows, hives)


def refuse_unfinished(place: WindowsPlace) -> None:
    """Raise Refused where the guest's Windows is only asleep, or did not write all of its registry."""
    sleeping = guest_files.find(place.root, "hiberfil.sys")
    if sleeping:
        with open(sleeping, "rb") as stream:
            if stream.read(4).lower() in ASLEEP:
                raise Refused(
                    place.root,
                    "Windows is hibernated (fast startup does that too), and would overwrite what is changed now",
                    "start the guest, run powercfg /h off there, shut it down, then run again",
                )
    for name, path in place.hives.items():
        logs = [guest_files.find(place.config, f"{name}{ending}") for ending in (".LOG", ".LOG1", ".LOG2")]
        hive_file.refuse_dirty(f"{place.root}: {name}", path, [log for log in logs if log])


def survey(place: WindowsPlace, system: Reader, software: Reader) -> System:
    """Read what the guest is. Raises Refused where its registry does not say."""
    values = software.values(CURRENT_VERSION) or {}
    number = registry.number_of((system.values(("Select",)) or {}).get("Current"))
    control_set = f"ControlSet{number or 0:03d}"
    if system.values((control_set,)) is None:
        raise Refused(
            place.root, f"Select names {control_set} as current, which is not there", "repair the guest's registry"
        )
    options = system.values((control_set, "Control", "ProductOptions")) or {}
    kind = registry.text_of(options.get("ProductType")).casefold()
    server = registry.text_of(values.get("InstallationType")).casefold().startswith("server")
    suites = registry.items_of(options.get("ProductSuite"))
    target = Target(
        arch=_architecture(place, system, control_set),
        version=_version(place, values),
        product_type=PRODUCT_TYPES.get(kind, 3 if server else 1),
        suite=sum({SUITES.get(name.casefold(), 0) for name in suites}),
    )
    status = (system.values((control_set, "Control", "BitLockerStatus")) or {}).get("BootStatus")
    name = os_name.windows_name(registry.text_of(values.get("ProductName")), str(target.version[2]))
    return System(name, target, control_set, bool(registry.number_of(status)))


def _version(place: WindowsPlace, values: t.Mapping[str, registry.RegValue]) -> tuple[int, int, int]:
    numbers = [registry.number_of(values.get(f"Current{part}VersionNumber")) for part in ("Major", "Minor")]
    text = registry.text_of(values.get("CurrentVersion")).split(".")
    # From Windows 10 on the old value stays at 6.3.
    major, minor = numbers if numbers[0] is not None else [int(each) if each.isdigit() else None for each in text[:2]]
    build = registry.text_of(values.get("CurrentBuildNumber")) or registry.text_of(values.get("CurrentBuild"))
    if major is None:
        raise Refused(place.root, "its registry does not tell the version of Windows", "repair the guest's registry")
    return major, minor or 0, int(build) if build.isdigit() else 0


def _architecture(place: WindowsPlace, system: Reader, control_set: str) -> str:
    """Of the kernel's own file, else of the command interpreter, else as the registry says."""
    for name in ("ntoskrnl.exe", "cmd.exe"):
        try:
            path = guest_files.find(place.windows, "system32", name)
        except Refused:
            # Windows 10 may have it compressed, as ntfs-3g cannot read it.
            continue
        machine = _machine(path) if path else ""
        if machine:
            return machine
    environment = system.values((control_set, "Control", "Session Manager", "Environment")) or {}
    told = registry.text_of(environment.get("PROCESSOR_ARCHITECTURE")).lower()
    if told in MACHINES.values():
        return told
    raise Refused(place.root, "nothing tells its processor's architecture", "check that its system32 is complete")


def _machine(path: str) -> str:
    with open(path, "rb") as stream:
        return MACHINES.get(executable.pe_machine(stream.read(executable.ENOUGH)), "")


__all__ = ["HIVES", "System", "WindowsPlace", "directories", "locate", "refuse_unfinished", "survey"]
