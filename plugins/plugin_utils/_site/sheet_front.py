# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The first page: what to do when it does not work, how to connect a device, who to call."""

from __future__ import annotations

import typing as t

from .model import Contact, Site, WirelessLan
from .model_devices import Device
from .page_one import Connecting
from .phrases import Phrases
from .sheet_blocks import Block, Code, Codes, Pairs, Section, Shown, Steps, Table
from .wifi_code import wifi_payload

# What is switched off and on. A hypervisor or a server is not: that would lose what runs on it.
RESTARTED = ("onu", "modem", "router", "switch", "access-point")
UNORDERED = 100


class Reading(t.NamedTuple):
    """What the sections read. order: the devices by their way from the line; rooms: names by slug;
    logins: (user, secret) of the credentials that the edition shows."""

    site: Site
    phrases: Phrases
    order: tuple[Device, ...]
    rooms: t.Mapping[str, str]
    logins: t.Mapping[str, tuple[str, str]]

    def room(self, device: Device) -> str:
        return self.rooms.get(device.location or "", device.location or "")

    def place(self, device: Device) -> str:
        label, room = self.phrases.label(device), self.room(device)
        return self.phrases.say("place", label=label, room=room) if room else label


def trouble(reading: Reading) -> Section:
    say = reading.phrases.say
    steps = [say("trouble.others"), say("trouble.cables")]
    devices = [device for device in reading.order if device.role in RESTARTED and device.status == "active"]
    # A stable sort: without an order of their own they follow their way from the line.
    devices.sort(key=lambda device: device.restart_order or UNORDERED)
    if devices:
        names = reading.phrases.listed(map(reading.phrases.label, devices))
        steps += [say("trouble.off", devices=names), say("trouble.off_wait")]
    for device in devices:
        wait = device.restart_wait_s
        said = say("trouble.until_steady") if wait is None else reading.phrases.duration(wait)
        steps.append(say("trouble.on", device=reading.place(device), wait=said))
    steps.append(say("trouble.call" if reading.site.contacts else "trouble.ask"))
    return Section(say("trouble.title"), (Steps(tuple(steps)),))


def connecting(reading: Reading) -> Connecting:
    """How to connect a device; its parts for a page that has room for one of them only."""
    say = reading.phrases.say
    codes, wifi, networks = _clients(reading)
    blocks: tuple[Block, ...] = (Codes(tuple(codes)),) if codes else ()

    def section(key: str, before: tuple[Block, ...], rows: list[tuple[str, str]]) -> tuple[Section, ...]:
        return (Section(say(key), (*before, Pairs(tuple(rows)))),) if rows else ()

    return Connecting(
        section("clients.title", blocks, [*wifi, *networks]),
        section("clients.title", blocks, wifi),
        section("clients.networks", (), networks),
    )


def _clients(reading: Reading) -> tuple[list[Code], list[tuple[str, str]], list[tuple[str, str]]]:
    say, site = reading.phrases.say, reading.site
    rows: list[tuple[str, str]] = []
    codes: list[Code] = []
    for lan in site.wireless_lans:
        rows.append((say("clients.ssid"), f"{lan.ssid} {say('clients.hidden')}" if lan.hidden else lan.ssid))
        password = _password(lan, reading)
        if password is not None:
            rows.append((say("clients.password"), password or say("clients.no_password")))
            codes.append(Code(wifi_payload(lan, password), say("clients.scan", ssid=lan.ssid)))
    if any(pool.role == "dhcp" for prefix in site.prefixes for pool in prefix.ip_ranges):
        rows.append((say("clients.automatic"), say("clients.automatic_value")))
    wifi, rows = rows, []
    for prefix in site.prefixes:
        rows.append((say("clients.network"), str(prefix.prefix)))
        if prefix.gateway:
            rows.append((say("clients.gateway"), str(prefix.gateway)))
        if prefix.dns:
            rows.append((say("clients.dns"), reading.phrases.listed(map(str, prefix.dns))))
        rows += [
            (say("clients.pool"), f"{pool.start} –\n{pool.end}") for pool in prefix.ip_ranges if pool.role == "dhcp"
        ]
    return codes, wifi, rows


def _password(lan: WirelessLan, reading: Reading) -> t.Optional[str]:
    """The Wi-Fi's password, "" where it has none, None where the edition does not show it or a code cannot hold it."""
    if lan.auth == "open":
        return ""
    if lan.credential is None or lan.credential not in reading.logins or lan.auth == "wpa-enterprise":
        return None
    secret = reading.logins[lan.credential][1]
    return Shown(secret) if secret else None


def contacts(reading: Reading) -> t.Optional[Section]:
    say = reading.phrases.say
    rows = [_contact(contact, reading) for contact in reading.site.contacts]
    for circuit in reading.site.circuits:
        if circuit.support_phone:
            rows.append((say("contacts.line", provider=circuit.provider), "", circuit.support_phone))
    if not rows:
        return None
    return Section(say("contacts.title"), (Table((), tuple(rows)),))


def _contact(contact: Contact, reading: Reading) -> tuple[str, str, str]:
    reached = "\n".join(filter(None, (contact.phone, contact.email)))
    return contact.name, reading.phrases.say(f"contact.{contact.role}"), reached


__all__ = ["RESTARTED", "Reading", "connecting", "contacts", "trouble"]
