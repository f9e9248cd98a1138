# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What one can touch: rooms, devices with their ports, cables. The terms are NetBox's."""

from __future__ import annotations

import dataclasses
import typing as t

from .model_fields import Record, RecordOf, field
from .model_kinds import NAME, SLUG, Bilingual, Choice, Flag, ListOf, Mac, Number, Port, Words
from .model_values import PortRef, Text

VLAN_ID = Number(1, 4094)

ROLES = (
    "onu",
    "modem",
    "router",
    "switch",
    "access-point",
    "patch-panel",
    "wall-jack",
    "splitter",
    "hypervisor",
    "server",
    "endpoint",
    "phone",
    "printer",
    "camera",
    "tv",
)
# What a device is reached with, so that Ansible can work on it.
MANAGED = ("openwrt", "routeros", "linux", "windows")
HYPERVISORS = ("xen", "kvm", "hyper-v", "esxi", "proxmox", "other")
STATUSES = ("active", "planned", "offline")
WIRED = (
    "10base-t",
    "100base-tx",
    "1000base-t",
    "2.5gbase-t",
    "5gbase-t",
    "10gbase-t",
    "1000base-x-sfp",
    "10gbase-x-sfpp",
    "epon",
    "gpon",
    "10g-epon",
    "xg-pon",
    "xgs-pon",
    "xdsl",
    "docsis",
    "moca",
    "powerline",
    "telephone",
    "other",
)
WIRELESS = (
    "ieee802.11b",
    "ieee802.11g",
    "ieee802.11a",
    "ieee802.11n",
    "ieee802.11ac",
    "ieee802.11ax",
    "ieee802.11be",
    "lte",
    "5g",
    "other-wireless",
)
VIRTUAL = ("virtual", "bridge", "lag")
FRONT_TYPES = ("8p8c", "6p4c", "6p2c", "lc", "sc", "f", "other")
CABLE_TYPES = (
    "cat3",
    "cat5",
    "cat5e",
    "cat6",
    "cat6a",
    "cat7",
    "cat8",
    "mmf",
    "smf",
    "coaxial",
    "telephone",
    "dac-passive",
    "powerline",
    "other",
)
CABLE_STATUSES = ("connected", "planned", "decommissioning")
COLORS = (
    "black",
    "white",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "light-blue",
    "blue",
    "purple",
    "pink",
    "brown",
    "beige",
    "clear",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Location(Record):
    CALLED: t.ClassVar[str] = "location"
    KEY: t.ClassVar[str] = "slug"

    slug: str = field(SLUG, "What devices call the room.")
    name: Text = field(Bilingual(), "The room's name on the sheet.")
    floor: t.Optional[int] = field(Number(-9, 200), "The floor, the ground floor being 1.", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Interface(Record):
    CALLED: t.ClassVar[str] = "interface"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "The name that the device itself uses, or what is printed beside the port.")
    label: t.Optional[str] = field(
        Words(), "What is printed beside the port, where that is another name.", default=None
    )
    type: str = field(Choice(WIRED + WIRELESS + VIRTUAL), "The kind of port, as NetBox calls it.", default="1000base-t")
    mac: t.Optional[str] = field(Mac(), "The MAC address.", edition="family", default=None)
    members: tuple[str, ...] = field(ListOf(NAME), "The interfaces that a bridge or lag joins.")
    untagged_vlan: t.Optional[int] = field(VLAN_ID, "The VLAN of frames without a tag.", default=None)
    tagged_vlans: tuple[int, ...] = field(ListOf(VLAN_ID), "The VLANs whose frames carry a tag here.")
    wireless_lans: tuple[str, ...] = field(
        ListOf(Words()), "The Wi-Fis that a client's radio joins, by their SSIDs.", edition="family"
    )
    enabled: bool = field(Flag(), "Whether it is switched on.", default=True)
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class RearPort(Record):
    CALLED: t.ClassVar[str] = "rear port"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "The end of the cable in the wall, seen from the panel or jack.")
    label: t.Optional[Text] = field(
        Bilingual(), "What one calls it, or what is printed beside it, where that is another name.", default=None
    )
    type: str = field(Choice(FRONT_TYPES), "The kind of socket.", default="8p8c")
    positions: int = field(Number(1, 1024), "How many front ports it carries.", default=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class FrontPort(Record):
    CALLED: t.ClassVar[str] = "front port"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "The socket that one plugs into.")
    label: t.Optional[Text] = field(
        Bilingual(), "What one calls it, or what is printed beside it, where that is another name.", default=None
    )
    type: str = field(Choice(FRONT_TYPES), "The kind of socket.", default="8p8c")
    rear_port: str = field(NAME, "The rear port of the same device that it leads to.")
    rear_port_position: int = field(Number(1, 1024), "Its place on that rear port.", default=1)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Connection(Record):
    """How Ansible reaches a device; the user and the secret are its credential's."""

    CALLED: t.ClassVar[str] = "connection"

    host: t.Optional[str] = field(
        Words(r"[A-Za-z0-9.:_-]+", "rt.example.net or 192.0.2.1"),
        "The name or address to connect to, by default the device's first address.",
        edition="handover",
        default=None,
    )
    port: t.Optional[int] = field(Number(1, 65535), "The port, by default 22.", edition="handover", default=None)
    jump: t.Optional[str] = field(
        Words(r"([A-Za-z0-9._-]+@)?[A-Za-z0-9._-]+(:[0-9]+)?", "admin@gate.example.net:22"),
        "The ssh host on the way there.",
        edition="handover",
        default=None,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Device(Record):
    CALLED: t.ClassVar[str] = "device"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "The short name that cables use.")
    label: t.Optional[Text] = field(Bilingual(), "The name on the sheet, where another one is better.", default=None)
    role: str = field(Choice(ROLES), "What it does.")
    status: str = field(Choice(STATUSES), "Whether it is in use.", default="active")
    location: t.Optional[str] = field(SLUG, "The room it stands in.", default=None)
    manufacturer: t.Optional[str] = field(Words(), "Who made it.", default=None)
    model: t.Optional[str] = field(Words(), "What is printed on the box.", default=None)
    serial: t.Optional[str] = field(Words(), "The serial number.", edition="handover", default=None)
    managed: t.Optional[str] = field(
        Choice(MANAGED), "What Ansible works on it with. Leave it out for what cannot be managed.", default=None
    )
    hypervisor: t.Optional[str] = field(Choice(HYPERVISORS), "The hypervisor that runs on it.", default=None)
    connection: t.Optional[Connection] = field(
        RecordOf(Connection), "How Ansible reaches it.", edition="handover", default=None
    )
    credential: t.Optional[str] = field(
        NAME, "The credential for its administration.", edition="handover", default=None
    )
    restart_order: t.Optional[int] = field(
        Number(1, 99),
        "Its turn when everything is switched off and on; by default by its way from the line.",
        default=None,
    )
    restart_wait_s: t.Optional[int] = field(Number(0, 3600), "Seconds to wait after switching it on.", default=None)
    interfaces: tuple[Interface, ...] = field(ListOf(RecordOf(Interface)), "Its network ports and radios.")
    front_ports: tuple[FrontPort, ...] = field(ListOf(RecordOf(FrontPort)), "The sockets of a panel or wall jack.")
    rear_ports: tuple[RearPort, ...] = field(ListOf(RecordOf(RearPort)), "What lies behind those sockets.")
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class VirtualMachine(Record):
    CALLED: t.ClassVar[str] = "virtual machine"
    KEY: t.ClassVar[str] = "name"

    name: str = field(NAME, "Its name; no device has the same.")
    label: t.Optional[Text] = field(Bilingual(), "The name on the sheet, where another one is better.", default=None)
    device: str = field(NAME, "The device whose hypervisor runs it.")
    status: str = field(Choice(STATUSES), "Whether it is in use.", default="active")
    interfaces: tuple[Interface, ...] = field(ListOf(RecordOf(Interface)), "Its network interfaces.")
    description: t.Optional[Text] = field(Bilingual(), "A remark.", edition="family", default=None)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cable(Record):
    CALLED: t.ClassVar[str] = "cable"
    KEY: t.ClassVar[str] = "label"

    label: str = field(NAME, "What is written on both ends of the cable.")
    a: PortRef = field(Port(), "The end nearer to the line.")
    b: PortRef = field(Port(), "The other end.")
    type: t.Optional[str] = field(Choice(CABLE_TYPES), "The kind of cable.", default=None)
    color: t.Optional[str] = field(Choice(COLORS), "Its colour.", default=None)
    length_m: t.Optional[float] = field(Number(0, 10000, whole=False), "Its length in metres.", default=None)
    status: str = field(
        Choice(CABLE_STATUSES), "A planned cable is drawn, but carries nothing yet.", default="connected"
    )
    description: t.Optional[Text] = field(
        Bilingual(), "A remark, such as where it runs.", edition="family", default=None
    )


__all__ = [
    "CABLE_STATUSES",
    "CABLE_TYPES",
    "COLORS",
    "FRONT_TYPES",
    "HYPERVISORS",
    "MANAGED",
    "ROLES",
    "STATUSES",
    "VIRTUAL",
    "VLAN_ID",
    "WIRED",
    "WIRELESS",
    "Cable",
    "Connection",
    "Device",
    "FrontPort",
    "Interface",
    "Location",
    "RearPort",
    "VirtualMachine",
]
