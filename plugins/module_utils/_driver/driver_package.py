# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A driver package of a source, as far as it is for one Windows."""

from __future__ import annotations

import hashlib
import posixpath
import typing as t

from .._common.errors import InvalidRequest
from . import catalog, inf_package
from .driver_source import DriverSource
from .inf import Inf
from .inf_package import BOOT_START, DRIVERS_DIRECTORIES, Model, Service, Target

# Device classes whose drivers stand between the loader and the system's disk: SCSI and RAID, IDE, system buses.
BOOT_CLASSES = (
    "{4d36e97b-e325-11ce-bfc1-08002be10318}",
    "{4d36e96a-e325-11ce-bfc1-08002be10318}",
    "{4d36e97d-e325-11ce-bfc1-08002be10318}",
)


class Package(t.NamedTuple):
    """A driver package, as far as it fits a guest.

    name:      of its INF file, without the ending, lower-case.
    inf_path:  in the source.
    files:     {path in the guest's driver directory: path in the source}, lower-case on the left.
    binaries:  {name in system32\\drivers: path in the source}.
    boots:     whether the guest needs its service before it can read a disk.
    digest:    of all its files.
    """

    name: str
    inf_path: str
    provider: str
    class_guid: str
    date: tuple[int, int, int]
    version: tuple[int, ...]
    signature: str
    models: tuple[Model, ...]
    service: t.Optional[Service]
    files: dict[str, str]
    binaries: dict[str, str]
    boots: bool
    digest: str

    @property
    def shown_version(self) -> str:
        return ".".join(map(str, self.version))

    @property
    def ids(self) -> list[str]:
        """All hardware and compatible IDs, each once."""
        return list(dict.fromkeys(each for model in self.models for each in model.ids))


def name_of(path: str) -> str:
    """A package's name: that of its INF file."""
    return posixpath.splitext(posixpath.basename(path.replace("\\", "/")))[0].casefold()


def services(text: Inf, models: t.Iterable[Model], target: Target) -> list[Service]:
    """Services of the devices' drivers, each once."""
    found = [inf_package.service(text, install, target) for install in _installs(models)]
    return [each for each in found if each is not None]


def _installs(models: t.Iterable[Model]) -> list[str]:
    return list(dict.fromkeys(model.install for model in models))


def read(source: DriverSource, path: str, text: Inf, models: t.Sequence[Model], target: Target) -> Package:
    """All that is known about a package. Raises InvalidRequest where a file of it is missing."""
    base = posixpath.dirname(path.replace("\\", "/"))
    found_services = services(text, models, target)
    service = found_services[0] if found_services else None
    files = {posixpath.basename(path).lower(): path}
    binaries = {}
    for file in inf_package.files(text, _installs(models), target):
        place, found = _find(source, base, text, file.source, target, path)
        files[posixpath.join(place.lower(), file.source.lower())] = found
        if file.directory in DRIVERS_DIRECTORIES and file.name.endswith(".sys"):
            binaries[file.name] = found
    signed = None
    for name in inf_package.catalogs(text, target):
        found_catalog = source.find(posixpath.join(base, name))
        if found_catalog:
            files[name.lower()] = found_catalog
            signed = source.read(found_catalog)
    class_guid = text.value("Version", "ClassGuid").lower()
    date, version = inf_package.driver_version(text)
    digest = hashlib.sha256()
    for name, found in sorted(files.items()):
        digest.update(f"{name}\0".encode() + hashlib.sha256(source.read(found)).digest())
    return Package(
        name=name_of(path),
        inf_path=path,
        provider=text.value("Version", "Provider"),
        class_guid=class_guid,
        date=date,
        version=version,
        signature=catalog.level(signed, source.read(path)),
        models=tuple(models),
        service=service,
        files=files,
        binaries=binaries,
        boots=service is not None
        and service.start == BOOT_START
        and class_guid in BOOT_CLASSES
        and service.binary in binaries,
        digest=digest.hexdigest(),
    )


def _find(source: DriverSource, base: str, text: Inf, file: str, target: Target, inf_path: str) -> tuple[str, str]:
    for place in inf_package.places(text, file, target):
        path = source.find(posixpath.join(base, place, file))
        if path:
            return place, path
    raise InvalidRequest(
        f"{source.path}: {inf_path}",
        f"the file {file} that it installs is not beside it",
        "fetch or unpack the drivers again, whole",
    )


__all__ = ["Package", "name_of", "read", "services"]
