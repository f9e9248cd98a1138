# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a guest's root file system says of the guest: os-release(5), ELF and PE headers, kernels, Windows' registry."""

from __future__ import annotations

import re
import typing as t

from .._common import executable, os_name, rooted
from .._common.errors import Refused
from .._common.runner import printable
from . import guest_fstab
from .hive import Hive

PROGRAMS = ("/bin/sh", "/usr/bin/env", "/sbin/init", "/usr/lib/systemd/systemd")
VERSION = re.compile(r"\d+(?:\.\d+)*")
KERNEL = re.compile(r"(?:vmlinu[xz]|kernel|Image)-(?P<version>\d.*)")
WINDOWS_NT = "Microsoft\\Windows NT\\CurrentVersion"
COMPUTER = "Control\\ComputerName\\ComputerName"


def describe(root: str) -> dict[str, t.Any]:
    """What is known of the guest whose root is mounted at root.

    Keys as in RETURN of ``vbd_info``: type, id, name, version, arch, hostname, kernels, mounts.
    """
    config = _directory(root, "Windows", "System32", "config")
    return _windows(root, config) if config else _linux(root)


def _linux(root: str) -> dict[str, t.Any]:
    release = os_name.os_release(root) or _older(root)
    return {
        "type": "linux",
        "id": release.get("ID", "linux"),
        "name": release.get("PRETTY_NAME") or release.get("NAME", ""),
        "version": release.get("VERSION_ID", ""),
        "arch": _arch(root),
        "hostname": _hostname(root),
        "kernels": _kernels(root),
        "mounts": [
            {"source": line.spec, "path": line.path, "fstype": line.fstype, "options": ",".join(line.options)}
            for line in guest_fstab.read(root)
        ],
    }


def _older(root: str) -> dict[str, str]:
    for path, name in os_name.OLDER.items():
        said = rooted.text(root, path).strip().split("\n")[0]
        if said:
            version = VERSION.search(said)
            shown = f"Debian {said}" if name == "debian" else said
            return {"ID": name, "PRETTY_NAME": printable(shown), "VERSION_ID": version[0] if version else ""}
    return {}


def _arch(root: str) -> str:
    for path in PROGRAMS:
        machine = executable.elf_machine(rooted.read(root, path, 64) or b"")
        if machine:
            return machine
    return ""


def _hostname(root: str) -> str:
    for line in rooted.text(root, "/etc/hostname").split("\n"):
        if line.strip() and not line.startswith("#"):
            return printable(line.strip())
    for line in rooted.text(root, "/etc/sysconfig/network").split("\n"):
        name, _equals, value = line.partition("=")
        if name.strip() == "HOSTNAME":
            return printable(value.strip().strip("\"'"))
    return ""


def _kernels(root: str) -> list[str]:
    """Versions of the kernels that are installed: those in /boot, and those that have modules."""
    modules = {printable(name) for name in _names(root, "/lib/modules") if name[:1].isdigit()}
    return sorted({*kernel_images(root, "/boot"), *modules})


def kernel_images(root: str, path: str) -> list[str]:
    """Versions of the kernels that lie in a directory, as their names tell."""
    found = (KERNEL.fullmatch(name) for name in _names(root, path)) if root else iter(())
    return sorted(printable(match["version"]) for match in found if match)


def _names(root: str, path: str) -> list[str]:
    """The names in a directory; what cannot be listed tells nothing."""
    try:
        return rooted.names(root, path)
    except (OSError, Refused):
        return []


def _directory(root: str, *names: str) -> str:
    """The path of a directory inside a guest, whichever way its names are written; "" where it is not there."""
    path = ""
    for wanted in names:
        found = [name for name in _names(root, f"/{path}") if name.lower() == wanted.lower()]
        if not found:
            return ""
        path = f"{path}/{found[0]}"
    return path if rooted.is_directory(root, path) else ""


def _windows(root: str, config: str) -> dict[str, t.Any]:
    software, system = _hive(root, config, "SOFTWARE"), _hive(root, config, "SYSTEM")
    current = system("Select", "Current")
    control = f"ControlSet{current if isinstance(current, int) else 1:03d}"
    name = str(software(WINDOWS_NT, "ProductName") or "Windows")
    build = str(software(WINDOWS_NT, "CurrentBuildNumber") or software(WINDOWS_NT, "CurrentBuild") or "")
    major, minor = software(WINDOWS_NT, "CurrentMajorVersionNumber"), software(WINDOWS_NT, "CurrentMinorVersionNumber")
    said = software(WINDOWS_NT, "CurrentVersion") if major is None else f"{major}.{minor or 0}"
    return {
        "type": "windows",
        "id": "windows",
        "name": printable(os_name.windows_name(name, build)),
        "version": printable(".".join(word for word in (str(said or ""), build) if word)),
        "arch": _pe_arch(root, config),
        "hostname": printable(str(system(f"{control}\\{COMPUTER}", "ComputerName") or "")),
        "kernels": [],
        "mounts": [],
    }


def _hive(root: str, config: str, wanted: str) -> t.Callable[[str, str], t.Union[str, int, None]]:
    """A function that reads a value of one hive: (key, name) -> value, None for none."""
    names = [name for name in _names(root, config) if name.lower() == wanted.lower()]
    stream = rooted.open_file(root, f"{config}/{names[0]}") if names else None
    if stream is None:
        return lambda key, name: None
    # Closed with the last reference to it, which is before the file system is unmounted.
    return Hive(stream).value


def _pe_arch(root: str, config: str) -> str:
    system32 = config.rpartition("/")[0]
    names = [name for name in _names(root, system32) if name.lower() == "ntoskrnl.exe"]
    head = rooted.read(root, f"{system32}/{names[0]}", executable.ENOUGH) if names else None
    return executable.pe_machine(head or b"")


__all__ = ["describe", "kernel_images"]
