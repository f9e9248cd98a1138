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
# Changing between programs is what a question costs, so many go together. Questions and answers must fit into the
# buffers of both ends (212992 bytes, socket(7)), or each could wait for the other.
AT_ONCE = 32
HINT = "see whether xenstored runs on this Domain-0"


class Store:
    """A connection. What is not there, or went meanwhile, is None.

    at_once: how many messages may be on their way before the first is answered.
    """

    def __init__(self, host: Host, stream: int, at_once: int) -> None:
        self._timeout = host.timeout
        self._stream = stream
        self._at_once = at_once
        self._unread = b""

    def children(self, path: str) -> list[str]:
        """Names of what is below a path; none also where there is no such path. Raises ToolFailed."""
        names = self._ask(DIRECTORY, [path])[0]
        return names.rstrip("\0").split("\0") if names else []

    def values(self, paths: t.Sequence[str]) -> list[t.Optional[str]]:
        """The value of each path. Raises ToolFailed."""
        return self._ask(READ, paths)

    def _ask(self, kind: int, paths: t.Sequence[str]) -> list[t.Optional[str]]:
        found: list[t.Optional[str]] = []
        try:
            for first in range(0, len(paths), self._at_once):
                found += self._exchange(kind, paths[first : first + self._at_once])
        except OSError as error:
            raise ToolFailed("xenstore", f"it hung up ({error})", HINT) from error
        return found

    def _exchange(self, kind: int, paths: t.Sequence[str]) -> list[t.Optional[str]]:
        names = [os.fsencode(path) + b"\0" for path in paths]
        os.write(self._stream, b"".join(HEADER.pack(kind, 0, 0, len(name)) + name for name in names))
        return [self._answer(path) for path in paths]

    def _answer(self, path: str) -> t.Optional[str]:
        kind, _request, _transaction, length = HEADER.unpack(self._read(HEADER.size))
        answer = os.fsdecode(self._read(min(length, LONGEST)))
        if kind != ERROR:
            return answer
        word = answer.rstrip("\0")
        if word != "ENOENT":
            raise ToolFailed("xenstore", f"it answers {printable(word)} to {printable(path)}", HINT)
        return None

    def _read(self, length: int) -> bytes:
        while len(self._unread) < length:
            if not select.select([self._stream], [], [], self._timeout)[0]:
                raise ToolFailed("xenstore", f"it does not answer within {self._timeout:g} seconds", HINT)
            more = os.read(self._stream, AT_ONCE * LONGEST)
            if not more:
                raise ConnectionResetError("end of file")
            self._unread += more
        found, self._unread = self._unread[:length], self._unread[length:]
        return found


@contextlib.contextmanager
def connected(host: Host) -> t.Iterator[Store]:
    """To the daemon or, where that is in a domain of its own, through the kernel's device. Raises ToolFailed."""
    with contextlib.ExitStack() as stack:
        try:
            stream, at_once = _open(host, stack)
        except OSError as error:
            raise ToolFailed("xenstore", f"it cannot be reached ({error})", HINT) from error
        yield Store(host, stream, at_once)


def _open(host: Host, stack: contextlib.ExitStack) -> tuple[int, int]:
    """(open file, messages that it takes at once)."""
    try:
        daemon = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        daemon.connect(f"{host.run}/xenstored/socket")
        return daemon.fileno(), AT_ONCE
    except (FileNotFoundError, ConnectionRefusedError):
        stream = os.open(f"{host.dev}/xen/xenbus", os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, stream)
        # The kernel's device keeps no second message apart from the first.
        return stream, 1


__all__ = ["Store", "connected"]
