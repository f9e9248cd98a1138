# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""CPU seconds and disk traffic of a guest as its hypervisor counts them."""

from __future__ import annotations

import os
import re
import typing as t

from .._common.errors import InvalidRequest, ToolFailed
from .._common.host import Host
from .._common.runner import checked


class Spent(t.NamedTuple):
    """cpu_seconds since the guest began. read_bytes, written_bytes: what went to a disk; None where it is not told."""

    cpu_seconds: float
    read_bytes: t.Optional[int] = None
    written_bytes: t.Optional[int] = None


def spent(host: Host, kind: str, guest: str) -> Spent:
    """kind: qemu or xen. guest: a process id or a pid file's path (qemu), a domain's name (xen). Raises FleetError."""
    return {"qemu": _qemu, "xen": _xen}[kind](host, guest)


def _qemu(host: Host, guest: str) -> Spent:
    try:
        pid = guest if guest.isdigit() else _read(guest).strip()
        # The name in brackets may hold anything, also spaces and brackets.
        fields = _read(f"{host.proc}/{int(pid)}/stat").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
    except (OSError, ValueError, IndexError) as error:
        raise InvalidRequest(
            f"guest '{guest}'", f"names no running QEMU process: {error}", "give its process id or pid file"
        ) from error
    traffic = _traffic(f"{host.proc}/{int(pid)}/io")
    return Spent(ticks / os.sysconf("SC_CLK_TCK"), traffic.get("read_bytes"), traffic.get("write_bytes"))


def _traffic(path: str) -> dict[str, int]:
    try:
        lines = _read(path).splitlines()
    except PermissionError:
        return {}
    return {name: int(value) for name, _colon, value in (line.partition(": ") for line in lines)}


def _xen(host: Host, guest: str) -> Spent:
    out = checked(host.runner, ["xl", "list"], host.timeout, "xl list", "run it by hand as root on the hypervisor").out
    seconds = {}
    for line in out.splitlines()[1:]:
        match = re.fullmatch(r"(\S.*?)\s+\d+\s+\d+\s+\d+\s+\S+\s+([\d.]+)\s*", line)
        if match:
            seconds[match[1]] = float(match[2])
    absent = [name for name in (guest, "Domain-0") if name not in seconds]
    if absent:
        raise ToolFailed(f"domain '{absent[0]}'", "xl list does not name it", "look at xl list on the hypervisor")
    # A guest's disk and network work is done by Dom0, so it is part of the price.
    return Spent(seconds[guest] + seconds["Domain-0"])


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


__all__ = ["Spent", "spent"]
