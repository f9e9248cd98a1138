# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The way from the line to one device, cable by cable, as one reads it out to somebody on the telephone."""

from __future__ import annotations

import typing as t

from ...module_utils._common.errors import InvalidRequest
from .model import Circuit, Site
from .model_devices import Device
from .model_values import LANGUAGES, PortRef, Text
from .phrases import Phrases
from .wiring import Link, Wiring, is_passive

# What can lie between two ports.
BY_LINE, BY_CABLE, BY_AIR = "line", "cable", "air"


class Stop(t.NamedTuple):
    """A port on the way: the device, the port ("" where it is unknown), the room.

    printed: what is printed beside the port. room: the location's name as the sheet writes it, with its floor.
    """

    device: str
    label: Text
    port: str
    location: t.Optional[Text]
    printed: t.Optional[Text] = None
    room: t.Optional[Text] = None


class Leg(t.NamedTuple):
    """From one port to the next. A ``line`` comes from outside, so ``start`` is None.

    via: BY_LINE, BY_CABLE or BY_AIR. name: the cable's label, the circuit's cid, or the SSIDs; ssids: each of those.
    """

    via: str
    name: str
    start: t.Optional[Stop]
    end: Stop
    type: str = ""
    color: str = ""
    length_m: t.Optional[float] = None
    note: t.Optional[Text] = None
    ssids: tuple[str, ...] = ()


class Trace(t.NamedTuple):
    site: str
    device: str
    label: Text
    legs: tuple[Leg, ...]


def trace(site: Site, name: str, wiring: t.Optional[Wiring] = None) -> Trace:
    """Find the way to a device by its name. Raises InvalidRequest where there is no such device, or no way."""
    wiring = wiring or Wiring(site)
    if name in wiring.machines:
        # No cable leads to a virtual machine: what one can look for is its host.
        name = wiring.machines[name].device
    device = wiring.devices.get(name)
    if device is None:
        known = ", ".join(wiring.devices) or "none"
        raise InvalidRequest(
            f"device {name}", f"the site {site.slug} has no such device", f"name one of its devices: {known}"
        )
    if is_passive(device):
        legs = _to_passive(wiring, name)
    else:
        legs = _to_active(wiring, name) if name in wiring.parents else None
    if legs is None:
        raise InvalidRequest(
            f"device {name}",
            f"no cable and no Wi-Fi leads to it from a line of the site {site.slug}",
            "run homevirt.fleet.site_check, which says what is missing",
        )
    return Trace(site.slug, name, _label(device), tuple(legs))


def _to_active(wiring: Wiring, name: str) -> list[Leg]:
    legs: list[Leg] = []
    here: str = name
    while True:
        parent, link = wiring.parents[here]
        if parent is None:
            return [*_from_line(wiring, here), *legs]
        legs = [*(_cables(wiring, link) if link else [_by_air(wiring, parent, here)]), *legs]
        here = parent


def _to_passive(wiring: Wiring, name: str) -> t.Optional[list[Leg]]:
    """To a panel, jack or splitter: along the first link that runs through it, and no further."""
    for circuit in wiring.site.circuits:
        if circuit.termination is not None and circuit.termination.device == name:
            return [_line(wiring, circuit, circuit.termination)]
    ways = [(link.a.device, link) for link in wiring.links if link.a.device in wiring.parents]
    ways += [(link.b.device, link.reversed) for link in wiring.links if link.whole and link.b.device in wiring.parents]
    depth = {device: position for position, device in enumerate(wiring.parents)}
    for start, link in sorted(ways, key=lambda way: depth[way[0]]):
        for count, passage in enumerate(link.passages, 1):
            if passage.cable.status == "planned":
                break
            if passage.reaching.device == name:
                part = link._replace(b=passage.reaching, passages=link.passages[:count])
                return [*_to_active(wiring, start), *_cables(wiring, part)]
    return None


def _from_line(wiring: Wiring, entry: str) -> list[Leg]:
    for circuit in wiring.site.circuits:
        for link in wiring.line_links.get(circuit.cid, ()):
            if link.b.device == entry:
                return [_line(wiring, circuit, link.a), *_cables(wiring, link)]
    return []


def _line(wiring: Wiring, circuit: Circuit, port: PortRef) -> Leg:
    return Leg(BY_LINE, circuit.cid, None, _stop(wiring, port), type=circuit.type, note=circuit.description)


def _cables(wiring: Wiring, link: Link) -> list[Leg]:
    return [
        Leg(
            BY_CABLE,
            passage.cable.label,
            _stop(wiring, passage.leaving),
            _stop(wiring, passage.reaching),
            passage.cable.type or "",
            passage.cable.color or "",
            passage.cable.length_m,
            passage.cable.description,
        )
        for passage in link.passages
    ]


def _by_air(wiring: Wiring, sender: str, receiver: str) -> Leg:
    for radio in wiring.site.wireless_links:
        ends = {radio.a.device: radio.a, radio.b.device: radio.b}
        if set(ends) == {sender, receiver}:
            return Leg(BY_AIR, radio.label, _stop(wiring, ends[sender]), _stop(wiring, ends[receiver]))
    clients = wiring.wireless_clients
    access = sender if receiver in clients else receiver
    wanted = {ssid for port in wiring.devices[receiver].interfaces for ssid in port.wireless_lans}
    ssids = [
        lan.ssid for lan in wiring.site.wireless_lans if access in lan.devices and (not wanted or lan.ssid in wanted)
    ]
    start, end = (_stop(wiring, PortRef(name, "")) for name in (sender, receiver))
    return Leg(BY_AIR, ", ".join(ssids), start, end, ssids=tuple(ssids))


def _stop(wiring: Wiring, ref: PortRef) -> Stop:
    device, port = wiring.devices[ref.device], wiring.ports.get(ref)
    location = next((one for one in wiring.site.locations if one.slug == device.location), None)
    printed = Text(*(Phrases(language).port(port) for language in LANGUAGES)) if port is not None else None
    return Stop(
        ref.device,
        _label(device),
        printed.en if printed is not None else ref.port,
        location.name if location is not None else None,
        printed,
        Text(*(Phrases(language).room(location, wiring.site) for language in LANGUAGES)) if location else None,
    )


def _label(device: Device) -> Text:
    return device.label or Text(device.name, device.name)


__all__ = ["BY_AIR", "BY_CABLE", "BY_LINE", "Leg", "Stop", "Trace", "trace"]
