# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site's records as a network: which port is what, which cable leads where, which devices that joins.

Nothing here fails on a site that contradicts itself: the rules name contradictions, and this is what they look at.
"""

from __future__ import annotations

import collections
import functools
import heapq
import typing as t

from .model import Site
from .model_devices import VIRTUAL, WIRELESS, Cable, Device, FrontPort, Interface, RearPort, VirtualMachine
from .model_values import PortRef

PASSIVE = ("patch-panel", "wall-jack", "splitter")
# What passes frames on from one of its ports to the others.
FORWARDING = ("onu", "modem", "router", "switch", "access-point", "hypervisor")

AnyPort = t.Union[Interface, FrontPort, RearPort]


class Passage(t.NamedTuple):
    """One cable on the way, from the port that was left to the port that was reached."""

    leaving: PortRef
    cable: Cable
    reaching: PortRef


class Link(t.NamedTuple):
    """What joins two ports of active devices: one cable, or several through panels and jacks.

    whole: whether it ends at an active device; otherwise ``b`` is where it stops.
    """

    a: PortRef
    b: PortRef
    passages: tuple[Passage, ...]
    whole: bool

    @property
    def reversed(self) -> Link:
        passages = tuple(Passage(step.reaching, step.cable, step.leaving) for step in self.passages[::-1])
        return self._replace(a=self.b, b=self.a, passages=passages)

    @property
    def connected(self) -> bool:
        return self.whole and all(passage.cable.status != "planned" for passage in self.passages)


class Wiring:
    """Looked up lazily, so that a rule pays for what it asks."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.devices: dict[str, Device] = {}
        for device in site.devices:
            self.devices.setdefault(device.name, device)
        self.machines: dict[str, VirtualMachine] = {}
        for machine in site.virtual_machines:
            self.machines.setdefault(machine.name, machine)

    @functools.cached_property
    def ports(self) -> dict[PortRef, AnyPort]:
        """Every port of every device and virtual machine."""
        found: dict[PortRef, AnyPort] = {}
        for device in self.devices.values():
            for port in (*device.interfaces, *device.front_ports, *device.rear_ports):
                found.setdefault(PortRef(device.name, port.name), port)
        for machine in self.machines.values():
            for port in machine.interfaces:
                found.setdefault(PortRef(machine.name, port.name), port)
        return found

    @functools.cached_property
    def cables_at(self) -> dict[PortRef, list[Cable]]:
        found: dict[PortRef, list[Cable]] = collections.defaultdict(list)
        for cable in self.site.cables:
            for end in dict.fromkeys((cable.a, cable.b)):
                found[end].append(cable)
        return found

    @functools.cached_property
    def links(self) -> tuple[Link, ...]:
        """Every link that starts at an active device's port, seen once."""
        found: dict[frozenset[PortRef], Link] = {}
        for port in self.ports:
            if self._is_end(port):
                for cable in self.cables_at.get(port, ()):
                    link = self.follow(port, cable)
                    found.setdefault(frozenset((link.a, link.b)), link)
        return tuple(found.values())

    def follow(self, start: PortRef, cable: Cable) -> Link:
        """Go along a cable and through panels and jacks to where it ends."""
        passages: list[Passage] = []
        port, lane, following = start, 1, t.cast(t.Optional[Cable], cable)
        seen: set[tuple[PortRef, int]] = set()
        while following is not None and (port, lane) not in seen:
            seen.add((port, lane))
            reached = following.b if following.a == port else following.a
            passages.append(Passage(port, following, reached))
            if self._is_end(reached):
                return Link(start, reached, tuple(passages), True)
            inside = self._through(reached, lane)
            if inside is None:
                break
            port, lane = inside
            following = next((other for other in self.cables_at.get(port, ()) if other is not following), None)
        return Link(start, passages[-1].reaching, tuple(passages), False)

    def _is_end(self, port: PortRef) -> bool:
        device = self.devices.get(port.device)
        record = self.ports.get(port)
        wired = isinstance(record, Interface) and is_wired(record)
        return device is not None and not is_passive(device) and wired

    def _through(self, port: PortRef, lane: int) -> t.Optional[tuple[PortRef, int]]:
        """The port on the other side of a panel or jack, and the place on a rear port with several."""
        device = self.devices.get(port.device)
        record = self.ports.get(port)
        if device is None:
            return None
        if isinstance(record, FrontPort):
            return PortRef(device.name, record.rear_port), record.rear_port_position
        for front in device.front_ports:
            if front.rear_port == port.port and front.rear_port_position == lane:
                return PortRef(device.name, front.name), 1
        return None

    @functools.cached_property
    def neighbours(self) -> dict[str, list[tuple[str, t.Optional[Link]]]]:
        """For each active device those next to it, by a link or (None) over the air."""
        found: dict[str, list[tuple[str, t.Optional[Link]]]] = collections.defaultdict(list)
        for link in self.links:
            if link.connected:
                found[link.a.device].append((link.b.device, link))
                found[link.b.device].append((link.a.device, link.reversed))
        for radio in self.site.wireless_links:
            if radio.status == "connected" and {radio.a.device, radio.b.device} <= set(self.devices):
                found[radio.a.device].append((radio.b.device, None))
                found[radio.b.device].append((radio.a.device, None))
        for name, senders in self.wireless_clients.items():
            for sender in senders:
                found[sender].append((name, None))
                found[name].append((sender, None))
        return found

    @functools.cached_property
    def wireless_clients(self) -> dict[str, list[str]]:
        """Devices with a radio that send no Wi-Fi themselves, and the devices whose Wi-Fi they may join."""
        sending = {name for lan in self.site.wireless_lans for name in lan.devices}
        found = {}
        for device in self.devices.values():
            radios = [port for port in device.interfaces if port.type in WIRELESS]
            if not radios or device.name in sending or device.role in FORWARDING:
                continue
            wanted = {ssid for radio in radios for ssid in radio.wireless_lans}
            lans = [lan for lan in self.site.wireless_lans if not wanted or lan.ssid in wanted]
            found[device.name] = list(
                dict.fromkeys(name for lan in lans for name in lan.devices if name in self.devices)
            )
        return found

    @functools.cached_property
    def line_links(self) -> dict[str, list[Link]]:
        """For each circuit whose port is known, the links from there to the active devices that it reaches."""
        return {
            circuit.cid: self._line_links(circuit.termination)
            for circuit in self.site.circuits
            if circuit.termination is not None and circuit.status != "planned"
        }

    def _line_links(self, termination: PortRef) -> list[Link]:
        if self._is_end(termination):
            return [Link(termination, termination, (), True)]
        device, record = self.devices.get(termination.device), self.ports.get(termination)
        if device is None or record is None:
            return []
        if isinstance(record, FrontPort):
            insides = [record.rear_port]
        else:
            # A splitter gives the line to all its sockets.
            insides = [front.name for front in device.front_ports if front.rear_port == termination.port]
        starts = [PortRef(device.name, name) for name in insides]
        links = [self.follow(start, cable) for start in starts for cable in self.cables_at.get(start, ())]
        return [link._replace(a=termination) for link in links if link.connected]

    @functools.cached_property
    def entries(self) -> tuple[str, ...]:
        """The devices that the lines go into; where no line says so, the ONUs and modems, or else the routers."""
        named = [link.b.device for links in self.line_links.values() for link in links]
        for roles in (("onu", "modem"), ("router",)):
            named = named or [device.name for device in self.site.devices if device.role in roles]
        return tuple(dict.fromkeys(named))

    @functools.cached_property
    def parents(self) -> dict[str, tuple[t.Optional[str], t.Optional[Link]]]:
        """Each device that is reached from a line: the one before it on the shortest way, and the link to it.

        Fewest steps over the air, then fewest cables, then the order of the file: the same data gives the same tree.
        """
        found: dict[str, tuple[t.Optional[str], t.Optional[Link]]] = {}
        queue: list[tuple[int, int, int, str, t.Optional[str], t.Optional[Link]]] = []
        for name in self.entries:
            queue.append((0, 0, len(queue), name, None, None))
        turn = len(queue)
        while queue:
            air, steps, _turn, name, parent, link = heapq.heappop(queue)
            if name in found:
                continue
            found[name] = (parent, link)
            if parent is not None and self.devices[name].role not in FORWARDING:
                continue
            for other, way in self.neighbours.get(name, ()):
                if other not in found:
                    heapq.heappush(queue, (air + (way is None), steps + 1, turn, other, name, way))
                    turn += 1
        return found


def is_passive(device: t.Optional[Device]) -> bool:
    return device is not None and device.role in PASSIVE


def is_wired(port: AnyPort) -> bool:
    """Whether a cable can go into it."""
    return not isinstance(port, Interface) or port.type not in WIRELESS + VIRTUAL


__all__ = ["FORWARDING", "PASSIVE", "AnyPort", "Link", "Passage", "Wiring", "is_passive", "is_wired"]
