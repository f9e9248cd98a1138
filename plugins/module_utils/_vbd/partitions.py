# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The partitions of an attached disk: kernel nodes from sysfs, their content from blkid(8)."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
import typing as t

from .._common import smallfile
from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import Result, last_words
from . import devmapper

BLKID, PARTX = "blkid", "partx"
BLKID_NOTHING, BLKID_AMBIVALENT = 2, 8
AMBIVALENT = "ambivalent"
SECTOR = 512
# Devices that blkid reads within one timeout, and those for which another process of it is worth its start.
BATCH, SHARE = 10, 4
# sysfs says ENODEV to who had opened a file before it went.
GONE = (errno.ENOENT, errno.ENODEV)
ESCAPED = re.compile(r"\\(.)")


class Partition(t.NamedTuple):
    """number: 0 is the whole disk (a file system without a partition table). size: bytes.

    fstype, label, uuid: of the content, "" where there is none; label is safe to print, control characters are shown in
    blkid's caret form. partuuid, partlabel: of the table's entry. volume: ``group/volume`` of an LVM volume that is
    open, "" for others; number is then that of its partition, as it is for what an open LUKS partition holds.
    """

    number: int
    device: str
    size: int
    fstype: str = ""
    label: str = ""
    uuid: str = ""
    partuuid: str = ""
    partlabel: str = ""
    volume: str = ""

    def public(self) -> dict[str, t.Any]:
        """As modules return it."""
        return dict(self._asdict())


def node_of(host: Host, name: str) -> str:
    return f"{host.dev}/{name}"


def exists(host: Host, device: str) -> bool:
    """Whether the kernel knows such a disk ("" is none)."""
    return bool(device) and os.path.isdir(f"{host.sys}/block/{os.path.basename(device)}")


def nodes(host: Host, device: str) -> dict[int, str]:
    """{partition number: kernel name} of a disk, as the kernel knows them now."""
    found = {}
    for place in places(host, device)[1:]:
        with _if_there():
            found[int(_read(host, f"{place}/partition"))] = os.path.basename(place)
    return found


def numbers(host: Host, device: str) -> dict[tuple[int, int], str]:
    """{(major, minor): kernel name} of a disk, its partitions, and our own devices that are built on them."""
    found = {}
    for entry in [*places(host, device), *(node.node for node in volumes(host, device))]:
        with _if_there():
            major, minor = _read(host, f"{entry}/dev").split(":")
            found[int(major), int(minor)] = os.path.basename(entry)
    return found


def size_of(host: Host, device: str) -> int:
    """Bytes of a disk; 0 where nothing is attached."""
    try:
        return int(_read(host, f"{os.path.basename(device)}/size")) * SECTOR
    except OSError:
        # Not there, or on its way out (ENODEV).
        return 0


def holders(host: Host, device: str) -> list[str]:
    """What others have built on a disk or its partitions: /dev/dm-N and the like, and mounted btrfs of several devices.

    Our own devices are no holders, but what others have built on those is.
    """
    found = places(host, device)
    names = {os.path.basename(place) for place in found}
    _ours, foreign = devmapper.above(host, [f"{host.sys}/block/{place}" for place in found])
    return sorted({node_of(host, holder) for holder in foreign} | _btrfs_of_several(host, names))


def volumes(host: Host, device: str) -> list[devmapper.Node]:
    """Our own devices that are built on a disk, each before what is built on it; costs no command."""
    return built_on(host, places(host, device))


def built_on(host: Host, found: t.Iterable[str]) -> list[devmapper.Node]:
    """As volumes(), of these places."""
    return devmapper.above(host, [f"{host.sys}/block/{place}" for place in found])[0]


def places(host: Host, device: str) -> list[str]:
    """A disk and its partitions below /sys/block."""
    disk = os.path.basename(device)
    entries = sorted(os.listdir(f"{host.sys}/block/{disk}"))
    return [disk, *(f"{disk}/{entry}" for entry in entries if entry.startswith(disk))]


def _btrfs_of_several(host: Host, names: set[str]) -> set[str]:
    """Only one of its devices shows as the source of a mount, so the others are asked for here."""
    place = f"{host.sys}/fs/btrfs"
    found = set()
    for uuid in os.listdir(place) if os.path.isdir(place) else ():
        devices = set(os.listdir(f"{place}/{uuid}/devices")) if os.path.isdir(f"{place}/{uuid}/devices") else set()
        if len(devices) > 1 and devices & names:
            found.add(f"the mounted btrfs {uuid}")
    return found


def announce(host: Host, device: str) -> None:
    """Make the partitions of a fresh disk known to the kernel where it did not read the table itself."""
    # The kernel may still be at it; it lets nobody open the disk until it is done.
    os.close(os.open(device, os.O_RDONLY | os.O_CLOEXEC))
    if not nodes(host, device):
        # Asked first whether there is a table at all, blkid would read the whole disk's ends, which costs far more.
        added = host.runner.run([PARTX, "--add", device], host.timeout)
        if added.rc != 0 and "PTTYPE" in probe(host, [device]).get(device, {}):
            raise ToolFailed(device, f"partx failed: {last_words(added.err)}", "look at its table with sfdisk --dump")
    wanted = [node_of(host, name) for name in nodes(host, device).values()]
    host.await_true(
        lambda: all(os.path.exists(node) for node in wanted),
        device,
        "its partitions got no nodes in /dev",
        "in a container, give it the host's /dev",
    )


def read(host: Host, devices: t.Sequence[str]) -> dict[str, list[Partition]]:
    """{disk: its partitions by number}, all disks in one command. Raises ToolFailed."""
    known = {device: nodes(host, device) for device in devices}
    opened = {device: volumes(host, device) for device in devices}
    asked = [node for device in devices for node in (device, *(node_of(host, name) for name in known[device].values()))]
    asked += [node_of(host, node.node) for found in opened.values() for node in found]
    contents = probe(host, list(dict.fromkeys(asked))) if asked else {}
    return {
        device: _of_disk(host, device, known[device], contents) + _opened(host, opened[device], known[device], contents)
        for device in devices
    }


def _opened(
    host: Host,
    there: t.Sequence[devmapper.Node],
    names: dict[int, str],
    contents: dict[str, dict[str, str]],
) -> list[Partition]:
    found = []
    for node in there:
        device = node_of(host, node.node)
        size = size_of(host, device)
        whole = _partition(_number_below(host, node.node, names), device, size, contents.get(device, {}))
        found.append(whole._replace(volume=node.volume, partuuid="", partlabel=""))
    return found


def _number_below(host: Host, node: str, names: dict[int, str]) -> int:
    """The number of the first of a disk's partitions that a device of ours lies on; 0 for one on a whole disk."""
    numbers_of = {name: number for number, name in names.items()}
    waiting, found = [node], []
    while waiting:
        below = devmapper.slaves(host, waiting.pop())
        waiting += [name for name in below if name.startswith("dm-")]
        found += [numbers_of[name] for name in below if name in numbers_of]
    return min(found, default=0)


def _of_disk(host: Host, device: str, names: dict[int, str], contents: dict[str, dict[str, str]]) -> list[Partition]:
    disk = os.path.basename(device)
    if not names:
        whole = contents.get(device, {})
        return [_partition(0, device, size_of(host, device), whole)] if whole.get("TYPE") else []
    found = []
    for number, name in sorted(names.items()):
        size = int(_read(host, f"{disk}/{name}/size")) * SECTOR
        found.append(_partition(number, node_of(host, name), size, contents.get(node_of(host, name), {})))
    return found


def _partition(number: int, device: str, size: int, content: dict[str, str]) -> Partition:
    return Partition(
        number,
        device,
        size,
        content.get("TYPE", ""),
        content.get("LABEL", ""),
        content.get("UUID", ""),
        content.get("PART_ENTRY_UUID", ""),
        content.get("PART_ENTRY_NAME", ""),
    )


def probe(host: Host, devices: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """{device: blkid's tags}, past any cache. A device with nothing on it has no entry. Raises ToolFailed.

    One with the signatures of several file systems has the TYPE ``ambivalent``: which of them is true is not guessed.
    """
    found = _tags("\n".join(result.out for result in _blkid_all(host, devices)))
    for device in devices:
        if device not in found:
            # Of many devices blkid reports the last one's status only; one it says nothing of may be ambivalent.
            alone = _blkid(host, [device])
            found.update({device: {"TYPE": AMBIVALENT}} if _is_ambivalent(device, alone) else _tags(alone.out))
    return found


def _blkid_all(host: Host, devices: t.Sequence[str]) -> list[Result]:
    """As many processes as may be: each waits most of the time for what serves its disks."""
    count = max(1, min(host.workers, len(devices) // SHARE))
    size = math.ceil(len(devices) / count)
    argvs = [_command(devices[start : start + size]) for start in range(0, len(devices), size)]
    return host.runner.run_all(argvs, _time_for(host, size)) if count > 1 else [_blkid(host, devices)]


def _blkid(host: Host, devices: t.Sequence[str]) -> Result:
    return host.runner.run(_command(devices), _time_for(host, len(devices)))


def _command(devices: t.Sequence[str]) -> list[str]:
    return [BLKID, "-p", "-o", "export", *devices]


def _time_for(host: Host, count: int) -> float:
    # One command, but for many devices: on a slow host that takes longer than any single one may.
    return host.timeout * math.ceil(count / BATCH)


def _is_ambivalent(device: str, result: Result) -> bool:
    if result.rc not in (0, BLKID_NOTHING, BLKID_AMBIVALENT):
        raise ToolFailed(device, f"blkid failed with status {result.rc}", "read it with dd to see whether it answers")
    return result.rc == BLKID_AMBIVALENT


def _tags(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for block in text.split("\n\n"):
        pairs = (line.partition("=") for line in block.split("\n") if "=" in line)
        tags = {key: ESCAPED.sub(r"\1", value) for key, _equals, value in pairs}
        if "DEVNAME" in tags:
            found[tags.pop("DEVNAME")] = tags
    return found


@contextlib.contextmanager
def _if_there() -> t.Iterator[None]:
    """The kernel takes the partitions of a dying disk away one by one while they are read; what went is not there."""
    try:
        yield
    except OSError as error:
        if error.errno not in GONE:
            raise


def _read(host: Host, name: str) -> str:
    return smallfile.text(f"{host.sys}/block/{name}").strip()


__all__ = [
    "AMBIVALENT",
    "BLKID",
    "PARTX",
    "Partition",
    "announce",
    "built_on",
    "exists",
    "holders",
    "node_of",
    "nodes",
    "numbers",
    "places",
    "probe",
    "read",
    "size_of",
    "volumes",
]
