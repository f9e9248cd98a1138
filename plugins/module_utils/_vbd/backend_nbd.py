# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The shortest way where the kernel has network block devices: qemu-nbd serves the image on a /dev/nbdX."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import FleetError, InUse, Refused
from .._common.host import Host
from .._common.runner import checked
from . import ledger, partitions, processes, qemu_nbd, server, udev
from .backend import Backend
from .diskspec import DiskRequest
from .ledger import Record
from .seen import Seen
from .server import Running

MODPROBE = "modprobe"
# Older kernels make no partition nodes unless told how many there may be.
MODULE = ("nbd", "max_part=16")


class NbdBackend(Backend):
    name = "nbd"
    programs = (qemu_nbd.PROGRAM, MODPROBE)

    def usable(self, host: Host) -> str:
        if os.path.isdir(f"{host.sys}/block/nbd0"):
            return ""
        if not host.runner.find(MODPROBE):
            return "this host's kernel has no nbd module"
        found = host.runner.run([MODPROBE, "--show-depends", "--quiet", "nbd"], host.timeout)
        if found.rc != 0:
            return "this host's kernel has no nbd module"
        # A line "install /bin/false" is how administrators forbid a module (modprobe.d(5)).
        loads = any(line.startswith("insmod ") for line in found.out.splitlines())
        return "" if loads else "this host's modprobe.d forbids the nbd module"

    def serves(self, wanted: DiskRequest) -> str:
        return ""

    # Nothing is begun ahead: which device is free is known only when the disk before has its own.
    def attach(self, host: Host, record: Record, wanted: DiskRequest, begun: t.Optional[Running] = None) -> Record:
        if not os.path.isdir(f"{host.sys}/block/nbd0"):
            checked(
                host.runner, [MODPROBE, *MODULE], host.timeout, "nbd", "load the module by hand and read the kernel log"
            )
        record = record._replace(device=_free_device(host, record))
        # Written down first: should we be killed, the next run must know which device to look at.
        ledger.write(host, record)
        argv = qemu_nbd.connect(host, record, record.device)
        udev.hush(host, record.device)
        running = server.start(host, record, argv, qemu_nbd.environment(record))
        self._await(host, record, running)
        found = server.family(host, _server_of(host, record.device))
        record = record._replace(servers=tuple(one for one in found if server.is_ours(host, record, one.pid)))
        ledger.write(host, record)
        server.must_have_opened(host, record)
        return record

    def _await(self, host: Host, record: Record, running: Running) -> None:
        def ready() -> bool:
            return partitions.size_of(host, record.device) > 0 and _is_served_by(host, record)

        try:
            server.await_ready(host, record, qemu_nbd.PROGRAM, ready, running)
        except FleetError as error:
            other = _server_of(host, record.device)
            if other and not _is_served_by(host, record):
                who = f"{processes.name_of(host, other)} (pid {other})"
                raise InUse(record.image, f"{who} took {record.device} meanwhile", "run again") from error
            raise

    def trouble(self, host: Host, record: Record, seen: Seen) -> str:
        if not record.servers:
            return "a run was cut off while attaching it"
        for process in record.servers:
            if not processes.lives(host, process):
                return f"its server (pid {process.pid}) is gone"
        if _server_of(host, record.device) not in [process.pid for process in record.servers]:
            return f"{record.device} is served by somebody else"
        return ""

    def holds(self, host: Host, record: Record, seen: Seen) -> bool:
        pid = _server_of(host, record.device) if record.device else 0
        # While something is mounted the kernel keeps the connection, and its number, of a server that is dead.
        return pid != 0 and (pid in [process.pid for process in record.servers] or processes.lookup(host, pid) is None)

    def release(self, host: Host, record: Record) -> None:
        servers = record.servers or server.left_running(host, record)
        if record.device and _is_served_by(host, record):
            qemu_nbd.disconnect(host, record.device)
            host.await_true(
                lambda: not _server_of(host, record.device) and partitions.size_of(host, record.device) == 0,
                record.device,
                "it was not disconnected",
                "see what holds it with lsblk and fuser, or raise timeout",
            )
        udev.forget(host, record.device)
        if not record.servers:
            server.stop_unit(host, record)
        server.end(host, record._replace(servers=servers))


def _server_of(host: Host, device: str) -> int:
    """The process that serves a /dev/nbdX; 0 for none."""
    try:
        with open(f"{host.sys}/block/{os.path.basename(device)}/pid", encoding="ascii") as stream:
            task = int(stream.read())
    except (OSError, ValueError):
        # No server, or the device is just changing hands (ENODEV).
        return 0
    # The kernel names the thread that made the connection, which need not be the process's first one.
    return _process_of(host, task)


def _process_of(host: Host, task: int) -> int:
    try:
        with open(f"{host.proc}/{task}/status", encoding="utf-8", errors="replace") as stream:
            for line in stream:
                key, _colon, value = line.partition(":")
                if key == "Tgid":
                    return int(value)
    except OSError:
        pass
    return task


def _is_served_by(host: Host, record: Record) -> bool:
    """Whether the device is connected to a server of ours, alive or dead; never to somebody else's."""
    pid = _server_of(host, record.device)
    if pid == 0:
        return False
    known = [process for process in record.servers if process.pid == pid]
    if record.servers and processes.lookup(host, pid) is None:
        return bool(known)
    ours = processes.lookup(host, pid) in known if record.servers else server.is_ours(host, record, pid)
    # It serves this image too: what an earlier version wrote down may be somebody else's.
    return ours and record.id in {held.id for held in processes.files_of(host, pid)}


def _free_device(host: Host, record: Record) -> str:
    found = sorted(
        (name for name in os.listdir(f"{host.sys}/block") if name.startswith("nbd")), key=lambda n: int(n[3:])
    )
    for name in found:
        device = f"{host.dev}/{name}"
        idle = not os.path.exists(f"{host.sys}/block/{name}/pid") and partitions.size_of(host, device) == 0
        if idle and not partitions.holders(host, device):
            return device
    raise Refused(
        record.image, f"all {len(found)} nbd devices are taken", "detach some disks, or load nbd with a larger nbds_max"
    )


__all__ = ["NbdBackend"]
