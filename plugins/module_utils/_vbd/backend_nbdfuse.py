# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The embedded default: no kernel module, no daemon of its own. qemu-nbd reads the image, nbdfuse shows it as a plain
file, a loop device makes a disk of it.

Not QEMU's own FUSE export: with several requests at once it mixes up their buffers and corrupts what is written
(QEMU 7.2, patch 20250325160635.118812-1). Direct I/O on the loop keeps the host from caching every block twice.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.errors import FleetError
from .._common.host import Host
from .._common.runner import checked
from . import ledger, losetup, mountinfo, processes, qemu_nbd, server
from .backend import Backend
from .diskspec import DiskRequest
from .ledger import Record
from .losetup import Loop
from .seen import Seen
from .server import Running

NBDFUSE = "nbdfuse"


class NbdfuseBackend(Backend):
    name = "nbdfuse"
    # fusermount3 is not run by us but by libfuse.
    programs = (NBDFUSE, qemu_nbd.PROGRAM, losetup.PROGRAM, "fusermount3")

    def usable(self, host: Host) -> str:
        return "" if os.path.exists(f"{host.dev}/fuse") else "this host has no /dev/fuse"

    def serves(self, wanted: DiskRequest) -> str:
        return ""

    def begins_ahead(self, record: Record) -> bool:
        return True

    def begin(self, host: Host, record: Record, wanted: DiskRequest) -> Running:
        os.makedirs(_fuse(host, record), mode=0o700, exist_ok=True)
        argv = [NBDFUSE, "--pidfile", _pid_file(host, record), *_read_only(record), _file(host, record)]
        argv += ["--socket-activation", *qemu_nbd.serve(host, record)]
        return server.start(host, record, argv, qemu_nbd.environment(record), _stop_script(host, record))

    def abandon(self, host: Host, record: Record, begun: Running) -> None:
        with contextlib.suppress(FleetError):
            _await_ready(host, record, begun)

    def attach(self, host: Host, record: Record, wanted: DiskRequest, begun: t.Optional[Running] = None) -> Record:
        _await_ready(host, record, begun or self.begin(host, record, wanted))
        record = record._replace(servers=server.family(host, _number_in(_pid_file(host, record))))
        ledger.write(host, record)
        server.must_have_opened(host, record)
        device = losetup.attach(host, _file(host, record), read_only=record.access == "r", direct_io=True)
        return record._replace(device=device)

    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        if not record.device:
            return "a run was cut off while attaching it"
        for process in record.servers:
            if not processes.lives(host, process):
                return f"its server (pid {process.pid}) is gone"
        return "" if self.holds(host, record, seen) else f"its loop device {record.device} is gone"

    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        return any(loop.device == record.device and _ours(host, record, loop) for loop in seen.loops)

    def release(self, host: Host, record: Record) -> None:
        for device in _devices(host, record):
            losetup.detach(host, device)
        place = _fuse(host, record)
        while mountinfo.at(mountinfo.read(host), place) is not None:
            checked(host.runner, ["umount", place], host.timeout, place, "find what holds it with fuser -m")
        if not record.servers:
            server.stop_unit(host, record)
            record = record._replace(servers=server.left_running(host, record))
        server.end(host, record)


def _await_ready(host: Host, record: Record, running: Running) -> None:
    server.await_ready(host, record, NBDFUSE, lambda: _number_in(_pid_file(host, record)) > 0, running)


def _stop_script(host: Host, record: Record) -> str:
    """What systemd runs at shutdown: let the disk go as soon as nothing is mounted from it, and so end the server.

    A signal would not do: nbdfuse may hang on it while the loop device is there, and the host with it.
    """
    place, file = _fuse(host, record), _file(host, record)
    return (
        "# Without a main process the disk was detached, or the server died, and the next run takes care.\n"
        '[ -n "$MAINPID" ] || exit 0\n'
        f"for device in $(losetup --noheadings --output NAME --associated {file}); do losetup --detach $device; done\n"
        # systemd unmounts it too, so it may be gone before our turn.
        f"while mountpoint -q {place}; do umount {place} 2> /dev/null || sleep 0.1; done\n"
    )


def _fuse(host: Host, record: Record) -> str:
    return f"{ledger.directory(host, record)}/fuse"


def _pid_file(host: Host, record: Record) -> str:
    return f"{ledger.directory(host, record)}/nbdfuse.pid"


def _file(host: Host, record: Record) -> str:
    # Named by the tag, for once its mount is gone the kernel shows no more of the path than this name.
    return f"{_fuse(host, record)}/{record.tag}"


def _read_only(record: Record) -> list[str]:
    return ["--readonly"] if record.access == "r" else []


def _ours(host: Host, record: Record, loop: Loop) -> bool:
    """By the name of the file behind it: the kernel keeps that when the server is dead, and no other file has it."""
    return loop.path in _names(host, record)


def _names(host: Host, record: Record) -> tuple[str, str]:
    """What the kernel calls our file: its path, and what is left of that once libfuse, ending, has unmounted it."""
    return _file(host, record), f"/{record.tag}"


def _devices(host: Host, record: Record) -> list[str]:
    """Its loop device; all devices are looked at only where a run was killed before it could write that down."""
    if not record.device:
        return losetup.devices_of(host, _names(host, record))
    return [record.device] if losetup.backing_file(host, record.device) in _names(host, record) else []


def _number_in(path: str) -> int:
    try:
        with open(path, encoding="ascii") as stream:
            return int(stream.read().strip() or 0)
    except FileNotFoundError:
        return 0


__all__ = ["NbdfuseBackend"]
