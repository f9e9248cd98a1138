# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Devices and cables that are elsewhere than the file has them."""

from __future__ import annotations

import collections
import typing as t

from .drift_book import Drift, Edit, Look
from .model_devices import Cable, Device
from .model_fields import Record
from .model_values import PortRef
from .places import Place
from .wiring import FORWARDING, Link


class Move(t.NamedTuple):
    """Somebody is at ``found``. link: what the file has instead, from the port where he should be seen; None by air."""

    who: str
    found: PortRef
    link: t.Optional[Link]
    place: Place

    @property
    def wanted(self) -> t.Optional[PortRef]:
        return self.link.a if self.link is not None else None

    @property
    def cable(self) -> t.Optional[Cable]:
        return self.link.passages[0].cable if self.link is not None else None

    @property
    def rehung(self) -> bool:
        """Whether the cable is at the same device as before, in another of its ports."""
        return self.wanted is not None and self.wanted.device == self.found.device


def moves(look: Look) -> list[Move]:
    """Every device that is seen where the file does not have it, and nowhere else that is as good."""
    found = []
    for who in look.places.fresh:
        if who not in look.wiring.devices and who not in look.wiring.machines:
            continue
        places = [place for place in look.places.places(who) if place.port.device not in look.nameless]
        right = [place for place in places if look.places.right(place)]
        for place in places:
            if place in right:
                move = _other_end(look, place)
            elif any(_outweighs(look, one, place) for one in right):
                move = None
            else:
                move = Move(who, place.port, _link_to(look, who, place.port.device), place)
            if move is not None:
                found.append(move)
                break
    return _with_switch(look, _once(found))


def _outweighs(look: Look, right: Place, wrong: Place) -> bool:
    """Whether somebody is where he should be after all, and the other sighting is older or of a second cable."""
    device = look.wiring.devices.get(right.who)
    if device is not None and device.role in FORWARDING:
        second = right.sources != ("lldp_neighbors",) and not right.macs & wrong.macs
        return right.port.device == wrong.port.device and (second or right.age <= wrong.age)
    return bool(right.macs & wrong.macs) and right.age <= wrong.age


def _link_to(look: Look, who: str, observer: str) -> t.Optional[Link]:
    """The link by which the file has somebody: at the device that sees him now, or else the one that is his own."""
    machine = look.wiring.machines.get(who)
    who = machine.device if machine is not None else who
    for port in look.expected.ports_towards(observer, who):
        link = look.expected.link_at(observer, port)
        if link is not None and link.b.device == who:
            return link
    return look.expected.attachment(who)


def _other_end(look: Look, place: Place) -> t.Optional[Move]:
    """By LLDP a device says itself which of its ports the cable is in."""
    link = look.expected.link_at(*place.port)
    if link is None or link.b.device != place.who:
        return None
    # What the other one sees itself is better than what it said some time ago.
    if place.port.device in look.places.at.get(link.b, ()):
        return None
    for told in place.remote:
        owner = look.places.owners.get(told)
        port = owner.port if owner is not None and owner.device == place.who else told
        ref = PortRef(place.who, port)
        if ref in look.wiring.ports:
            return Move(place.port.device, ref, link.reversed, place) if ref != link.b else None
    return None


def _once(found: list[Move]) -> list[Move]:
    """Both ends of a link may tell the same."""
    kept: dict[t.Any, Move] = {}
    for move in found:
        kept.setdefault((move.cable.label if move.cable else move.who, move.found), move)
    return list(kept.values())


def _with_switch(look: Look, found: list[Move]) -> list[Move]:
    """Several that are known behind one switch that says nothing of itself, and now together elsewhere: it moved."""
    groups: dict[tuple[str, PortRef], list[Move]] = collections.defaultdict(list)
    for move in found:
        own = look.expected.attachment(move.who)
        if own is not None and _is_silent(look, own.a.device):
            groups[own.a.device, move.found].append(move)
    for (switch, port), members in groups.items():
        link = _link_to(look, switch, port.device)
        if len(members) > 1 and link is not None:
            place = members[0].place._replace(who=switch, evidence="inferred")
            found = [move for move in found if move not in members] + [Move(switch, port, link, place)]
    return found


def _is_silent(look: Look, name: str) -> bool:
    device = look.wiring.devices[name]
    return device.role in FORWARDING and not look.places.is_seen(name)


def misplaced(look: Look, found: list[Move], strangers: t.Mapping[PortRef, list[str]]) -> list[Drift]:
    """Moves as drifts; two that changed places are one. strangers: unknown MAC addresses by the port they are at."""
    drifts, done = [], set()
    for move in found:
        if move in done:
            continue
        other = next((one for one in found if one.found == move.wanted and one.wanted == move.found), None)
        silent = _silent_partner(look, move, strangers) if other is None else None
        if other is not None and other is not move:
            done.add(other)
            drifts.append(_swapped(move, other.link, [other.who], other.place.evidence))
        elif silent is not None:
            drifts.append(_swapped(move, silent, [silent.b.device], "inferred"))
        else:
            drifts.append(_moved(look, move))
    return drifts


def _silent_partner(look: Look, move: Move, strangers: t.Mapping[PortRef, list[str]]) -> t.Optional[Link]:
    """The link of a device without a MAC address in the file, when somebody has its port and a stranger his."""
    link = look.expected.link_at(*move.found)
    if link is None or move.wanted is None or look.places.is_seen(link.b.device):
        return None
    nameless = all(port.mac is None for port in look.wiring.devices[link.b.device].interfaces)
    return link if nameless and len(strangers.get(move.wanted, ())) == 1 else None


def _swapped(move: Move, link: t.Optional[Link], others: list[str], evidence: str) -> Drift:
    own, other = t.cast(Link, move.link), t.cast(Link, link)
    cables = (own.passages[0].cable, other.passages[0].cable)
    first, second = sorted((own, other), key=lambda link: link.passages[0].cable.label)
    weakest = "inferred" if "inferred" in (evidence, move.place.evidence) else "measured"
    return Drift(
        "cables-swapped",
        first.passages[0].cable,
        ("cable", first.passages[0].cable.label),
        {"other": second.passages[0].cable.label, "a": str(first.a), "b": str(second.a)},
        (move.place.port.device,),
        weakest,
        (*_replug(cables[0], own.a, other.a), *_replug(cables[1], other.a, own.a)),
    )


def _replug(cable: Cable, old: PortRef, new: PortRef) -> tuple[Edit, ...]:
    for key in ("a", "b"):
        if getattr(cable, key) == old:
            return (Edit(cable, key, str(old), str(new)),)
    return ()


def _moved(look: Look, move: Move) -> Drift:
    device: Record = look.wiring.devices.get(move.who) or look.wiring.machines[move.who]
    values = {"device": move.who, "found": str(move.found)}
    known = look.places.is_port(move.found)
    edits = _replug(move.cable, move.wanted, move.found) if known and move.cable and move.wanted else ()
    told = (move.place.port.device,)
    if move.rehung and move.cable is not None:
        values["wanted"] = str(move.wanted)
        return Drift("wrong-port", move.cable, ("cable", move.cable.label), values, told, move.place.evidence, edits)
    machine = look.wiring.machines.get(move.who)
    senders = look.wiring.wireless_clients.get(move.who, [])
    values["wanted"] = machine.device if machine is not None else str(move.wanted or ", ".join(senders) or "?")
    # Only a cable of one piece leads from the old place to the new one; what is in the wall stays there.
    whole = move.link is not None and len(move.link.passages) == 1 and machine is None
    kind = "device" if isinstance(device, Device) else "machine"
    return Drift("device-moved", device, (kind, move.who), values, told, move.place.evidence, edits if whole else ())


def strangers_at(look: Look) -> dict[PortRef, list[str]]:
    """MAC addresses that nobody in the file has, by the port where they are; not those on the provider's side."""
    found: dict[PortRef, list[str]] = collections.defaultdict(list)
    for who in sorted(look.places.fresh):
        if who in look.wiring.devices or who in look.wiring.machines:
            continue
        places = [
            place
            for place in look.places.places(who)
            if place.port not in look.expected.outside and place.port.device not in look.nameless
        ]
        if places:
            found[places[0].port].append(who)
    return dict(found)


__all__ = ["Move", "misplaced", "moves", "strangers_at"]
