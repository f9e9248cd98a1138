# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Processes as /proc shows them (proc(5)): who they are, and which files they hold open."""

from __future__ import annotations

import itertools
import os
import stat
import typing as t

from .._common import smallfile
from .._common.host import Host
from .image import FileId, file_id

# Field numbers of /proc/PID/stat after the command's closing bracket, counted from 0.
STATE, PARENT, START_TIME = 0, 1, 19
XEN_DOMID = "-xen-domid"


class Process(t.NamedTuple):
    """A process that cannot be mistaken for a later one with the same number. start: clock ticks since boot."""

    pid: int
    start: int


class OpenFile(t.NamedTuple):
    """A file held open by a process. name: the command's short name; writes: it may write."""

    id: FileId
    pid: int
    name: str
    writes: bool


def _stat(host: Host, pid: int) -> t.Optional[list[str]]:
    try:
        return smallfile.text(f"{host.proc}/{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return None


def _pids(host: Host) -> list[int]:
    return [int(name) for name in os.listdir(host.proc) if name.isdigit()]


def lookup(host: Host, pid: int) -> t.Optional[Process]:
    """The living process with this number; None where there is none (a zombie holds nothing any more)."""
    fields = _stat(host, pid)
    if fields is None or fields[STATE] in "ZX":
        return None
    return Process(pid, int(fields[START_TIME]))


def lives(host: Host, process: Process) -> bool:
    return lookup(host, process.pid) == process


def children(host: Host, pid: int) -> list[Process]:
    """Living processes whose parent is this one."""
    found = []
    for child in _children_of_task(host, pid) or _pids(host):
        fields = _stat(host, child)
        if fields is not None and int(fields[PARENT]) == pid and fields[STATE] not in "ZX":
            found.append(Process(child, int(fields[START_TIME])))
    return found


def _children_of_task(host: Host, pid: int) -> list[int]:
    """As the kernel lists them (CONFIG_PROC_CHILDREN); empty where it does not, or where there are none."""
    try:
        with open(f"{host.proc}/{pid}/task/{pid}/children", encoding="ascii") as stream:
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def name_of(host: Host, pid: int) -> str:
    try:
        return smallfile.read(f"{host.proc}/{pid}/comm").decode("utf-8", "replace").strip()
    except OSError:
        return "?"


def called(host: Host, part: str) -> t.Iterator[int]:
    """Numbers of the processes with this in their names."""
    return (pid for pid in _pids(host) if part in name_of(host, pid))


def below(host: Host, path: str) -> t.Iterator[int]:
    """Numbers of the processes that stand in a directory, run a program of it, or hold a file of it open."""
    for pid in _pids(host):
        places = (_target(f"{host.proc}/{pid}/{name}") for name in ("cwd", "root", "exe"))
        held = (found.path for found in files_of(host, pid))
        if any(place == path or place.startswith(f"{path}/") for place in itertools.chain(places, held)):
            yield pid


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except OSError:
        # A thread of the kernel has none, and processes end.
        return ""


class HeldFile(t.NamedTuple):
    """A file that a process holds open. links: names that it still has; number: of the descriptor."""

    id: FileId
    path: str
    links: int
    regular: bool
    number: str


def files_of(host: Host, pid: int) -> t.Iterator[HeldFile]:
    """Every file and device a process holds open; nothing where it has ended."""
    directory = f"{host.proc}/{pid}/fd"
    try:
        descriptors = os.listdir(directory)
    except OSError:
        return
    for number in descriptors:
        link = f"{directory}/{number}"
        try:
            path = os.readlink(link)
            # Only absolute names are files; asking a socket or pipe for its status would be work for nothing.
            if path.startswith("/"):
                status = os.stat(link)
                yield HeldFile(file_id(status), path, status.st_nlink, stat.S_ISREG(status.st_mode), number)
        except OSError:
            continue


def regular_files(host: Host, pid: int) -> list[HeldFile]:
    """The regular files and block devices among them."""
    return [found for found in files_of(host, pid) if found.regular or found.id.block]


def xen_servers(host: Host) -> dict[int, int]:
    """{process number: domain} of the QEMU processes that serve disks to Xen's domains, by their option -xen-domid."""
    found = {}
    for pid in _pids(host):
        words = _command_line(host, pid)
        if XEN_DOMID in words[:-1]:
            domid = words[words.index(XEN_DOMID) + 1]
            if domid.isdigit():
                found[pid] = int(domid)
    return found


def _command_line(host: Host, pid: int) -> list[str]:
    try:
        with open(f"{host.proc}/{pid}/cmdline", encoding="utf-8", errors="replace") as stream:
            return stream.read().split("\0")
    except OSError:
        return []


def open_files(host: Host, wanted: t.Container[FileId]) -> list[OpenFile]:
    """Every process other than this one that holds one of the wanted files open, in one pass over /proc."""
    found = []
    for pid in _pids(host):
        if pid == os.getpid():
            continue
        for held in files_of(host, pid):
            if held.id in wanted:
                found.append(OpenFile(held.id, pid, name_of(host, pid), _writes(host, pid, held.number)))
    return found


def _writes(host: Host, pid: int, descriptor: str) -> bool:
    try:
        with open(f"{host.proc}/{pid}/fdinfo/{descriptor}", encoding="ascii", errors="replace") as stream:
            for line in stream:
                key, _colon, value = line.partition(":")
                if key == "flags":
                    return int(value, 8) & os.O_ACCMODE != os.O_RDONLY
    except OSError:
        pass
    # Unknown counts as the dangerous case.
    return True


__all__ = [
    "HeldFile",
    "OpenFile",
    "Process",
    "below",
    "called",
    "children",
    "files_of",
    "lives",
    "lookup",
    "name_of",
    "open_files",
    "regular_files",
    "xen_servers",
]
