# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site's records turned into what the layout draws."""

from __future__ import annotations

import collections
import typing as t

from .layout_records import Node, Plan, Socket, Wire, Words
from .model import Site
from .model_devices import VIRTUAL, WIRELESS, Cable, Device, Interface
from .model_values import PortRef
from .phrases import Phrases
from .wiring import Wiring


def plan_of(site: Site, wiring: Wiring, phrases: Phrases) -> Plan:
    return _Drawing(site, wiring, phrases).plan()


class _Drawing:
    def __init__(self, site: Site, wiring: Wiring, phrases: Phrases) -> None:
        self.site = site
        self.wiring = wiring
        self.phrases = phrases
        self.rooms = {location.slug: phrases.room(location, site) for location in site.locations}
        self.lines: dict[PortRef, list[str]] = collections.defaultdict(list)
        for circuit in site.circuits:
            if circuit.termination is not None:
                self.lines[circuit.termination].append(phrases.circuit(circuit))
        self.addresses: dict[str, list[str]] = collections.defaultdict(list)
        for address in site.ip_addresses:
            if address.interface is not None:
                self.addresses[address.interface.device].append(str(address.address.ip))
        self.machines: dict[str, list[str]] = collections.defaultdict(list)
        for machine in site.virtual_machines:
            self.machines[machine.device].append(phrases.label(machine))
        self.cabled: dict[str, list[str]] = collections.defaultdict(list)
        for cable in (*site.cables, *site.wireless_links):
            for end in (cable.a, cable.b):
                self.cabled[end.device].append(end.port)

    def plan(self) -> Plan:
        nodes = tuple(
            self._node(self.wiring.devices[name], parent) for name, parent in _in_order(self.site, self.wiring)
        )
        wires = [self._wire(cable) for cable in self.site.cables]
        for link in self.site.wireless_links:
            text = self.phrases.say("wireless_link", name=link.label)
            wires.append(Wire(tuple(link.a), tuple(link.b), text, "", True))  # type: ignore[arg-type]
        words = Words(self.phrases.say("free_ports"), self.phrases.say("goes_to"))
        return Plan(nodes, tuple(wires), words)

    def _wire(self, cable: Cable) -> Wire:
        text = self.phrases.cable(cable)
        return Wire(tuple(cable.a), tuple(cable.b), text, cable.color or "", cable.status != "connected")  # type: ignore[arg-type]

    def _node(self, device: Device, parent: t.Optional[str]) -> Node:
        notes = []
        if device.status != "active":
            notes.append(self.phrases.status(device.status))
        model = " ".join(filter(None, (device.manufacturer, device.model)))
        notes += [model] if model else []
        notes += dict.fromkeys(self.addresses.get(device.name, ()))
        notes += [self.phrases.say("guest", name=name) for name in self.machines.get(device.name, ())]
        room = self.rooms.get(device.location or "", device.location or self.phrases.say("no_room"))
        return Node(device.name, self.phrases.label(device), room, tuple(self._sockets(device)), tuple(notes), parent)

    def _sockets(self, device: Device) -> t.Iterator[Socket]:
        cabled = self.cabled.get(device.name, ())
        radios = [port.name for port in device.interfaces if port.type in WIRELESS]
        known = set()
        for port in (*device.rear_ports, *device.front_ports, *device.interfaces):
            known.add(port.name)
            label = self.phrases.port(port)
            lines = self.lines.get(PortRef(device.name, port.name))
            if lines:
                yield Socket(f"{port.name}\0line", label, "line", self.phrases.listed(lines))
                if port.name not in cabled:
                    continue
            if not isinstance(port, Interface) or port.type not in WIRELESS + VIRTUAL:
                yield Socket(port.name, label)
            elif port.type in WIRELESS:
                label = "Wi-Fi" if len(radios) == 1 else f"Wi-Fi {label}"
                yield Socket(port.name, label, "radio", self._networks(device, port))
            elif port.name in cabled:
                yield Socket(port.name, label)
        for name in dict.fromkeys(cabled):
            if name not in known:
                yield Socket(name, self.phrases.say("unknown_port", name=name))

    def _networks(self, device: Device, radio: Interface) -> str:
        """The Wi-Fis that a radio sends or joins."""
        sent = [lan.ssid for lan in self.site.wireless_lans if device.name in lan.devices]
        joined = list(radio.wireless_lans)
        if not sent and not joined and device.name in self.wiring.wireless_clients:
            senders = self.wiring.wireless_clients[device.name]
            joined = [lan.ssid for lan in self.site.wireless_lans if set(lan.devices) & set(senders)]
        return self.phrases.listed(dict.fromkeys(sent or joined))


def _in_order(site: Site, wiring: Wiring) -> t.Iterator[tuple[str, t.Optional[str]]]:
    """Every device once, with the one before it on the way from the line; what hangs on a device follows it.

    What only the air joins comes after all that cables do, so that a room stands where its cables lead.
    """
    cabled, airborne = _cabled(site, wiring), _airborne(site, wiring)
    starts = [circuit.termination.device for circuit in site.circuits if circuit.termination is not None]
    seen: set[str] = set()
    found: list[tuple[str, t.Optional[str]]] = []
    for start in (*starts, *wiring.entries):
        found += _hanging_on(start, None, cabled, seen, wiring)
    reached = 0
    while reached < len(found):
        name = found[reached][0]
        for other in airborne.get(name, ()):
            found += _hanging_on(other, name, cabled, seen, wiring)
        reached += 1
    for start in wiring.devices:
        found += _hanging_on(start, None, cabled, seen, wiring)
    return iter(found)


def _hanging_on(
    start: str, parent: t.Optional[str], near: t.Mapping[str, list[str]], seen: set[str], wiring: Wiring
) -> t.Iterator[tuple[str, t.Optional[str]]]:
    """A device and what cables lead to from it, by the fewest cables, in the order of the ports."""
    if start in seen or start not in wiring.devices:
        return
    seen.add(start)
    children: dict[str, list[str]] = collections.defaultdict(list)
    queue = collections.deque([start])
    while queue:
        name = queue.popleft()
        for other in near.get(name, ()):
            if other not in seen and other in wiring.devices:
                seen.add(other)
                children[name].append(other)
                queue.append(other)
    stack = [(start, parent)]
    while stack:
        name, before = stack.pop()
        yield name, before
        stack += [(child, name) for child in reversed(children[name])]


def _cabled(site: Site, wiring: Wiring) -> dict[str, list[str]]:
    ends: dict[PortRef, list[str]] = collections.defaultdict(list)
    for cable in site.cables:
        ends[cable.a].append(cable.b.device)
        ends[cable.b].append(cable.a.device)
    near: dict[str, list[str]] = collections.defaultdict(list)
    for name, device in wiring.devices.items():
        for port in (*device.front_ports, *device.rear_ports, *device.interfaces):
            near[name] += ends.get(PortRef(name, port.name), ())
    return near


def _airborne(site: Site, wiring: Wiring) -> dict[str, list[str]]:
    near: dict[str, list[str]] = collections.defaultdict(list)
    for link in site.wireless_links:
        near[link.a.device].append(link.b.device)
        near[link.b.device].append(link.a.device)
    for name, senders in wiring.wireless_clients.items():
        for sender in senders:
            near[sender].append(name)
    return near


__all__ = ["plan_of"]
