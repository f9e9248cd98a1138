# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for xenstore, where a Xen host keeps every virtual disk of every domain, whichever toolstack made it.

Layout: Xen, docs/misc/xenstore-paths.pandoc and xen/include/public/io/blkif.h.
"""

from __future__ import annotations

import re
import typing as t

from .._common.host import Host
from .._common.runner import checked, printable, require
from . import vdev

LIST = "xenstore-ls"
TREE = "/local/domain"
# Directory below backend/ -> the programs or drivers behind it: QEMU, the kernel, blktap.
KINDS = ("qdisk", "vbd", "vbd3", "tap", "tap2")
ENTRY = re.compile(rf"{TREE}/(\d+)/backend/({'|'.join(KINDS)})/(\d+)/(\d+)/([\w-]+) = \"(.*)\"")
NAME = re.compile(rf"{TREE}/(\d+)/name = \"(.*)\"")
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|(.))")
PLAIN = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

CONNECTED = 4
# enum xenbus_state, xen/include/public/io/xenbus.h
STATES = {
    0: "Unknown",
    1: "Initialising",
    2: "InitWait",
    3: "Initialised",
    4: "Connected",
    5: "Closing",
    6: "Closed",
    7: "Reconfiguring",
    8: "Reconfigured",
}


class Vbd(t.NamedTuple):
    """A virtual disk of a domain, seen from its backend.

    path:    the backend's directory.
    kind:    one of KINDS.
    domid, devid: whose disk it is, and as what.
    target:  path of the image or device behind it, "" where there is none (an empty drive).
    format:  as its toolstack calls it, "" where it does not say.
    device:  the device of this host that the kernel's backend uses: the target itself, or a loop device that the
             toolstack's script put on it; "" for other backends.
    """

    path: str
    kind: str
    domid: int
    devid: int
    target: str
    format: str
    writes: bool
    state: int
    device: str = ""

    @property
    def vdev(self) -> str:
        return vdev.shown(self.devid)

    @property
    def state_in_words(self) -> str:
        return f"{self.state} ({STATES.get(self.state, 'Unknown')})"


class Snapshot(t.NamedTuple):
    """domains: {id: name}, Domain-0 too; vbds: of all domains, also what domains that are gone have left."""

    domains: dict[int, str]
    vbds: list[Vbd]

    def name_of(self, domid: int) -> str:
        """A domain as a person knows it."""
        return printable(self.domains.get(domid, f"domain {domid}, which is gone,"))

    def at(self, domid: int, devid: int) -> t.Optional[Vbd]:
        """The disk in one place of one domain."""
        return next((vbd for vbd in self.vbds if (vbd.domid, vbd.devid) == (domid, devid)), None)


def is_control_domain(host: Host) -> bool:
    """Whether this host is a Xen Domain-0."""
    try:
        with open(f"{host.proc}/xen/capabilities", encoding="ascii") as stream:
            return "control_d" in stream.read()
    except OSError:
        return False


def read(host: Host) -> Snapshot:
    """All domains and their disks, in one command. Raises FleetError."""
    require(host.runner, [LIST])
    result = checked(
        host.runner, [LIST, "-f", TREE], host.timeout, "xenstore", "see whether xenstored runs on this Domain-0"
    )
    return parse(result.out)


def parse(text: str) -> Snapshot:
    """Read the output of ``xenstore-ls -f /local/domain``."""
    domains: dict[int, str] = {}
    entries: dict[tuple[str, str, int, int], dict[str, str]] = {}
    # By lines of xenstore-ls alone: splitlines() would also part a value at other characters.
    for line in text.split("\n"):
        named = NAME.fullmatch(line)
        if named:
            domains[int(named[1])] = _unescaped(named[2])
            continue
        found = ENTRY.fullmatch(line)
        if found:
            place = (found[1], found[2], int(found[3]), int(found[4]))
            entries.setdefault(place, {})[found[5]] = _unescaped(found[6])
    vbds = [_vbd(*place, values) for place, values in entries.items()]
    return Snapshot(domains, vbds)


def _vbd(backend: str, kind: str, domid: int, devid: int, values: dict[str, str]) -> Vbd:
    # "qcow2:/path" for QEMU, "tapdisk:qcow2:/path" for blktap, a bare path for the kernel's own.
    words, slash, rest = values.get("params", "").partition("/")
    names = [word for word in words.split(":") if word]
    state = values.get("state", "")
    return Vbd(
        path=f"{TREE}/{backend}/backend/{kind}/{domid}/{devid}",
        kind=kind,
        domid=domid,
        devid=devid,
        target=f"{slash}{rest}",
        format=names[-1] if names else "",
        # What does not say that it only reads counts as writing.
        writes=not values.get("mode", "").startswith("r"),
        state=int(state) if state.isdigit() else 0,
        device=values.get("physical-device-path", values.get("node", "")),
    )


def _unescaped(text: str) -> str:
    """A value as it is: xenstore-ls escapes every byte that is not printable ASCII, single or part of a character."""
    single_bytes = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return ESCAPE.sub(_one, single_bytes).encode("latin-1").decode("utf-8", "surrogateescape")


def _one(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return chr(int(escape[2], 8) & 0xFF) if escape[2] else PLAIN.get(escape[3], escape[3])


__all__ = ["CONNECTED", "Snapshot", "Vbd", "is_control_domain", "parse", "read"]
