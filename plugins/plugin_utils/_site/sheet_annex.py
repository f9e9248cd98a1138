# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The pages after the first: for the technician, the cables, the ways, the devices, the logins, the labels."""

from __future__ import annotations

import typing as t

from ...module_utils._common.errors import InvalidRequest
from .model import Circuit
from .model_devices import Cable
from .model_values import PortRef
from .phrases import Phrases
from .sheet_blocks import Block, Card, Cards, Lines, Pairs, Section, Shown, Table
from .sheet_front import Reading
from .trace import trace
from .trace_text import in_words
from .wiring import Wiring, is_passive


def line(reading: Reading, wiring: Wiring) -> t.Optional[Section]:
    say = reading.phrases.say
    if not reading.site.circuits:
        return None
    blocks: list[Block] = [Pairs(_circuit(circuit, reading, wiring)) for circuit in reading.site.circuits]
    return Section(say("line.title"), (*blocks, Lines((say("line.switch"),))))


def _circuit(circuit: Circuit, reading: Reading, wiring: Wiring) -> tuple[tuple[str, str], ...]:
    say = reading.phrases.say
    rows = [
        (say("line.circuit", name=circuit.cid), say(f"circuit.{circuit.type}")),
        (say("line.provider"), circuit.provider),
        (say("line.service"), say(f"service.{circuit.service}") if circuit.service else ""),
    ]
    if circuit.download_mbps is not None and circuit.upload_mbps is not None:
        speed = say("line.speed_value", down=f"{circuit.download_mbps:g}", up=f"{circuit.upload_mbps:g}")
        rows.append((say("line.speed"), speed))
    if circuit.termination is not None:
        rows.append((say("line.entry"), _end(circuit.termination, reading, wiring)))
        rows += [
            (say("line.first"), f"{cable.label} → {_end(_other(cable, circuit.termination), reading, wiring)}")
            for cable in reading.site.cables
            if circuit.termination.device in (cable.a.device, cable.b.device)
        ]
    rows += [
        (say("line.support"), circuit.support_phone or ""),
        (say("line.number"), circuit.line_number or ""),
    ]
    if circuit.customer in reading.logins:
        user, secret = reading.logins[circuit.customer]
        rows += [(say("line.user"), Shown(user)), (say("line.secret"), Shown(secret))]
    rows.append((say("line.remark"), reading.phrases.text(circuit.description)))
    return tuple(row for row in rows if row[1])


def _other(cable: Cable, near: PortRef) -> PortRef:
    return cable.b if cable.a.device == near.device else cable.a


def _end(port: PortRef, reading: Reading, wiring: Wiring) -> str:
    device, record = wiring.devices.get(port.device), wiring.ports.get(port)
    printed = reading.phrases.port(record) if record is not None else port.port
    name = reading.place(device) if device is not None else port.device
    return reading.phrases.say("cables.end", device=name, port=printed)


def cables(reading: Reading, wiring: Wiring) -> t.Optional[Section]:
    say = reading.phrases.say
    rows = tuple(
        (
            cable.label,
            reading.phrases.looks(cable),
            _end(cable.a, reading, wiring),
            _end(cable.b, reading, wiring),
            reading.phrases.text(cable.description),
        )
        for cable in reading.site.cables
    )
    head = tuple(say(f"cables.{name}") for name in ("label", "kind", "from", "to", "remark"))
    return Section(say("cables.title"), (Table(head, rows, say("cables.tick")),)) if rows else None


def ways(reading: Reading, wiring: Wiring) -> t.Optional[Section]:
    """The trace to every device that is no panel or jack and hangs on a line."""
    blocks = []
    for device in reading.order:
        if is_passive(device) or device.name not in wiring.parents:
            continue
        try:
            found = trace(reading.site, device.name, wiring)
        except InvalidRequest:
            # A line that does not reach it: the rules say so, and there is no way to print.
            continue
        if found.legs:
            _title, *legs = in_words(found, reading.phrases.language).splitlines()
            blocks.append(Lines((reading.place(device), *legs)))
    return Section(reading.phrases.say("ways.title"), tuple(blocks)) if blocks else None


def devices(reading: Reading) -> t.Optional[Section]:
    site, say = reading.site, reading.phrases.say
    addresses: dict[str, list[str]] = {}
    for address in site.ip_addresses:
        if address.interface is not None:
            addresses.setdefault(address.interface.device, []).append(str(address.address.ip))
    rows = []
    for device in reading.order:
        model = " ".join(filter(None, (device.manufacturer, device.model)))
        macs = [port.mac for port in device.interfaces if port.mac]
        own = (model, "\n".join(addresses.get(device.name, ())), "\n".join(macs), device.serial or "")
        rows.append((reading.phrases.label(device), reading.room(device), *own))
    used = [index for index in range(6) if index < 2 or any(row[index] for row in rows)]
    names = ("device", "room", "model", "address", "mac", "serial")
    head = tuple(say(f"devices.{names[index]}") for index in used)
    body = tuple(tuple(row[index] for index in used) for row in rows)
    return Section(say("devices.title"), (Table(head, body),)) if rows else None


def access(reading: Reading) -> t.Optional[Section]:
    say, rows = reading.phrases.say, []
    for credential in reading.site.credentials:
        if credential.name in reading.logins:
            user, secret = reading.logins[credential.name]
            name = reading.phrases.text(credential.label) or credential.name
            rows.append((name, credential.url or "", Shown(user), Shown(secret)))
    head = tuple(say(f"access.{name}") for name in ("name", "url", "user", "secret"))
    return Section(say("access.title"), (Table(head, tuple(rows)),)) if rows else None


def labels(reading: Reading, wiring: Wiring) -> t.Optional[Section]:
    """Two labels for each cable: the end that one holds first."""
    phrases, cards = reading.phrases, []
    for cable in reading.site.cables:
        for here, there in ((cable.a, cable.b), (cable.b, cable.a)):
            cards.append(Card(cable.label, _card(phrases, _end(here, reading, wiring), _end(there, reading, wiring))))
    return Section(phrases.say("labels.title"), (Cards(tuple(cards)),)) if cards else None


def _card(phrases: Phrases, here: str, there: str) -> tuple[str, str]:
    return phrases.say("labels.from", end=here), phrases.say("labels.to", end=there)


__all__ = ["access", "cables", "devices", "labels", "line", "ways"]
