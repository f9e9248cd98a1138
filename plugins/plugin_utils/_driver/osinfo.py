# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What osinfo-db on this machine knows of an operating system: which virtual devices it has drivers for."""

from __future__ import annotations

import datetime
import pathlib
import traceback
import typing as t

from ...module_utils._common.errors import InvalidRequest
from .support_matrix import Row, Source
from .support_names import Name, pattern

try:
    from lxml import etree
except ImportError:
    etree = None
    LXML_TRACEBACK = traceback.format_exc()
else:
    LXML_TRACEBACK = None

DIRECTORY = "/usr/share/osinfo"
PCI = "http://pcisig.com/pci/"
# osinfo-db of 2022 has no paravirtual device of Hyper-V or VMware, and Xen's with no operating system.
NEEDED = {
    "kvm": {
        "disk": {f"{PCI}1af4/{device}" for device in ("1001", "1042", "1004", "1048")},
        "network": {f"{PCI}1af4/{device}" for device in ("1000", "1041")},
    }
}


class Driver(t.NamedTuple):
    """A package of drivers that can be installed."""

    architecture: str
    location: str
    signed: bool
    devices: frozenset[str]


class Osinfo:
    """All of one osinfo-db. Raises InvalidRequest where there is none."""

    def __init__(self, directory: str = DIRECTORY) -> None:
        self.root = pathlib.Path(directory)
        self.version = self._version()
        # One system's entry may be spread over several files.
        self._systems: dict[str, list[t.Any]] = {}
        self._ids: dict[str, str] = {}
        self._names = self._device_names()
        for system in self._elements("os", "os"):
            self._systems.setdefault(system.get("id"), []).append(system)
            for short in system.findall("short-id"):
                self._ids[short.text] = system.get("id")

    def public(self, guest: Name) -> dict[str, t.Any]:
        """Plain facts of one system; found is false where this osinfo-db is older than it, or leaves it out."""
        identifier = self._ids.get(guest.id)
        if identifier is None:
            return {"found": False, "version": f"{self.version:%Y%m%d}"}
        return {
            "found": True,
            "version": f"{self.version:%Y%m%d}",
            "id": identifier,
            "released": self._text(identifier, "release-date"),
            "end_of_life": self._text(identifier, "eol-date"),
            "devices": sorted(self._names.get(device, device) for device in self._devices(identifier)),
            "drivers": [
                {
                    "architecture": driver.architecture,
                    "location": driver.location,
                    "signed": driver.signed,
                    "devices": sorted(self._names.get(device, device) for device in driver.devices),
                }
                for driver in self._drivers(identifier)
            ],
        }

    def rows(self, guest: Name, hypervisor: str) -> list[Row]:
        """A row ``works`` where the system has drivers for disk and network, or where some can be installed."""
        identifier = self._ids.get(guest.id)
        if identifier is None or hypervisor not in NEEDED:
            return []
        needed = NEEDED[hypervisor].values()
        if all(kind & self._devices(identifier) for kind in needed):
            return [self._row(guest, hypervisor, "guest", ["x86_64"])]
        fitting = [driver for driver in self._drivers(identifier) if all(kind & driver.devices for kind in needed)]
        return [self._row(guest, hypervisor, "package", [driver.architecture for driver in fitting])] if fitting else []

    def _row(self, guest: Name, hypervisor: str, drivers_in: str, architectures: t.Iterable[str]) -> Row:
        return Row(
            guests=(pattern(guest.id),),
            hypervisors=(hypervisor,),
            hosts=(),
            status="works",
            since=self.version,
            until=None,
            architectures=tuple(dict.fromkeys(architectures)),
            packages=(),
            drivers_in=drivers_in,
            note="There are drivers for its disk and network; nobody promises more.",
            source=Source(
                id="osinfo-db",
                title=f"osinfo-db {self.version:%Y%m%d}",
                publisher="libosinfo",
                url="https://libosinfo.org/",
                published=self.version,
                read=datetime.date.today(),
                extent="whole",
            ),
        )

    def _version(self) -> datetime.date:
        try:
            text = (self.root / "VERSION").read_text(encoding="ascii")
            return datetime.datetime.strptime(text.strip()[:8], "%Y%m%d").date()
        except (OSError, ValueError) as error:
            raise InvalidRequest(
                str(self.root),
                f"there is no osinfo-db that could be read ({error})",
                "install the package osinfo-db on the controller, or name its directory with osinfo_dir",
            ) from error

    def _elements(self, directory: str, tag: str) -> t.Iterator[t.Any]:
        for path in sorted((self.root / directory).rglob("*.xml")):
            try:
                yield from etree.parse(str(path)).getroot().iterfind(tag)
            except etree.XMLSyntaxError as error:
                raise InvalidRequest(
                    str(path), f"it is no XML ({error})", "install the package osinfo-db again"
                ) from error

    def _device_names(self) -> dict[str, str]:
        return {
            device.get("id"): device.findtext("name") or device.get("id")
            for device in self._elements("device", "device")
        }

    def _text(self, identifier: str, tag: str) -> t.Optional[str]:
        return next((text for part in self._systems[identifier] if (text := part.findtext(tag))), None)

    def _lineage(self, identifier: str) -> list[str]:
        """The system and what it is built on, the oldest first: what one has its descendants have too."""
        line: list[str] = []
        while identifier in self._systems and identifier not in line:
            line.append(identifier)
            parts = self._systems[identifier]
            parents = [
                link.get("id") for part in parts for tag in ("derives-from", "clones") for link in part.findall(tag)
            ]
            identifier = parents[0] if parents else ""
        return line[::-1]

    def _devices(self, identifier: str) -> set[str]:
        found: set[str] = set()
        for ancestor in self._lineage(identifier):
            for device in (device for part in self._systems[ancestor] for device in part.findall("devices/device")):
                if device.get("removed") == "true":
                    found.discard(device.get("id"))
                else:
                    found.add(device.get("id"))
        return found

    def _drivers(self, identifier: str) -> list[Driver]:
        """Its own only: a package for one Windows says nothing of the next."""
        return [
            Driver(
                driver.get("arch"),
                driver.get("location"),
                driver.get("signed") != "false",
                frozenset(device.get("id") for device in driver.findall("device")),
            )
            for part in self._systems[identifier]
            for driver in part.findall("driver")
        ]


__all__ = ["DIRECTORY", "LXML_TRACEBACK", "Osinfo", "etree"]
