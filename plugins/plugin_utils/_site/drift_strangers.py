# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Devices that the file does not know, and what it could learn of those that it knows."""

from __future__ import annotations

import typing as t

from .drift_book import Drift, Edit, Look
from .expected import AIR, PASSING_ON
from .model_devices import Interface
from .model_values import PortRef
from .observe_names import made_up
from .rules_book import named
from .wiring import FORWARDING, PASSIVE

Strangers = t.Mapping[PortRef, list[str]]


def replaced(look: Look) -> list[Drift]:
    """Devices with other MAC addresses than the file has: another device, or that of another house."""
    found = []
    for name, macs in look.places.replaced.items():
        device = look.wiring.devices[name]
        written = [port for port in device.interfaces if port.mac]
        values = {"device": name, "wanted": named(port.mac for port in written), "found": named(macs)}
        found.append(Drift("device-replaced", device, ("device", name), values, (name,), "measured"))
    return found


def renamed(look: Look) -> list[Drift]:
    found = []
    for name in sorted(look.nameless):
        ports = [port.name for port in look.answers[name].ports.values() if not port.is_bridge]
        device = look.wiring.devices[name]
        values = {"device": name, "found": named(ports)}
        found.append(Drift("ports-renamed", device, ("device", name), values, (name,), "measured"))
    return found


class Company(t.NamedTuple):
    """Who is at one wired port of a device. alone: whom the file has there, "" for a free port."""

    port: PortRef
    known: list[str]
    strangers: list[str]
    alone: str


def companies(look: Look, strangers: Strangers, forwarding: t.Container[PortRef]) -> list[Company]:
    """Each wired port that by the file leads to one device which passes nothing on, or to none.

    forwarding: ports where something that passes frames on is now.
    """
    found = []
    for port in sorted({*strangers, *_nearest(look)}):
        if port.device in look.nameless or look.places.is_air(port) or not look.places.is_port(port):
            continue
        if port in forwarding:
            continue
        link = look.expected.link_at(*port)
        alone = link.b.device if link is not None else ""
        known = _nearest(look).get(port, [])
        # Behind what passes frames on may be many, wherever it is now.
        if not any(_passes_on(look, name) for name in (alone, *known)):
            found.append(Company(port, known, strangers.get(port, []), alone))
    return found


def _passes_on(look: Look, who: str) -> bool:
    """Whether there may be others behind it: a switch, or the guests of a hypervisor, in the file or not.

    A guest stands for its hypervisor, which need not be seen itself.
    """
    if who in look.wiring.machines:
        return True
    device = look.wiring.devices.get(who)
    return device is not None and (device.role in PASSING_ON or device.hypervisor is not None)


def _nearest(look: Look) -> dict[PortRef, list[str]]:
    found: dict[PortRef, list[str]] = {}
    for who in look.places.fresh:
        if who in look.wiring.devices or who in look.wiring.machines:
            for place in look.places.places(who)[:1]:
                found.setdefault(place.port, []).append(who)
    return found


def crowds(look: Look, strangers: Strangers, forwarding: t.Container[PortRef]) -> list[Drift]:
    """Ports with several devices where the file has one or none."""
    drifts = []
    for company in companies(look, strangers, forwarding):
        count = len(company.known) + len(company.strangers)
        if count > 1 and (company.strangers or len(company.known) > 1):
            record, about = look.record_at(company.port)
            # Those with a made-up address are others tomorrow: they count, but by their number alone.
            lasting = [mac for mac in company.strangers if not made_up(mac)]
            values = {"count": count, "list": named([*company.known, *lasting]) or "?"}
            variant = "free" if not company.alone else ""
            values["device"] = company.alone
            told = (company.port.device,)
            drifts.append(Drift("switch-undocumented", record, about, values, told, "measured", variant=variant))
    return drifts


def unknown(look: Look, strangers: Strangers, spoken_for: t.Container[PortRef]) -> list[Drift]:
    """Devices with a lasting MAC address that the file does not have, and that are there now.

    Who has a lease only may have left hours ago. spoken_for: ports whose strangers another drift has told already.
    """
    return [
        _unknown(look, port, mac)
        for port, macs in strangers.items()
        for mac in macs
        if port not in spoken_for and not made_up(mac) and not _may_be_known(look, port, macs)
    ]


def _may_be_known(look: Look, port: PortRef, macs: list[str]) -> bool:
    """Whether all that are strange here may be devices whose MAC addresses nobody has written down yet."""
    if _learned(look, port, macs) is not None:
        return True
    behind = look.expected.behind(port.device).get(AIR if look.places.is_air(port) else port.port, frozenset())
    silent = [
        name
        for name in behind & set(look.wiring.devices)
        if not any(one.mac for one in look.wiring.devices[name].interfaces)
        and look.wiring.devices[name].role not in (*PASSIVE, "switch")
        and not look.places.is_seen(name)
        # What has a port of its own at somebody who answers is seen there, or is off.
        and not _watched(look, name, port)
    ]
    return len(macs) <= len(silent)


def _watched(look: Look, name: str, port: PortRef) -> bool:
    link = look.expected.attachment(name)
    return link is not None and link.a.device in look.answers and link.a.device != port.device


def _unknown(look: Look, port: PortRef, mac: str) -> Drift:
    record, about = look.record_at(port)
    told = [one for answer in look.answers.values() for one in answer.holdings if one.mac == mac and one.fresh]
    # What it calls itself may be anything; the address is what one finds it by.
    known = [*sorted({one.name for one in told if one.name}), *sorted({one.ip for one in told})]
    values = {"mac": mac, "where": str(port), "name": " / ".join(known) or "?"}
    return Drift("device-unknown", record, about, values, (port.device,), "measured")


def _learned(look: Look, port: PortRef, macs: list[str]) -> t.Optional[tuple[Interface, PortRef]]:
    """The interface without a MAC address that a lone stranger must be, since it alone is plugged in there."""
    link = look.expected.link_at(*port)
    if link is None or len(macs) != 1 or made_up(macs[0]) or _nearest(look).get(port):
        return None
    device = look.wiring.devices.get(link.b.device)
    record = look.wiring.ports.get(link.b)
    if device is None or device.role in FORWARDING or device.hypervisor is not None or look.places.is_seen(device.name):
        return None
    if not isinstance(record, Interface) or any(one.mac for one in device.interfaces):
        return None
    return record, link.b


def learnable(look: Look, strangers: Strangers, spoken_for: t.Container[PortRef]) -> list[Drift]:
    drifts = []
    for port, macs in strangers.items():
        learned = _learned(look, port, macs) if port not in spoken_for else None
        if learned is not None:
            record, ref = learned
            values = {"mac": macs[0], "where": str(port)}
            edits = (Edit(record, "mac", None, macs[0]),)
            drifts.append(Drift("mac-missing", record, ("port", str(ref)), values, (port.device,), "inferred", edits))
    return drifts


__all__ = ["Company", "companies", "crowds", "learnable", "renamed", "replaced", "unknown"]
