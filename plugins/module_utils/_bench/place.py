# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Where the engine may write: a new file of its own that has no name any more, or a device that was named twice.

The file loses its name before its first byte is written. Whatever ends us, the kernel frees it with our last
descriptor, so a killed controller leaves nothing behind.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import typing as t

from .._common.errors import FleetError, InvalidRequest, Refused

CHUNK = 1 << 20
STAMP = 4096


class Place(t.NamedTuple):
    """directory or device, one of them empty. keep_free: bytes that the file system must still have afterwards."""

    directory: str
    device: str
    size: int
    keep_free: int
    raw_device_i_accept_data_loss: str = ""


def check(place: Place) -> None:
    """Raise Refused or InvalidRequest where writing there could lose something. Touches nothing."""
    if bool(place.directory) == bool(place.device):
        raise InvalidRequest("directory and device", "exactly one of them is wanted", "name a directory")
    if place.device:
        os.close(_open_device(place))
        return
    descriptor = _open_directory(place.directory)
    try:
        _check_space(place, descriptor)
    finally:
        os.close(descriptor)


def acquire(place: Place) -> int:
    """A descriptor of the place, open for reading and writing; its file has no name. Raises FleetError."""
    if place.device:
        return _open_device(place)
    directory = _open_directory(place.directory)
    try:
        _check_space(place, directory)
        name = f".homevirt.fleet-benchmark-{secrets.token_hex(8)}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, 0o600, dir_fd=directory)
        except OSError as error:
            raise Refused(
                place.directory, f"no file can be made there: {error.strerror}", "choose a directory for it"
            ) from error
        os.unlink(name, dir_fd=directory)
        return descriptor
    finally:
        os.close(directory)


def fill(descriptor: int, place: Place) -> t.Iterator[int]:
    """Write the whole file, yielding after each piece the bytes written so far: blocks never written are not read from
    a disk at all. The bytes are random, and no two blocks are equal, so that nothing compresses or shares them."""
    if place.device:
        return
    block = bytearray(os.urandom(CHUNK))
    done = 0
    while done < place.size:
        for offset in range(0, CHUNK, STAMP):
            block[offset : offset + 8] = (done + offset).to_bytes(8, "little")
        try:
            done += os.pwrite(descriptor, memoryview(block)[: place.size - done], done)
        except OSError as error:
            raise _unwritten(place, error) from error
        yield done
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise _unwritten(place, error) from error
    # What was just written would otherwise be read from memory where direct input and output is off.
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _unwritten(place: Place, error: OSError) -> FleetError:
    hint = "free some space, or choose a smaller size" if error.errno == errno.ENOSPC else "look at the kernel's log"
    return FleetError(place.directory, f"the benchmark's file could not be written: {error.strerror}", hint)


def _open_directory(path: str) -> int:
    hint = "name an existing directory of the disk that is to be measured, by its real path"
    if not os.path.isabs(path):
        raise InvalidRequest(path, "is no absolute path", hint)
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if os.path.islink(path):
            raise Refused(path, f"is a symbolic link to {os.path.realpath(path)}", hint) from error
        kind = "is no directory" if error.errno == errno.ENOTDIR else f"cannot be opened: {error.strerror}"
        raise Refused(path, kind, hint) from error


def _check_space(place: Place, directory: int) -> None:
    space = os.fstatvfs(directory)
    free = space.f_bavail * space.f_frsize
    if free - place.size < place.keep_free:
        raise Refused(
            place.directory,
            f"has {free} bytes free, and after a file of {place.size} fewer than {place.keep_free} would be left",
            "choose a smaller size, or lower keep_free",
        )


def _open_device(place: Place) -> int:
    if place.raw_device_i_accept_data_loss != place.device:
        raise Refused(
            place.device,
            "a benchmark destroys what is on a device",
            "measure in a directory; or set raw_device_i_accept_data_loss to the very same path",
        )
    try:
        if not stat.S_ISBLK(os.stat(place.device).st_mode):
            raise Refused(place.device, "is no block device", "measure a file system through directory")
        # Without O_CREAT, O_EXCL makes the kernel refuse a block device that is mounted or otherwise claimed.
        descriptor = os.open(place.device, os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as error:
        hint = "unmount and detach it from whatever uses it" if error.errno == errno.EBUSY else "look at the path"
        raise Refused(place.device, f"cannot be opened for itself alone: {error.strerror}", hint) from error
    if os.lseek(descriptor, 0, os.SEEK_END) < place.size:
        os.close(descriptor)
        raise InvalidRequest(place.device, f"is smaller than {place.size} bytes", "choose a smaller size")
    return descriptor


__all__ = ["Place", "acquire", "check", "fill"]
