# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for dmsetup(8), and what sysfs shows of the devices that we made with it or with cryptsetup.

They are named after the attachment they belong to, ``homevirt.fleet:TAG:KIND:…``, so no volume of the host or of
another guest can have the same name, and after any crash they are known as ours without having been written down.
"""

from __future__ import annotations

import os
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import last_words

PROGRAM = "dmsetup"
PREFIX = "homevirt.fleet"
LV, LUKS = "lv", "luks"
# DM_NAME_LEN of the kernel, less the zero at its end.
LONGEST_NAME = 127


class Node(t.NamedTuple):
    """One of our devices. node: the kernel's name, such as ``dm-3``; kind: LV or LUKS.

    inside: what it is made of: (group, volume), or (partition's number,) for LUKS on a partition.
    """

    node: str
    name: str
    tag: str
    kind: str
    inside: tuple[str, ...]

    @property
    def volume(self) -> str:
        """``group/volume``; "" for LUKS on a partition."""
        return "/".join(self.inside) if len(self.inside) > 1 else ""


def name_of(tag: str, kind: str, *inside: str) -> str:
    """The name of a device of ours. Raises ToolFailed for one that the kernel would not take."""
    name = ":".join((PREFIX, tag, kind, *inside))
    if len(name) > LONGEST_NAME:
        raise ToolFailed("/".join(inside), "its name is too long for device-mapper", "rename it inside the guest")
    return name


def of_tag(host: Host, tag: str) -> list[Node]:
    """The devices of an attachment; costs no command."""
    names = (name for name in os.listdir(f"{host.sys}/block") if name.startswith("dm-"))
    found = (describe(host, name) for name in sorted(names))
    return [node for node in found if node is not None and node.tag == tag]


def describe(host: Host, name: str) -> t.Optional[Node]:
    """One of ours by the kernel's name; None where it is somebody else's."""
    try:
        with open(f"{host.sys}/block/{name}/dm/name", encoding="utf-8", errors="surrogateescape") as stream:
            said = stream.read().rstrip("\n")
    except OSError:
        return None
    words = said.split(":")
    if len(words) < 4 or words[0] != PREFIX or words[2] not in (LV, LUKS):
        return None
    return Node(name, said, words[1], words[2], tuple(words[3:]))


def above(host: Host, places: t.Iterable[str]) -> tuple[list[Node], list[str]]:
    """(devices of ours that are built on these, each before what is built on it; holders that are not ours).

    places: directories of a disk and its partitions in sysfs.
    """
    ours: list[Node] = []
    foreign: list[str] = []
    waiting = list(places)
    while waiting:
        for holder in _holders(waiting.pop(0)):
            node = describe(host, holder)
            if node is None:
                foreign.append(holder)
            elif node not in ours:
                ours.append(node)
                waiting.append(f"{host.sys}/block/{holder}")
    return ours, foreign


def _holders(place: str) -> list[str]:
    try:
        return sorted(os.listdir(f"{place}/holders"))
    except OSError:
        # On its way out.
        return []


def slaves(host: Host, node: str) -> list[str]:
    """The kernel names of what a device is built on."""
    try:
        return sorted(os.listdir(f"{host.sys}/block/{node}/slaves"))
    except OSError:
        return []


def create(host: Host, name: str, uuid: str, table: str, *, read_only: bool) -> None:
    """Make a device. Raises ToolFailed."""
    argv = [PROGRAM, "create", *(["--readonly"] if read_only else []), "--uuid", uuid, name]
    # By standard input, for a volume of many pieces has a long table.
    done = host.runner.run(argv, host.timeout, given=table)
    if done.rc != 0:
        raise ToolFailed(
            name,
            f"dmsetup failed: {last_words(done.err)}",
            "read the host's kernel log; it may lack device-mapper (modprobe dm-mod)",
        )


def remove(host: Host, node: Node) -> str:
    """Take a device away; return why it could not be, "" where it could."""
    done = host.runner.run([PROGRAM, "remove", "--retry", node.name], host.timeout)
    return "" if done.rc == 0 or describe(host, node.node) != node else last_words(done.err)


__all__ = [
    "LUKS",
    "LV",
    "PREFIX",
    "PROGRAM",
    "Node",
    "above",
    "create",
    "describe",
    "name_of",
    "of_tag",
    "remove",
    "slaves",
]
