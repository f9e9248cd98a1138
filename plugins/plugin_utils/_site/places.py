# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Who was seen where: MAC addresses become devices of the site file, and of many sightings the nearest are kept."""

from __future__ import annotations

import collections
import functools
import typing as t

from .expected import AIR, Expected
from .model_devices import VIRTUAL, Interface
from .model_values import PortRef
from .observe_names import made_up
from .observed import Observed, Sighting

# Somebody as the rules speak of him: a device's name, or a MAC address that no device has.
Who = str


class Place(t.NamedTuple):
    """Where somebody is, as far as it was seen. evidence: "confirmed" where two sources say so."""

    who: Who
    port: PortRef
    age: int
    evidence: str
    sources: tuple[str, ...]
    remote: tuple[str, ...]
    macs: frozenset[str]


class Places:
    """All that the devices of one site saw, put together."""

    def __init__(self, expected: Expected, answers: t.Mapping[str, Observed]) -> None:
        self.expected = expected
        self.wiring = expected.wiring
        self.answers = answers

    @functools.cached_property
    def written(self) -> dict[str, PortRef]:
        """MAC addresses that the file knows."""
        found: dict[str, PortRef] = {}
        for owner in (*self.wiring.devices.values(), *self.wiring.machines.values()):
            for port in owner.interfaces:
                if port.mac is not None:
                    found.setdefault(port.mac, PortRef(owner.name, port.name))
        return found

    @functools.cached_property
    def replaced(self) -> dict[str, list[str]]:
        """Devices that answered with none of the MAC addresses that the file has: another one, or one elsewhere."""
        found = {}
        for name, answer in self.answers.items():
            device = self.wiring.devices[name]
            wanted = {
                port.mac
                for port in device.interfaces
                if port.mac and not made_up(port.mac) and port.type not in VIRTUAL
            }
            if wanted and answer.macs and not wanted & set(answer.macs):
                found[name] = sorted(answer.macs)
        return found

    @functools.cached_property
    def trusted(self) -> dict[str, Observed]:
        """The answers that are those of the devices they should be of."""
        return {name: answer for name, answer in self.answers.items() if name not in self.replaced}

    @functools.cached_property
    def owners(self) -> dict[str, PortRef]:
        """Every MAC address whose owner is known: by the file, or because a device that answered said it is its own."""
        found = dict(self.written)
        for name, answer in self.trusted.items():
            for address, port in answer.macs.items():
                found.setdefault(address, PortRef(name, port))
        return found

    def who(self, sighting: Sighting) -> Who:
        """Who was seen: a device where the MAC address, or by LLDP the name, is one's."""
        owner = self.owners.get(sighting.mac)
        if owner is not None:
            return owner.device
        short = sighting.name.partition(".")[0].lower()
        named = [name for name in self.wiring.devices if short and name.lower() == short]
        return named[0] if len(named) == 1 else sighting.mac

    @functools.cached_property
    def fresh(self) -> dict[Who, list[Sighting]]:
        """All that is not stale, by who was seen. Nobody sees himself."""
        found: dict[Who, list[Sighting]] = collections.defaultdict(list)
        for answer in self.trusted.values():
            for sighting in answer.sightings:
                who = self.who(sighting)
                if who and who != sighting.observer and sighting.fresh:
                    found[who].append(sighting)
        return {who: _without_outlived(sightings) for who, sightings in found.items()}

    @functools.cached_property
    def at(self) -> dict[PortRef, set[Who]]:
        """Everybody seen through each port, near or far."""
        found: dict[PortRef, set[Who]] = collections.defaultdict(set)
        for who, sightings in self.fresh.items():
            for sighting in sightings:
                found[PortRef(sighting.observer, sighting.port)].add(who)
        return found

    def is_seen(self, who: Who) -> bool:
        return who in self.fresh or who in self.trusted

    def towards(self, device: str, other: str) -> set[str]:
        """The ports of a device that lead to another one: where it was seen, or else where the file has it."""
        seen = {ref.port for ref, names in self.at.items() if ref.device == device and other in names}
        return seen or set(self.expected.ports_towards(device, other))

    def places(self, who: Who) -> list[Place]:
        """Where somebody was seen with no other witness nearer to him, the youngest first."""
        grouped: dict[PortRef, list[Sighting]] = collections.defaultdict(list)
        for sighting in self.fresh.get(who, ()):
            if not self._nearer(who, sighting):
                grouped[PortRef(sighting.observer, sighting.port)].append(sighting)
        found = [_place(who, port, sightings) for port, sightings in grouped.items()]
        return sorted(found, key=lambda place: (place.age, place.port))

    def _nearer(self, who: Who, sighting: Sighting) -> bool:
        """Whether a witness behind the same port knows better.

        Either it sees him on a port of its own that leads away from here, or it does not see him at all: then he was
        there and is gone, and only those further away have not noticed yet.
        """
        if sighting.source in ("lldp_neighbors", "wireless_clients"):
            return False
        for other, answer in self.trusted.items():
            if other in (who, sighting.observer) or sighting.port not in self.towards(sighting.observer, other):
                continue
            here = self.towards(other, sighting.observer)
            seen = {ref.port for ref, names in self.at.items() if ref.device == other and who in names}
            if seen - here or (not seen and answer.is_switch and answer.read("mac_table")):
                return True
        return False

    def right(self, place: Place) -> bool:
        """Whether somebody is where the file lets one expect him."""
        behind = self.expected.behind(place.port.device)
        machine = self.wiring.machines.get(place.who)
        if machine is not None and machine.device == place.port.device:
            return self.expected.link_at(*place.port) is None
        port = AIR if self.is_air(place.port) else place.port.port
        if place.who in behind.get(port, ()):
            return True
        # Whoever moved took along what is plugged into him.
        return any(self._brings(other, place) for other in self.at.get(place.port, ()))

    def _brings(self, other: Who, place: Place) -> bool:
        if other in (place.who, place.port.device) or other not in self.wiring.devices:
            return False
        behind = self.expected.behind(other)
        return any(place.who in names and place.port.device not in names for names in behind.values())

    def is_air(self, port: PortRef) -> bool:
        radios = self.answers[port.device].radios if port.device in self.answers else ()
        return self.expected.is_air(port.device, port.port, radios)

    def is_port(self, port: PortRef) -> bool:
        """Whether the file has this port."""
        return isinstance(self.wiring.ports.get(port), Interface)


def _without_outlived(sightings: list[Sighting]) -> list[Sighting]:
    """Without what LLDP still says of one port when the frames come in on another one of the same device."""
    ports = {(one.observer, one.port) for one in sightings if one.source == "mac_table"}
    observers = {observer for observer, _port in ports}
    return [
        one
        for one in sightings
        if one.source != "lldp_neighbors" or one.observer not in observers or (one.observer, one.port) in ports
    ]


def _place(who: Who, port: PortRef, sightings: t.Sequence[Sighting]) -> Place:
    sources = tuple(sorted({sighting.source for sighting in sightings}))
    remote = next((sighting.remote for sighting in sightings if sighting.remote), ())
    evidence = "confirmed" if len(sources) > 1 else "measured"
    macs = frozenset(sighting.mac for sighting in sightings)
    return Place(who, port, min(sighting.age for sighting in sightings), evidence, sources, remote, macs)


__all__ = ["Place", "Places", "Who"]
