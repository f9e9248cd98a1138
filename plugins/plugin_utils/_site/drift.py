# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site file beside what its devices told: what differs, and what nobody could see.

What was not seen is unknown: a device may be switched off, and the file be true.
"""

from __future__ import annotations

import typing as t

from . import drift_addresses, drift_places, drift_strangers
from .drift_book import RULES, Drift, Look
from .drift_text import Told, told
from .hosts import hosts_of
from .model import Site
from .model_values import PortRef
from .observe_names import made_up, pick, words
from .observed import Observed
from .phrases import Phrases
from .wiring import FORWARDING


class Unknown(t.NamedTuple):
    """A device of which nothing can be said. reason: "unreachable", "not-asked", "not-seen" or "no-mac"."""

    device: str
    reason: str
    why: str


class Comparison(t.NamedTuple):
    """drifts: what differs. unknown: what nobody saw. seen: who was seen where, of the devices in the file.

    answered: the devices whose answers were used. passing: how many made-up MAC addresses were seen.
    """

    drifts: tuple[Told, ...]
    unknown: tuple[Unknown, ...]
    seen: tuple[dict[str, t.Any], ...]
    answered: tuple[str, ...]
    passing: int


def compare(site: Site, results: t.Mapping[str, t.Any], language: str) -> Comparison:
    """Compare one site. results: for each inventory host what its task registered, or another observation of it."""
    answers, failures = answers_of(site, results)
    look = Look(site, answers)
    order = [rule.id for rule in RULES]
    drifts = sorted(_drifts(look), key=lambda drift: (drift.record.origin.line, order.index(drift.rule)))
    phrases = Phrases(language)
    known = {*look.wiring.devices, *look.wiring.machines}
    inferred = {drift.about[1].partition(":")[0] for drift in drifts if drift.rule == "mac-missing"}
    return Comparison(
        tuple({drift.identity: told(drift, phrases) for drift in drifts}.values()),
        tuple(one for one in _unknown(look, failures) if one.device not in inferred),
        tuple(_seen(look)),
        tuple(look.answers),
        sum(made_up(who) for who in look.places.fresh if who not in known),
    )


def answers_of(site: Site, results: t.Mapping[str, t.Any]) -> tuple[dict[str, Observed], dict[str, str]]:
    """The answers of this site's devices, and of those that were asked in vain why."""
    names = {host.name: t.cast(str, host.variables["home_device"]["name"]) for host in hosts_of(site)}
    answers, failures = {}, {}
    for host, result in results.items():
        observation = pick(result, "observation") if pick(result, "observation") is not None else result
        claimed = words(pick(observation, "device")) if words(pick(observation, "site")) == site.slug else ""
        name = claimed or names.get(host, "")
        if not name:
            continue
        if isinstance(pick(observation, "interfaces"), list) and not pick(result, "failed"):
            answers[name] = Observed(name, observation)
        else:
            failures[name] = words(pick(result, "msg"), 200) or "?"
    return answers, failures


def _drifts(look: Look) -> t.Iterator[Drift]:
    yield from drift_strangers.replaced(look)
    yield from drift_strangers.renamed(look)
    strangers = drift_places.strangers_at(look)
    moves = drift_places.moves(look)
    misplaced = drift_places.misplaced(look, moves, strangers)
    yield from misplaced
    roles = {device.name: device.role for device in look.site.devices}
    forwarding = {move.found for move in moves if roles.get(move.who) in FORWARDING}
    crowds = drift_strangers.crowds(look, strangers, forwarding)
    yield from crowds
    spoken_for = {PortRef(*drift.about[1].split(":", 1)) for drift in crowds}
    for drift in misplaced:
        if drift.rule == "cables-swapped" and drift.evidence == "inferred":
            spoken_for |= {PortRef(*t.cast(str, drift.values[end]).split(":", 1)) for end in ("a", "b")}
    yield from drift_strangers.unknown(look, strangers, spoken_for)
    yield from drift_strangers.learnable(look, strangers, spoken_for)
    yield from drift_addresses.addresses(look)
    yield from drift_addresses.leases(look)
    elsewhere = {move.who for move in moves} | {move.cable.label for move in moves if move.cable is not None}
    yield from drift_addresses.links_down(look, elsewhere)
    yield from drift_addresses.loops(look)


def _unknown(look: Look, failures: t.Mapping[str, str]) -> t.Iterator[Unknown]:
    """Everybody of whom nothing was heard, in the order of the file."""
    for device in look.site.devices:
        if device.status != "active" or look.places.is_seen(device.name) or device.name in look.places.replaced:
            continue
        if device.name in failures:
            yield Unknown(device.name, "unreachable", failures[device.name])
        elif device.managed or device.hypervisor:
            yield Unknown(device.name, "not-asked", "")
        elif device.interfaces and (device.role != "switch" or any(port.mac for port in device.interfaces)):
            # A switch without a MAC address says nothing, and that is no gap in the file.
            yield Unknown(device.name, "not-seen" if any(port.mac for port in device.interfaces) else "no-mac", "")
    for name, why in failures.items():
        if look.places.is_seen(name):
            yield Unknown(name, "unreachable", why)


def _seen(look: Look) -> t.Iterator[dict[str, t.Any]]:
    for name in (*look.wiring.devices, *look.wiring.machines):
        for place in look.places.places(name):
            confirmed = place.evidence == "confirmed" or len({one.observer for one in look.places.fresh[name]}) > 1
            yield {
                "device": name,
                "port": str(place.port),
                "as_written": look.places.right(place),
                "evidence": "confirmed" if confirmed else place.evidence,
                "sources": list(place.sources),
            }


__all__ = ["Comparison", "Unknown", "answers_of", "compare"]
