# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A directory, zip archive or ISO image full of drivers, as files that can be listed and read."""

from __future__ import annotations

import os
import typing as t
import zipfile

from .._common.errors import InvalidRequest
from .iso9660 import IsoImage

# No driver's file is that large; an archive could claim any size.
LARGEST_FILE = 256 << 20


class DriverSource:
    """Files of a source by their paths inside it, found without regard to case.

    path: of the source, as the user named it.
    """

    def __init__(
        self, path: str, names: t.Iterable[str], read: t.Callable[[str], bytes], size: t.Callable[[str], int]
    ) -> None:
        self.path = path
        self._read = read
        self._size = size
        self._names = {name.replace("\\", "/").casefold(): name for name in sorted(names)}

    def names(self, ending: str = "") -> list[str]:
        """Paths of the files whose names end so, in order."""
        return [name for folded, name in sorted(self._names.items()) if folded.endswith(ending)]

    def find(self, path: str) -> t.Optional[str]:
        """The path of a file as the source spells it."""
        return self._names.get(path.casefold())

    def read(self, name: str) -> bytes:
        if self._size(name) > LARGEST_FILE:
            raise InvalidRequest(f"{self.path}: {name}", "too large for a driver's file", "fetch the source again")
        return self._read(name)


def open_source(path: str) -> DriverSource:
    """Open what lies at a path. Raises InvalidRequest."""
    if not os.path.isabs(path):
        raise InvalidRequest(path, "not an absolute path", "give the absolute path of the drivers on this host")
    if os.path.isdir(path):
        return _directory(path)
    if not os.path.isfile(path):
        raise InvalidRequest(path, "there is no such directory, ISO image or zip archive", "copy the drivers there")
    if zipfile.is_zipfile(path):
        return _archive(path)
    image = IsoImage(path)
    return DriverSource(path, image.files, image.read, image.size)


def _directory(path: str) -> DriverSource:
    def read(name: str) -> bytes:
        with open(os.path.join(path, name), "rb") as stream:
            return stream.read()

    # The RPM's by-os directory is made of links to the files, and a link to a directory is not gone into.
    names = [
        os.path.relpath(os.path.join(directory, name), path)
        for directory, _below, files in os.walk(path)
        for name in files
        if os.path.isfile(os.path.join(directory, name))
    ]
    return DriverSource(path, names, read, lambda name: os.path.getsize(os.path.join(path, name)))


def _archive(path: str) -> DriverSource:
    def read(name: str) -> bytes:
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(name)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise InvalidRequest(f"{path}: {name}", str(error), "make the archive again, without a password") from None

    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
    except zipfile.BadZipFile as error:
        raise InvalidRequest(path, f"a damaged zip archive: {error}", "fetch it again") from None
    return DriverSource(path, sizes, read, lambda name: sizes[name])


__all__ = ["DriverSource", "open_source"]
