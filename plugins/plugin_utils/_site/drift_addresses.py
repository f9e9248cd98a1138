# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Addresses that are others than the file says, and links and lines that are down."""

from __future__ import annotations

import ipaddress
import typing as t

from .drift_book import Drift, Edit, Look
from .model import IpAddress
from .model_values import PortRef
from .observed import Holding
from .rules_book import named
from .wiring import FORWARDING

FIXED = ("active", "reserved")


def addresses(look: Look) -> list[Drift]:
    drifts = []
    for address in look.site.ip_addresses:
        if address.status in FIXED and address.interface is not None:
            drifts += _taken(look, address)
            drifts += _changed(look, address)
    return drifts


def _holdings(look: Look) -> t.Iterator[Holding]:
    for answer in look.answers.values():
        yield from (one for one in answer.holdings if one.fresh)


def _changed(look: Look, address: IpAddress) -> t.Iterator[Drift]:
    name, ip, network = t.cast(PortRef, address.interface).device, address.address.ip, address.address.network
    own = look.answers.get(name)
    if own is not None and own.read("interfaces"):
        port = own.ports.get(t.cast(PortRef, address.interface).port)
        if port is not None and not port.up:
            return
        seen = {ipaddress.ip_address(one) for one, _interface in own.addresses}
        witnesses: tuple[str, ...] = (name,)
    elif ip.version == 4:
        told = [one for one in _holdings(look) if _owner(look, one.mac) == name]
        # A lease tells what it was given, a neighbour what it uses.
        told = [one for one in told if one.source == "neighbors"] or told
        seen = {ipaddress.ip_address(one.ip) for one in told}
        witnesses = tuple(sorted({one.observer for one in told}))
        if not seen:
            return
    else:
        # A device has several of IPv6 and uses which it likes.
        return
    if ip in seen:
        return
    written = {one.address.ip for one in look.site.ip_addresses if one.interface and one.interface.device == name}
    others = sorted(one for one in seen - written if one.version == ip.version and one in network)
    if others:
        values = {"device": name, "wanted": str(ip), "found": named(others)}
        edits = (Edit(address, "address", str(address.address), f"{others[0]}/{network.prefixlen}"),)
        changed = Drift("address-changed", address, ("address", str(ip)), values, witnesses, "measured")
        yield changed._replace(edits=edits if len(others) == 1 else ())
    elif own is not None:
        values = {"device": name, "wanted": str(ip), "found": ""}
        yield Drift("address-changed", address, ("address", str(ip)), values, witnesses, "measured", variant="gone")


def _owner(look: Look, mac: str) -> str:
    owner = look.places.owners.get(mac)
    return owner.device if owner is not None else ""


def _taken(look: Look, address: IpAddress) -> t.Iterator[Drift]:
    """Somebody else has it. Without a MAC address for its owner in the file nobody can tell."""
    name, ip = t.cast(PortRef, address.interface).device, str(address.address.ip)
    if name not in {owner.device for owner in look.places.owners.values()}:
        return
    takers = {one.mac: one.observer for one in _holdings(look) if one.ip == ip and _owner(look, one.mac) != name}
    for mac, witness in sorted(takers.items()):
        values = {"device": name, "by": _owner(look, mac) or mac}
        yield Drift("address-taken", address, ("address", ip), values, (witness,), "measured")
    for other, answer in look.answers.items():
        if other != name and ip in [one for one, _interface in answer.addresses]:
            values = {"device": name, "by": other}
            yield Drift("address-taken", address, ("address", ip), values, (other,), "measured")


def leases(look: Look) -> list[Drift]:
    pools = [pool for prefix in look.site.prefixes for pool in prefix.ip_ranges if pool.role == "dhcp"]
    pools = [pool for pool in pools if pool.start.version == 4]
    reserved = {str(one.address.ip): one for one in look.site.ip_addresses if one.status != "deprecated"}
    outside: dict[t.Any, list[Holding]] = {}
    for one in _holdings(look) if pools else ():
        ip = ipaddress.ip_address(one.ip)
        given = one.source == "dhcp_leases" and ip.version == 4 and one.ip not in reserved
        if given and not any(pool.start <= ip <= pool.end for pool in pools):
            prefix = next((prefix for prefix in look.site.prefixes if ip in prefix.prefix), None)
            outside.setdefault((one.observer, prefix), []).append(one)
    drifts = []
    for (observer, prefix), given_out in outside.items():
        record = prefix or look.wiring.devices[observer]
        about = ("prefix", str(prefix.prefix)) if prefix is not None else ("device", observer)
        told = [f"{one.ip} ({_owner(look, one.mac) or one.mac})" for one in given_out]
        values = {"device": observer, "list": named(sorted(told))}
        drifts.append(Drift("lease-outside-pool", record, about, values, (observer,), "measured"))
    return drifts


def links_down(look: Look, elsewhere: t.Container[str]) -> list[Drift]:
    """Links between devices that pass the network on. What is at their ends only may just be switched off.

    elsewhere: names of devices, and labels of cables, that another drift has told already.
    """
    drifts: dict[str, Drift] = {}
    for link in look.expected.links.values():
        answer, cable = look.answers.get(link.a.device), link.passages[0].cable
        port = answer.ports.get(link.a.port) if answer is not None else None
        other = look.wiring.devices[link.b.device]
        if port is None or port.up or other.role not in FORWARDING or other.status != "active":
            continue
        if not {link.a.device, link.b.device, cable.label} & set(t.cast(t.Iterable[str], elsewhere)):
            values = {"port": str(link.a), "other": link.b.device}
            one = Drift("line-down", cable, ("cable", cable.label), values, (link.a.device,), "measured")
            drifts.setdefault(cable.label, one)
    return [*drifts.values(), *(_lines_down(look) if not drifts else [])]


def _lines_down(look: Look) -> t.Iterator[Drift]:
    circuits = [one for one in look.site.circuits if one.status == "active"]
    for circuit in circuits:
        end = circuit.termination
        answer = look.answers.get(end.device) if end is not None else None
        port = answer.ports.get(t.cast(PortRef, end).port) if answer is not None else None
        if port is not None and not port.up:
            values = {"port": str(end), "other": circuit.provider}
            yield Drift(
                "line-down", circuit, ("circuit", circuit.cid), values, (t.cast(PortRef, end).device,), "measured"
            )
            return
    for name, answer in look.answers.items():
        if circuits and look.wiring.devices[name].role == "router" and answer.read("routes"):
            if not answer.has_default_route:
                about = ("circuit", circuits[0].cid)
                yield Drift("line-down", circuits[0], about, {"device": name}, (name,), "measured", variant="route")


def loops(look: Look) -> list[Drift]:
    drifts = []
    for name, answer in look.answers.items():
        for port in answer.ports.values():
            if port.state == "BLOCKING" and port.up:
                ref = PortRef(name, port.name)
                record, about = look.record_at(ref)
                heard = {look.places.who(one) for one in answer.sightings if one.port == port.name}
                heard = sorted(heard & set(look.wiring.devices))
                values = {"port": str(ref), "other": named(heard) if heard else "?"}
                drifts.append(Drift("loop-blocked", record, about, values, (name,), "measured"))
    return drifts


__all__ = ["addresses", "leases", "links_down", "loops"]
