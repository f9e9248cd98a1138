# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for xenstore, where a Xen host keeps every virtual disk of every domain, whichever toolstack made it.

Layout: Xen, docs/misc/xenstore-paths.pandoc and xen/include/public/io/blkif.h.
"""

from __future__ import annotations

import typing as t

from .._common.host import Host
from .._common.runner import printable
from . import vdev, xenwire

TREE = "/local/domain"
QEMU = "qdisk"
# Directory below backend/ -> the programs or drivers behind it: QEMU, the kernel, blktap.
KINDS = (QEMU, "vbd", "vbd3", "tap", "tap2")
OF_QEMU = ("params", "mode", "state")
OF_KERNEL = (*OF_QEMU, "physical-device-path", "node")

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
    """All domains and their disks. Raises FleetError."""
    with xenwire.connected(host) as store:
        domains = _numbers(store, TREE)
        names = dict(zip(domains, store.values([f"{TREE}/{domid}/name" for domid in domains])))
        places = [place for domid in domains for place in _places(store, f"{TREE}/{domid}/backend")]
        return Snapshot({domid: name for domid, name in names.items() if name is not None}, _vbds(store, places))


class Place(t.NamedTuple):
    """A disk's directory, and what its name says."""

    path: str
    kind: str
    domid: int
    devid: int


def _places(store: xenwire.Store, backend: str) -> t.Iterator[Place]:
    """Every disk that a domain serves."""
    for kind in sorted(set(KINDS).intersection(store.children(backend))):
        for domid in _numbers(store, f"{backend}/{kind}"):
            for devid in _numbers(store, f"{backend}/{kind}/{domid}"):
                yield Place(f"{backend}/{kind}/{domid}/{devid}", kind, domid, devid)


def _numbers(store: xenwire.Store, path: str) -> list[int]:
    return [int(name) for name in store.children(path) if name.isdigit()]


def _vbds(store: xenwire.Store, places: t.Sequence[Place]) -> list[Vbd]:
    asked = [f"{place.path}/{key}" for place in places for key in _keys(place)]
    values = iter(store.values(asked))
    found = []
    for place in places:
        told = {key: value for key, value in zip(_keys(place), values) if value is not None}
        # Without any it was detached since its directory was listed.
        found += [_vbd(place, told)] if told else []
    return found


def _keys(place: Place) -> tuple[str, ...]:
    return OF_QEMU if place.kind == QEMU else OF_KERNEL


def _vbd(place: Place, told: t.Mapping[str, str]) -> Vbd:
    # "qcow2:/path" for QEMU, "tapdisk:qcow2:/path" for blktap, a bare path for the kernel's own.
    words, slash, rest = told.get("params", "").partition("/")
    names = [word for word in words.split(":") if word]
    state = told.get("state", "")
    return Vbd(
        *place,
        target=f"{slash}{rest}",
        format=names[-1] if names else "",
        # What does not say that it only reads counts as writing.
        writes=not told.get("mode", "").startswith("r"),
        state=int(state) if state.isdigit() else 0,
        device=told.get("physical-device-path") or told.get("node", ""),
    )


__all__ = ["CONNECTED", "Snapshot", "Vbd", "is_control_domain", "read"]
