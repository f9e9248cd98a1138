# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A home site as records: what one configures, who helps, and the site that holds it all. The terms are NetBox's."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import typing as t

from .model_devices import VLAN_ID, Cable, Device, Location, VirtualMachine
from .model_fields import Record, RecordOf, field
from .model_kinds import (
    ADDRESS,
    INTERFACE,
    NAME,
    NETWORK,
    SLUG,
    Bilingual,
    Choice,
    Day,
    Every,
    Flag,
    ListOf,
    Number,
    Port,
    Secretly,
    Words,
)
from .model_values import Period, PortRef, Secret, Text

Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
AddressOfInterface = t.Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

CIRCUIT_TYPES = ("adsl", "vdsl", "ftth", "cable", "lte", "5g", "satellite", "isdn", "other")
SERVICES = ("pppoe", "dhcp", "static", "ipoe", "map-e", "ds-lite", "464xlat", "other")
CONTACT_ROLES = ("onsite", "owner", "maintainer", "deputy", "provider", "electrician", "other")
ADDRESS_STATUSES = ("active", "reserved", "dhcp", "slaac", "deprecated")
AUTH_TYPES = ("open", "wep", "wpa-personal", "wpa-enterprise")
TUNNEL_TYPES = ("wireguard", "ipsec", "openvpn", "l2tp", "tailscale", "other")
PHONE = Words(r"[0-9+][0-9 ()*#-]{1,30}", "0120-000-000")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Review(Record):
    CALLED: t.ClassVar[str] = "review"

    last: datetime.date = field(Day(), "The day on which somebody last compared the sheet with the house.")
    every: Period = field(Every(), "How often to do that.", default=Period(1, "y"))
    by: t.Optional[str] = field(Words(), "Who did it.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Contact(Record):
    CALLED: t.ClassVar[str] = "contact"
    KEY: t.ClassVar[str] = "name"

    name: str = field(Words(), "Who it is.", edition="family")
    role: str = field(Choice(CONTACT_ROLES), "What to call them for.", edition="family")
    phone: t.Optional[str] = field(PHONE, "The telephone number, in quotes.", edition="family", default=None)
    email: t.Optional[str] = field(
        Words(r"\S+@\S+", "mother@example.net"), "The mail address.", edition="family", default=None
    )
    edition: str = field(Choice(("family", "handover")), "The first edition that shows this contact.", default="family")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Circuit(Record):
    CALLED: t.ClassVar[str] = "circuit"
    KEY: t.ClassVar[str] = "cid"

    cid: str = field(NAME, "A short name for the line.")
    provider: str = field(Words(), "Who provides it.")
    type: str = field(Choice(CIRCUIT_TYPES), "The kind of line.")
    service: t.Optional[str] = field(Choice(SERVICES), "How it gives addresses.", default=None)
    status: str = field(Choice(("active", "planned", "deprovisioning")), "Whether it is in use.", default="active")
    termination: t.Optional[PortRef] = field(Port(), "The port that the line goes into.", default=None)
    download_mbps: t.Optional[float] = field(Number(0, 1000000, whole=False), "The speed promised, down.", default=None)
    upload_mbps: t.Optional[float] = field(Number(0, 1000000, whole=False), "The speed promised, up.", default=None)
    support_phone: t.Optional[str] = field(PHONE, "The provider's help line, in quotes.", default=None)
    line_number: t.Optional[str] = field(
        Words(), "What the provider knows the line by.", edition="handover", default=None
    )
    customer: t.Optional[str] = field(NAME, "The credential of the contract.", edition="handover", default=None)
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vlan(Record):
    CALLED: t.ClassVar[str] = "VLAN"
    KEY: t.ClassVar[str] = "vid"

    vid: int = field(VLAN_ID, "Its number.")
    name: Text = field(Bilingual(), "What it is for.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class IpRange(Record):
    CALLED: t.ClassVar[str] = "range"
    KEY: t.ClassVar[str] = "start"

    start: Address = field(ADDRESS, "Its first address.", edition="family")
    end: Address = field(ADDRESS, "Its last address.", edition="family")
    role: str = field(
        Choice(("dhcp", "reserved")), "What it is for: a pool, or kept free.", edition="family", default="dhcp"
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prefix(Record):
    CALLED: t.ClassVar[str] = "prefix"
    KEY: t.ClassVar[str] = "prefix"

    prefix: Network = field(NETWORK, "The network.", edition="family")
    vlan: t.Optional[int] = field(VLAN_ID, "The VLAN that carries it.", default=None)
    role: str = field(Choice(("lan", "guest", "management", "vpn", "transit")), "What it is for.", default="lan")
    gateway: t.Optional[Address] = field(ADDRESS, "The address that leads out.", edition="family", default=None)
    dns: tuple[Address, ...] = field(ListOf(ADDRESS), "The name servers that its clients ask.", edition="family")
    ip_ranges: tuple[IpRange, ...] = field(ListOf(RecordOf(IpRange)), "Its pools.", edition="family")
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class IpAddress(Record):
    CALLED: t.ClassVar[str] = "address"
    KEY: t.ClassVar[str] = "address"

    address: AddressOfInterface = field(INTERFACE, "The address with its prefix length.", edition="family")
    interface: t.Optional[PortRef] = field(Port(), "The interface that has it.", default=None)
    status: str = field(
        Choice(ADDRESS_STATUSES),
        "active: set on the device. reserved: the DHCP server always gives it this one.",
        edition="family",
        default="active",
    )
    dns_name: t.Optional[str] = field(
        Words(r"[A-Za-z0-9_.-]{1,253}", "nas.home.example"), "Its name in the DNS.", edition="family", default=None
    )
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WirelessLan(Record):
    CALLED: t.ClassVar[str] = "Wi-Fi"
    KEY: t.ClassVar[str] = "ssid"

    ssid: str = field(Words(), "The name that clients see.", edition="family")
    devices: tuple[str, ...] = field(ListOf(NAME), "The devices that send it.")
    vlan: t.Optional[int] = field(VLAN_ID, "The VLAN that its clients are in.", default=None)
    auth: str = field(Choice(AUTH_TYPES), "How clients prove that they may.", default="wpa-personal")
    credential: t.Optional[str] = field(NAME, "The credential with its password.", edition="family", default=None)
    hidden: bool = field(Flag(), "Whether it does not announce its name.", edition="family", default=False)
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WirelessLink(Record):
    CALLED: t.ClassVar[str] = "wireless link"
    KEY: t.ClassVar[str] = "label"

    label: str = field(NAME, "A short name for the link.")
    a: PortRef = field(Port(), "The radio nearer to the line.")
    b: PortRef = field(Port(), "The other radio.")
    status: str = field(Choice(("connected", "planned")), "Whether it is in use.", default="connected")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tunnel(Record):
    CALLED: t.ClassVar[str] = "tunnel"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "A short name for the VPN.")
    type: str = field(Choice(TUNNEL_TYPES), "The kind of VPN.", default="wireguard")
    peers: tuple[str, ...] = field(ListOf(SLUG), "The sites at its other ends, by their slugs.", edition="family")
    termination: t.Optional[PortRef] = field(Port(), "The interface that it ends at.", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Credential(Record):
    CALLED: t.ClassVar[str] = "credential"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "What devices, circuits and Wi-Fis call it.", edition="family")
    label: t.Optional[Text] = field(Bilingual(), "The name on the sheet.", edition="family", default=None)
    user: t.Optional[Secret] = field(Secretly(), "The user's name.", edition="family", default=None)
    secret: t.Optional[Secret] = field(
        Secretly(), "The password: a vaulted variable in braces, or !vault.", edition="family", default=None
    )
    url: t.Optional[str] = field(
        Words(r"https?://\S+", "http://192.0.2.1/"), "Where to log in.", edition="family", default=None
    )
    edition: str = field(Choice(("family", "handover")), "The first edition that shows it.", default="handover")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site(Record):
    CALLED: t.ClassVar[str] = "site"
    KEY: t.ClassVar[str] = "slug"

    slug: str = field(SLUG, "The site's short name, which no other site has.")
    name: Text = field(Bilingual(), "What the family calls it.", edition="family")
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)
    address: t.Optional[Text] = field(Bilingual(), "Where the house stands.", edition="handover", default=None)
    tags: tuple[str, ...] = field(ListOf(SLUG), "Words to group sites by.")
    review: t.Optional[Review] = field(
        RecordOf(Review), "When the sheet was last compared with the house.", default=None
    )
    contacts: tuple[Contact, ...] = field(ListOf(RecordOf(Contact)), "Who to call.", edition="family")
    locations: tuple[Location, ...] = field(ListOf(RecordOf(Location)), "The rooms.")
    circuits: tuple[Circuit, ...] = field(ListOf(RecordOf(Circuit)), "The lines into the house.")
    devices: tuple[Device, ...] = field(ListOf(RecordOf(Device)), "Everything with a port, wall jacks too.")
    virtual_machines: tuple[VirtualMachine, ...] = field(ListOf(RecordOf(VirtualMachine)), "The guests of hypervisors.")
    cables: tuple[Cable, ...] = field(ListOf(RecordOf(Cable)), "Every cable, those in the walls too.")
    wireless_links: tuple[WirelessLink, ...] = field(ListOf(RecordOf(WirelessLink)), "Wi-Fi in place of a cable.")
    vlans: tuple[Vlan, ...] = field(ListOf(RecordOf(Vlan)), "The VLANs.")
    prefixes: tuple[Prefix, ...] = field(ListOf(RecordOf(Prefix)), "The networks.", edition="family")
    ip_addresses: tuple[IpAddress, ...] = field(
        ListOf(RecordOf(IpAddress)), "Addresses that do not change.", edition="family"
    )
    wireless_lans: tuple[WirelessLan, ...] = field(
        ListOf(RecordOf(WirelessLan)), "The Wi-Fi networks.", edition="family"
    )
    tunnels: tuple[Tunnel, ...] = field(ListOf(RecordOf(Tunnel)), "VPNs to other sites.", edition="family")
    credentials: tuple[Credential, ...] = field(ListOf(RecordOf(Credential)), "Who may do what.", edition="family")


__all__ = [
    "ADDRESS_STATUSES",
    "AUTH_TYPES",
    "CIRCUIT_TYPES",
    "CONTACT_ROLES",
    "SERVICES",
    "TUNNEL_TYPES",
    "Circuit",
    "Contact",
    "Credential",
    "IpAddress",
    "IpRange",
    "Prefix",
    "Review",
    "Site",
    "Tunnel",
    "Vlan",
    "WirelessLan",
    "WirelessLink",
]
