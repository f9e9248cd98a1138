# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Rules about who may do what, who helps, and whether the sheet is still true."""

from __future__ import annotations

import re
import typing as t

from .model_devices import Location
from .model_fields import Record
from .rules_book import Rules, Trouble, World

RULES = Rules()
Troubles = t.Iterator[Trouble]


def _users(world: World) -> t.Iterator[tuple[Record, str, t.Optional[str]]]:
    """Every place that can name a credential."""
    for device in world.site.devices:
        yield device, "credential", device.credential
    for circuit in world.site.circuits:
        yield circuit, "customer", circuit.customer
    for lan in world.site.wireless_lans:
        yield lan, "credential", lan.credential


@RULES.rule(
    "credential-unknown", "error", "A credential that is named is there.", "add it to credentials, or mend its name"
)
def credential_unknown(world: World) -> Troubles:
    known = {credential.name for credential in world.site.credentials}
    for record, key, name in _users(world):
        if name is not None and name not in known and world.readable(name):
            yield Trouble(record, f"there is no credential {name}", key)


@RULES.rule("credential-unused", "warning", "A credential is for something.", "name it where it is used, or remove it")
def credential_unused(world: World) -> Troubles:
    used = {name for _record, _key, name in _users(world)}
    # One that only opens a page is used by whoever opens the page.
    for credential in world.site.credentials:
        if credential.name not in used and "url" not in credential.origin.lines:
            yield Trouble(credential, "nothing uses it")


@RULES.rule(
    "credential-missing",
    "warning",
    "What wants a password has a credential.",
    "add credential:, and the credential itself",
)
def credential_missing(world: World) -> Troubles:
    for device in world.site.devices:
        if device.managed is not None and "credential" not in device.origin.lines:
            yield Trouble(device, f"it is managed ({device.managed}), but nobody knows how to log in", "managed")
    for lan in world.site.wireless_lans:
        if lan.auth != "open" and "credential" not in lan.origin.lines:
            yield Trouble(lan, "its password is nowhere")


@RULES.rule("credential-empty", "warning", "A credential holds a secret.", "add secret: with a vaulted variable")
def credential_empty(world: World) -> Troubles:
    for credential in world.site.credentials:
        if "secret" not in credential.origin.lines:
            yield Trouble(credential, "it has no secret")


@RULES.rule(
    "credential-plain",
    "error",
    "A secret does not stand in a site file for all to read.",
    "put it into a vaulted variable and write '{{ that_variable }}', and change it, for it was readable",
)
def credential_plain(world: World) -> Troubles:
    for credential in world.site.credentials:
        if credential.secret is not None and credential.secret.kind == "plain":
            yield Trouble(credential, "its secret is written in plain", "secret")


@RULES.rule(
    "wifi-password-withheld",
    "notice",
    "The family's sheet has the Wi-Fi passwords.",
    "set the credential's edition to family",
)
def wifi_password_withheld(world: World) -> Troubles:
    used = {lan.credential for lan in world.site.wireless_lans}
    for credential in world.site.credentials:
        if credential.name in used and credential.edition != "family" and "edition" not in credential.origin.lines:
            yield Trouble(credential, "it is for a Wi-Fi, but only the handover sheet shows it")


@RULES.rule(
    "managed-without-address",
    "warning",
    "Ansible knows where to reach what it manages.",
    "add connection: or an address",
)
def managed_without_address(world: World) -> Troubles:
    addressed = {address.interface.device for address in world.site.ip_addresses if address.interface}
    for device in world.site.devices:
        wanted = device.managed is not None or device.hypervisor is not None
        named = device.connection is not None and device.connection.host is not None
        if wanted and not named and device.name not in addressed and device.status == "active":
            if "connection" not in device.origin.lines or device.connection is not None:
                yield Trouble(device, "it has neither an address nor connection.host")


@RULES.rule(
    "review-missing", "notice", "The site says when somebody last compared it with the house.", "add review: {last: …}"
)
def review_missing(world: World) -> Troubles:
    if "review" not in world.site.origin.lines:
        yield Trouble(world.site, "nobody ever compared it with the house")


@RULES.rule(
    "review-overdue",
    "warning",
    "The site was compared with the house as often as it says.",
    "print the cable list, tick it off in the house, and set review.last",
)
def review_overdue(world: World) -> Troubles:
    review = world.site.review
    if review is not None and review.last <= world.today:
        due = review.every.after(review.last)
        if due < world.today:
            message = f"the last review was on {review.last}, the next was due on {due}"
            yield Trouble(review, message, "last", f"{world.site.called}, review")


@RULES.rule("review-in-future", "error", "A review has been.", "mend the date")
def review_in_future(world: World) -> Troubles:
    review = world.site.review
    if review is not None and review.last > world.today:
        yield Trouble(review, f"{review.last} is yet to come", "last", f"{world.site.called}, review")


@RULES.rule("contact-missing", "notice", "The site says who can be called.", "add contacts: with somebody who is there")
def contact_missing(world: World) -> Troubles:
    if "contacts" not in world.site.origin.lines:
        yield Trouble(world.site, "it names nobody")


@RULES.rule(
    "contact-unreachable", "warning", "A contact has a telephone number or a mail address.", "add phone: or email:"
)
def contact_unreachable(world: World) -> Troubles:
    for contact in world.site.contacts:
        if not {"phone", "email"} & set(contact.origin.lines):
            yield Trouble(contact, "there is no way to reach this contact")


@RULES.rule(
    "person-public",
    "notice",
    "No device, room or guest is called after a contact, for the public edition shows what they are called.",
    "call it after what it is or where it stands, or print no public edition",
)
def person_public(world: World) -> Troubles:
    site = world.site
    for record in (*site.locations, *site.devices, *site.virtual_machines):
        title = record.name if isinstance(record, Location) else record.label
        called = {getattr(record, record.KEY), *(title or ())}
        for contact in site.contacts:
            if any(_names(text, contact.name) for text in called):
                key = "name" if isinstance(record, Location) else "label"
                yield Trouble(record, f"it is called after {contact.name}", key)


def _names(text: str, person: str) -> bool:
    """Whether a text holds a name. Of a single letter, such as the word for mother, nobody is known."""
    if len(person) < 2:
        return False
    if person.isascii():
        return re.search(rf"\b{re.escape(person)}\b", text, re.IGNORECASE) is not None
    return person in text


__all__ = ["RULES"]
