# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a site file lets one expect to see at each port of a device."""

from __future__ import annotations

import functools
import typing as t

from .model_devices import WIRELESS, Interface
from .model_values import PortRef
from .wiring import FORWARDING, Link, Wiring

# A desk telephone passes frames on to the computer that is plugged into it.
PASSING_ON = (*FORWARDING, "phone")
# Stands for all radios of a device: nobody writes down which of them a client has joined.
AIR = ""


class Expected:
    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._behind: dict[str, dict[str, frozenset[str]]] = {}

    def is_air(self, device: str, port: str, radios: t.Container[str] = ()) -> bool:
        record = self.wiring.ports.get(PortRef(device, port))
        return port in radios or (isinstance(record, Interface) and record.type in WIRELESS)

    def behind(self, device: str) -> dict[str, frozenset[str]]:
        """For each port of a device (AIR for its radios) the devices and virtual machines that lie behind it."""
        if device not in self._behind:
            found: dict[str, set[str]] = {}
            for other, link in self.wiring.neighbours.get(device, ()):
                port = link.a.port if link is not None else AIR
                found.setdefault(port, set()).update(self._reach(other, device))
            self._behind[device] = {port: frozenset(names) for port, names in found.items()}
        return self._behind[device]

    def _reach(self, start: str, without: str) -> set[str]:
        seen, queue = {without}, [start]
        while queue:
            name = queue.pop()
            if name in seen:
                continue
            seen.add(name)
            device = self.wiring.devices.get(name)
            if device is not None and device.role in PASSING_ON:
                queue += [other for other, _link in self.wiring.neighbours.get(name, ())]
        seen.discard(without)
        return seen | {name for name, machine in self.wiring.machines.items() if machine.device in seen}

    def ports_towards(self, device: str, other: str) -> list[str]:
        """The ports of a device behind which the other one lies."""
        return [port for port, names in self.behind(device).items() if other in names]

    @functools.cached_property
    def links(self) -> dict[PortRef, Link]:
        """Each cabled port of an active device, and the link that starts there."""
        found: dict[PortRef, Link] = {}
        for link in self.wiring.links:
            if link.connected:
                found.setdefault(link.a, link)
                found.setdefault(link.b, link.reversed)
        return found

    def link_at(self, device: str, port: str) -> t.Optional[Link]:
        return self.links.get(PortRef(device, port))

    def attachment(self, device: str) -> t.Optional[Link]:
        """The link of a device towards the line, seen from the other end; where it has one link only, that one."""
        _parent, link = self.wiring.parents.get(device, (None, None))
        if link is not None:
            return link if link.b.device == device else link.reversed
        own = [link.reversed for ref, link in self.links.items() if ref.device == device]
        return own[0] if len(own) == 1 else None

    @functools.cached_property
    def outside(self) -> frozenset[PortRef]:
        """Ports towards the line with no router in between: who is seen there is the provider's."""
        found = set()
        for ref, link in self.links.items():
            seen, queue = {ref.device}, [link.b.device]
            while queue:
                name = queue.pop()
                if name in seen:
                    continue
                seen.add(name)
                device = self.wiring.devices.get(name)
                if name in self.wiring.entries and (device is None or device.role != "router"):
                    found.add(ref)
                if device is not None and device.role in FORWARDING and device.role != "router":
                    queue += [other for other, way in self.wiring.neighbours.get(name, ()) if way is not None]
        for links in self.wiring.line_links.values():
            found.update(link.b for link in links)
        return frozenset(found)


__all__ = ["AIR", "Expected"]
