# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What an INF file says about its driver, for one Windows: devices, service, registry values, files."""

from __future__ import annotations

import re
import typing as t

from . import registry
from .inf import Inf
from .registry import RegValue

# Flags of AddService and AddReg lines (Microsoft's driver documentation).
ASSOCIATED_SERVICE = 0x2
ADDREG_KEY_ONLY = 0x10
ADDREG_OTHERS = 0x2 | 0x4 | 0x8  # no clobber, delete, append: nothing of the kind in a new service's key
BOOT_START = 0
DECORATION = re.compile(r"nt(?P<arch>[a-z0-9]*)", re.IGNORECASE)
# Numbers of directories: drivers go to 12; 13 is the package's own place in the store, which an offline guest lacks.
DRIVERS_DIRECTORIES = ("12", "13")


class Target(t.NamedTuple):
    """The Windows that a driver is for.

    arch:         x86, amd64, arm64, arm or ia64, as INF files call it.
    version:      (major, minor, build).
    product_type: 1 workstation, 2 domain controller, 3 server.
    suite:        bits of the product suite.
    """

    arch: str
    version: tuple[int, int, int]
    product_type: int = 1
    suite: int = 0


class Model(t.NamedTuple):
    """A device: its description, install section, and IDs (hardware ID first, then compatible ones), upper-case."""

    description: str
    install: str
    ids: tuple[str, ...]


class Service(t.NamedTuple):
    """The service of a function driver.

    values: of its own key, by name; sub_values: of keys below it, by (key, name). name None: only the key.
    """

    name: str
    type: int
    start: int
    error_control: int
    group: str
    binary: str
    values: dict[tuple[str, t.Optional[str]], t.Optional[RegValue]]


class SourceFile(t.NamedTuple):
    """A file that is copied: its name in the source and in the guest, and its directory's number."""

    source: str
    name: str
    directory: str


def driver_version(inf: Inf) -> tuple[tuple[int, int, int], tuple[int, ...]]:
    """((year, month, day), version) of DriverVer; zeros and an empty tuple where there is none."""
    fields = next(iter(inf.values("Version", "DriverVer")), ())
    parts = re.findall(r"\d+", fields[0]) if fields else []
    date = (int(parts[2]), int(parts[0]), int(parts[1])) if len(parts) == 3 else (0, 0, 0)
    return date, tuple(int(part) for part in re.findall(r"\d+", fields[1])) if len(fields) > 1 else ()


def catalogs(inf: Inf, target: Target) -> list[str]:
    """Names of the catalog files that stand for this Windows."""
    keys = (f"CatalogFile.nt{target.arch}", "CatalogFile.nt", "CatalogFile")
    return [name for name in (inf.value("Version", key) for key in keys) if name][:1]


def models(inf: Inf, target: Target) -> tuple[tuple[t.Any, ...], list[Model]]:
    """How closely the file names this Windows (greater is closer), and the devices it has for it.

    No device where the file leaves this Windows out: by naming none that it is, or by an empty section.
    """
    closest: tuple[t.Any, ...] = ()
    found: list[Model] = []
    for line in inf.section("Manufacturer"):
        if not line.fields or not line.fields[0]:
            continue
        ranked = list(_sections(inf, line.fields, target))
        if not ranked:
            continue
        rank, section = max(ranked)
        entries = [_model(inf, entry.key, entry.fields) for entry in inf.section(section)]
        closest = max(closest, rank)
        found.extend(model for model in entries if model.install and model.ids)
    return closest, found


def _model(inf: Inf, description: str, fields: t.Sequence[str]) -> Model:
    return Model(
        inf.replaced(description), fields[0] if fields else "", tuple(field.upper() for field in fields[1:] if field)
    )


def _sections(inf: Inf, fields: t.Sequence[str], target: Target) -> t.Iterator[tuple[tuple[t.Any, ...], str]]:
    """(rank, section name) of those that fit. A named section that is missing excludes as an empty one does."""
    name = fields[0]
    for decoration in fields[1:]:
        rank = _rank(decoration, target)
        if rank is not None:
            yield rank, f"{name}.{decoration}"
    # Without a decoration a section is for x86 only.
    if target.arch == "x86" and name in inf:
        yield ((0, 0, 0), 0, 0, 0), name


def _rank(decoration: str, target: Target) -> t.Optional[tuple[t.Any, ...]]:
    """nt[arch][.[major][.[minor][.[product type][.[suite][.[build]]]]]]: None where it is not this Windows."""
    name, *rest = decoration.split(".")
    match = DECORATION.fullmatch(name)
    if not match:
        return None
    arch = match.group("arch").lower()
    if arch != target.arch and (arch or target.arch != "x86"):
        return None
    major, minor, product, suite, build = [*(_number(part) for part in rest), *[None] * 5][:5]
    version = (major or 0, minor or 0, build or 0)
    if version > target.version:
        return None
    if product is not None and product != target.product_type:
        return None
    if suite is not None and suite & target.suite != suite:
        return None
    return version, int(product is not None), int(suite is not None), int(bool(arch)) + 1


def _number(text: str) -> t.Optional[int]:
    try:
        return int(text, 0) if text.strip() else None
    except ValueError:
        # "010" is no Python number, and decimal here.
        return int(text) if text.strip().isdigit() else None


def install_section(inf: Inf, name: str, target: Target) -> str:
    """The most special one that is there: with .nt<arch>, with .nt, bare."""
    for suffix in (f".nt{target.arch}", ".nt", ""):
        if f"{name}{suffix}" in inf or f"{name}{suffix}.Services" in inf:
            return f"{name}{suffix}"
    return name


def service(inf: Inf, install: str, target: Target) -> t.Optional[Service]:
    """The function driver's service of an install section."""
    section = install_section(inf, install, target)
    for fields in inf.values(f"{section}.Services", "AddService"):
        name, flags, definition = [*fields, "", "", ""][:3]
        if name and definition and (_number(flags) or 0) & ASSOCIATED_SERVICE:
            return _service(inf, name, definition)
    return None


def _service(inf: Inf, name: str, section: str) -> Service:
    values: dict[tuple[str, t.Optional[str]], t.Optional[RegValue]] = {}
    for fields in inf.values(section, "AddReg"):
        for listed in fields:
            for line in inf.section(listed):
                values.update(_added(line.fields))
    return Service(
        name=name,
        type=_number(inf.value(section, "ServiceType")) or 1,
        start=_start(inf, section),
        error_control=_number(inf.value(section, "ErrorControl")) or 0,
        group=inf.value(section, "LoadOrderGroup"),
        binary=re.split(r"[\\/]", inf.value(section, "ServiceBinary"))[-1].lower(),
        values=values,
    )


def _start(inf: Inf, section: str) -> int:
    number = _number(inf.value(section, "StartType"))
    return 3 if number is None else number


def _added(fields: t.Sequence[str]) -> dict[tuple[str, t.Optional[str]], t.Optional[RegValue]]:
    """An AddReg line relative to the service: {(key below it, value's name): value}."""
    root, key, name, flags_text, *data = [*fields, *[""] * 4][: max(len(fields), 4)]
    flags = _number(flags_text) or 0
    if root.upper() != "HKR" or flags & ADDREG_OTHERS:
        return {}
    if flags & ADDREG_KEY_ONLY or not (name or data):
        return {(key, None): None}
    return {(key, name): _reg_value(flags, data)}


def _reg_value(flags: int, data: t.Sequence[str]) -> RegValue:
    kind = flags & 0xFFFF0001
    if kind == 0x00010001:
        number = _number(data[0]) if data else 0
        return registry.dword(number or 0)
    if kind == 0x00010000:
        return registry.multi_sz(data)
    if kind == 0x00020000:
        return registry.expand_sz(data[0] if data else "")
    if kind == 0x00000000:
        return registry.sz(data[0] if data else "")
    # Binary data, or of the type that the upper half names.
    return RegValue((flags >> 16) or registry.BINARY, bytes(int(byte, 16) & 0xFF for byte in data if byte))


def files(inf: Inf, installs: t.Iterable[str], target: Target) -> list[SourceFile]:
    """What the install sections copy, each once."""
    found: dict[tuple[str, str], SourceFile] = {}
    for install in installs:
        section = install_section(inf, install, target)
        for part in (section, f"{section}.CoInstallers"):
            for fields in inf.values(part, "CopyFiles"):
                for listed in fields:
                    for file in _listed(inf, listed):
                        found.setdefault((file.name, file.directory), file)
    return list(found.values())


def _listed(inf: Inf, listed: str) -> list[SourceFile]:
    if listed.startswith("@"):
        name = listed[1:]
        return [SourceFile(name, name.lower(), inf.value("DestinationDirs", "DefaultDestDir"))]
    directory = inf.value("DestinationDirs", listed) or inf.value("DestinationDirs", "DefaultDestDir")
    found = []
    for line in inf.section(listed):
        # name[, source name[, temporary name[, flags]]]; a line with one field and no "=" is the ordinary one.
        name, source = [*line.fields, ""][:2]
        if name:
            found.append(SourceFile(source or name, name.lower(), directory))
    return found


def places(inf: Inf, file: str, target: Target) -> list[str]:
    """Directories, relative to the INF file, in which the source may have a file; the named one first."""
    for section in (f"SourceDisksFiles.{target.arch}", "SourceDisksFiles"):
        for fields in inf.values(section, file):
            disk, directory = [*fields, "", ""][:2]
            parts = [part.strip("\\/").replace("\\", "/") for part in (_disk_path(inf, disk, target), directory)]
            return list(dict.fromkeys(["/".join(part for part in parts if part), ""]))
    return [""]


def _disk_path(inf: Inf, disk: str, target: Target) -> str:
    """The fourth field of a disk: a directory on it."""
    names = (f"SourceDisksNames.{target.arch}", "SourceDisksNames")
    return next((fields[3] for name in names for fields in inf.values(name, disk) if len(fields) > 3), "")


__all__ = [
    "BOOT_START",
    "DRIVERS_DIRECTORIES",
    "Model",
    "Service",
    "SourceFile",
    "Target",
    "catalogs",
    "driver_version",
    "files",
    "models",
    "places",
    "service",
]
