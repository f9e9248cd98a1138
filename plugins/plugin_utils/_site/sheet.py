# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site's sheet in one language and edition, and the facts that it states."""

from __future__ import annotations

import hashlib
import itertools
import typing as t

from . import sheet_annex, sheet_front
from .drawing import plan_of
from .editions import redacted
from .layout_records import Plan
from .model import Site
from .page_one import arranged
from .phrases import Phrases
from .sheet_blocks import Block, Cards, Codes, Lines, Pairs, Section, Sheet, Shown, Steps, Table
from .sheet_front import Reading
from .wiring import Wiring

Logins = t.Mapping[str, tuple[str, str]]


def sheet_of(site: Site, edition: str, language: str, logins: Logins, revision: str = "") -> Sheet:
    """``logins`` holds (user, secret) in clear; only those of credentials that the edition shows are looked at."""
    site = redacted(site, edition)
    phrases, wiring = Phrases(language), Wiring(site)
    shown = {item.name: logins[item.name] for item in site.credentials if item.name in logins}
    plan = plan_of(site, wiring, phrases)
    rooms = {location.slug: phrases.room(location, site) for location in site.locations}
    order = tuple(wiring.devices[node.name] for node in plan.nodes)
    reading = Reading(site, phrases, order, rooms, shown)
    main = _given(sheet_front.trouble(reading), sheet_front.contacts(reading))
    front = arranged(plan, core_of(plan, site, phrases), main, sheet_front.connecting(reading))
    pages = (
        (
            *front.later,
            *_given(
                sheet_annex.line(reading, wiring),
                sheet_annex.cables(reading, wiring),
                sheet_annex.devices(reading),
                sheet_annex.access(reading) if edition == "handover" else None,
                sheet_annex.ways(reading, wiring),
            ),
        ),
        # On paper of their own, for they are cut out.
        _given(sheet_annex.labels(reading, wiring)),
    )
    annexes = tuple(page for page in pages if page)
    facts = (*_plan_facts(plan), *_facts((*main, *front.side, *itertools.chain(*annexes))))
    say, review = phrases.say, site.review
    digest = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]
    reviewed = str(review.last) if review else say("sheet.never_reviewed")
    due = str(review.every.after(review.last)) if review else "–"
    return Sheet(
        language,
        say("sheet.title", name=phrases.text(site.name)),
        say(f"sheet.edition.{edition}"),
        say("sheet.keep_safe") if any(secret for _user, secret in shown.values()) else "",
        say("sheet.footer", revision=revision or digest[:6], digest=digest, reviewed=reviewed, due=due),
        say("wiring.title"),
        say("wiring.part"),
        say("wiring.overview"),
        front.picture,
        front.rest,
        main,
        front.side,
        annexes,
        (f"{say('sheet.edition.' + edition)}: {reviewed}, {due}, {revision}", *facts),
    )


def core_of(plan: Plan, site: Site, phrases: Phrases) -> Plan:
    """What passes the network on, and all that lies on its way from the line, without what else is plugged in there."""
    parents = {node.name: node.parent for node in plan.nodes}
    kept: set[t.Optional[str]] = set()
    for device in site.devices:
        name: t.Optional[str] = device.name if device.role in sheet_front.RESTARTED else None
        while name is not None and name not in kept:
            kept.add(name)
            name = parents.get(name)
    # Of a cable what tells it from its neighbours; the whole drawing has the rest.
    short = [" ".join(filter(None, (cable.label, phrases.color(cable.color)))) for cable in site.cables]
    # The drawing has the cables first, then the links by radio.
    texts = [*short, *(wire.text for wire in plan.wires[len(short) :])]
    wires = tuple(wire._replace(text=text) for wire, text in zip(plan.wires, texts) if {wire.a[0], wire.b[0]} <= kept)
    used = {end for wire in wires for end in (wire.a, wire.b)}
    nodes = tuple(
        node._replace(
            notes=(),
            sockets=tuple(one for one in node.sockets if one.kind == "line" or (node.name, one.name) in used),
        )
        for node in plan.nodes
        if node.name in kept
    )
    return plan._replace(nodes=nodes, wires=wires)


def _given(*sections: t.Optional[Section]) -> tuple[Section, ...]:
    return tuple(section for section in sections if section is not None)


def _plan_facts(plan: Plan) -> t.Iterator[str]:
    for node in plan.nodes:
        ports = ", ".join(" ".join(filter(None, (socket.label, socket.note))) for socket in node.sockets)
        yield f"{node.room} / {node.label}: {'; '.join((*node.notes, ports))}"


def _facts(sections: t.Iterable[Section]) -> t.Iterator[str]:
    for section in sections:
        for fact in itertools.chain.from_iterable(map(_block_facts, section.blocks)):
            yield f"{section.title}: {fact}"


def _block_facts(block: Block) -> t.Iterator[str]:
    if isinstance(block, (Pairs, Table)):
        for row in block.rows:
            yield " | ".join(map(_fact, row))
    elif isinstance(block, (Steps, Lines)):
        yield from block.items
    elif isinstance(block, Codes):
        yield from (code.caption for code in block.codes)
    elif isinstance(block, Cards):
        # They repeat the cable list.
        return


def _fact(value: str) -> str:
    return "(***)" if isinstance(value, Shown) and value else value.replace("\n", ", ")


__all__ = ["Logins", "sheet_of"]
