# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Reads chosen keys of xenstore by its own protocol.

xenstore-ls asks for every key there is, one at a time, some sixty times a disk; three or four are wanted here. Nothing
that does this is on every Domain-0: Xen's Python binding is built for one Python alone, and pyxs is not packaged.

Protocol: Xen, docs/misc/xenstore.txt and xen/include/public/io/xs_wire.h.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import printable

# struct xsd_sockmsg: type, request, transaction, length of what follows; in the byte order of the machine.
HEADER = struct.Struct("=IIII")
DIRECTORY, READ, ERROR = 1, 2, 16
# XENSTORE_PAYLOAD_MAX: longer than this no answer is.
LONGEST = 4096
HINT = "see whether xenstored runs on this Domain-0"


class Store:
    """A connection. What is not there, or went meanwhile, is None."""

    def __init__(self, host: Host, stream: int) -> None:
        self._timeout = host.timeout
        self._stream = stream

    def children(self, path: str) -> list[str]:
        """Names of what is below a path; none also where there is no such path. Raises ToolFailed."""
        names = self._ask(DIRECTORY, path)
        return names.rstrip("\0").split("\0") if names else []

    def value(self, path: str) -> t.Optional[str]:
        """Raises ToolFailed."""
        return self._ask(READ, path)

    def _ask(self, kind: int, path: str) -> t.Optional[str]:
        try:
            kind, answer = self._exchange(kind, path)
        except OSError as error:
            raise ToolFailed("xenstore", f"it hung up ({error})", HINT) from error
        if kind != ERROR:
            return answer
        word = answer.rstrip("\0")
        if word != "ENOENT":
            raise ToolFailed("xenstore", f"it answers {printable(word)} to {printable(path)}", HINT)
        return None

    def _exchange(self, kind: int, path: str) -> tuple[int, str]:
        payload = os.fsencode(path) + b"\0"
        # One write for one message, and the next after the answer: the kernel's device keeps no second one apart.
        os.write(self._stream, HEADER.pack(kind, 0, 0, len(payload)) + payload)
        kind, _request, _transaction, length = HEADER.unpack(self._read(HEADER.size))
        return kind, os.fsdecode(self._read(min(length, LONGEST)))

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            if not select.select([self._stream], [], [], self._timeout)[0]:
                raise ToolFailed("xenstore", f"it does not answer within {self._timeout:g} seconds", HINT)
            more = os.read(self._stream, length - len(found))
            if not more:
                raise ConnectionResetError("end of file")
            found += more
        return found


@contextlib.contextmanager
def connected(host: Host) -> t.Iterator[Store]:
    """To the daemon or, where that is in a domain of its own, through the kernel's device. Raises ToolFailed."""
    with contextlib.ExitStack() as stack:
        try:
            stream = _open(host, stack)
        except OSError as error:
            raise ToolFailed("xenstore", f"it cannot be reached ({error})", HINT) from error
        yield Store(host, stream)


def _open(host: Host, stack: contextlib.ExitStack) -> int:
    try:
        daemon = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        daemon.connect(f"{host.run}/xenstored/socket")
        return daemon.fileno()
    except (FileNotFoundError, ConnectionRefusedError):
        stream = os.open(f"{host.dev}/xen/xenbus", os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, stream)
        return stream


__all__ = ["Store", "connected"]
