# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Rules about names, ports and the ends of cables."""

from __future__ import annotations

import collections
import typing as t

from .model_devices import Device, Interface, RearPort
from .model_fields import Record
from .model_values import PortRef
from .rules_book import Rules, Trouble, World, named
from .wiring import is_wired

RULES = Rules()
Troubles = t.Iterator[Trouble]


@RULES.rule(
    "name-twice", "error", "No two records of one kind have the same name.", "rename one, on the label and in the file"
)
def name_twice(world: World) -> Troubles:
    site = world.site
    groups: list[tuple[str, tuple[Record, ...]]] = [
        ("", site.locations),
        ("", site.circuits),
        ("", (*site.devices, *site.virtual_machines)),
        ("", (*site.cables, *site.wireless_links)),
        ("", site.vlans),
        ("", site.tunnels),
        ("", site.credentials),
    ]
    for device in site.devices:
        groups.append((f"{device.called}, ", (*device.interfaces, *device.front_ports, *device.rear_ports)))
    for machine in site.virtual_machines:
        groups.append((f"{machine.called}, ", machine.interfaces))
    for around, records in groups:
        first: dict[str, Record] = {}
        for record in records:
            name = str(getattr(record, record.KEY))
            other = first.setdefault(name, record)
            if other is not record:
                message = f"line {other.origin.line} has the same name"
                yield Trouble(record, message, record.KEY, f"{around}{record.called}")


def _ends(world: World) -> t.Iterator[tuple[Record, str, PortRef]]:
    """Every place in the file that names a port."""
    for joining in (*world.site.cables, *world.site.wireless_links):
        yield joining, "a", joining.a
        yield joining, "b", joining.b
    for record in (*world.site.circuits, *world.site.tunnels):
        if record.termination is not None:
            yield record, "termination", record.termination
    for address in world.site.ip_addresses:
        if address.interface is not None:
            yield address, "interface", address.interface


@RULES.rule(
    "port-unknown", "error", "What a cable, line, tunnel or address names is there.", "mend the name, or add the port"
)
def port_unknown(world: World) -> Troubles:
    wiring = world.wiring
    for record, key, end in _ends(world):
        owner: t.Any = wiring.devices.get(end.device) or wiring.machines.get(end.device)
        if not world.readable(end.device) or (owner is not None and not world.readable(end.port)):
            continue
        if owner is None:
            yield Trouble(record, f"{key} is '{end}', but there is no device {end.device}", key)
        elif end not in wiring.ports and not _unread_ports(owner):
            yield Trouble(record, f"{key} is '{end}', but {owner.called} has no port {end.port}", key)


def _unread_ports(owner: t.Any) -> bool:
    """Whether the file gives it ports and none of them could be read."""
    return "interfaces" in owner.origin.lines and not owner.interfaces


@RULES.rule("port-used-twice", "error", "A port takes one cable.", "move one of the cables, or mend the port's name")
def port_used_twice(world: World) -> Troubles:
    for port, cables in world.wiring.cables_at.items():
        standing = [cable for cable in cables if cable.status == "connected"]
        for cable in standing[1:]:
            key = "a" if cable.a == port else "b"
            yield Trouble(cable, f"'{port}' has {standing[0].called} already (line {standing[0].origin.line})", key)
    lines: dict[PortRef, Record] = {}
    for circuit in world.site.circuits:
        if circuit.termination is None or circuit.status == "planned":
            continue
        other = lines.setdefault(circuit.termination, circuit)
        cable = next(iter(world.wiring.cables_at.get(circuit.termination, ())), None)
        if other is not circuit:
            yield Trouble(circuit, f"'{circuit.termination}' has {other.called} already", "termination")
        elif cable is not None and isinstance(world.wiring.ports.get(circuit.termination), Interface):
            yield Trouble(circuit, f"'{circuit.termination}' has {cable.called} in it", "termination")


@RULES.rule(
    "cable-to-itself", "error", "A cable joins two devices.", "look where the other end really goes, and write that"
)
def cable_to_itself(world: World) -> Troubles:
    for cable in world.site.cables:
        if cable.a.device == cable.b.device:
            same = "both ends are in the same port" if cable.a == cable.b else f"both ends are at {cable.a.device}"
            yield Trouble(cable, same, "b")


@RULES.rule(
    "cable-into-the-air",
    "error",
    "A cable ends at a port that takes one.",
    "name the socket that the cable is plugged into",
)
def cable_into_the_air(world: World) -> Troubles:
    for cable in world.site.cables:
        for key, end in (("a", cable.a), ("b", cable.b)):
            port = world.wiring.ports.get(end)
            if isinstance(port, Interface) and not is_wired(port):
                yield Trouble(cable, f"'{end}' is of type {port.type}, which takes no cable", key)


@RULES.rule(
    "jack-inside-wrong",
    "error",
    "Each socket of a panel or jack leads to its own place on a rear port.",
    "mend rear_port and rear_port_position, or raise the rear port's positions",
)
def jack_inside_wrong(world: World) -> Troubles:
    for device in world.wiring.devices.values():
        rear = {port.name: port for port in device.rear_ports}
        taken: dict[tuple[str, int], str] = {}
        for front in device.front_ports:
            label = f"{device.called}, {front.called}"
            place = (front.rear_port, front.rear_port_position)
            behind: t.Optional[RearPort] = rear.get(front.rear_port)
            if behind is None:
                if world.readable(front.rear_port):
                    yield Trouble(front, f"there is no rear port {front.rear_port}", "rear_port", label)
            elif front.rear_port_position > behind.positions:
                message = f"{behind.called} has {behind.positions} place(s), not {front.rear_port_position}"
                yield Trouble(front, message, "rear_port_position", label)
            elif taken.setdefault(place, front.name) != front.name:
                yield Trouble(front, f"front port {taken[place]} leads to the same place", "rear_port", label)


@RULES.rule(
    "member-unknown",
    "error",
    "The members of a bridge or lag are interfaces of its device, each in one.",
    "mend members",
)
def member_unknown(world: World) -> Troubles:
    for device in (*world.wiring.devices.values(), *world.wiring.machines.values()):
        names = {port.name for port in device.interfaces}
        owner: dict[str, str] = {}
        for port in device.interfaces:
            label = f"{device.called}, {port.called}"
            lost = [name for name in port.members if name not in names and world.readable(name)]
            if lost:
                yield Trouble(port, f"{device.called} has no interface {named(lost)}", "members", label)
            shared = [name for name in dict.fromkeys(port.members) if owner.setdefault(name, port.name) != port.name]
            if shared:
                yield Trouble(port, f"{named(shared)} is a member of {owner[shared[0]]} too", "members", label)


@RULES.rule(
    "location-unknown", "error", "A device's room is among the locations.", "add the location, or mend its slug"
)
def location_unknown(world: World) -> Troubles:
    rooms = {location.slug for location in world.site.locations}
    for device in world.site.devices:
        if device.location is not None and device.location not in rooms and world.readable(device.location):
            yield Trouble(device, f"there is no location {device.location}", "location")


@RULES.rule("location-missing", "notice", "A device says which room it stands in.", "add location:")
def location_missing(world: World) -> Troubles:
    for device in world.site.devices:
        if "location" not in device.origin.lines:
            yield Trouble(device, "nobody can find it: it has no location")


@RULES.rule(
    "virtual-machine-homeless",
    "error",
    "A virtual machine's device is there and runs a hypervisor.",
    "mend device:, or add hypervisor: to the device",
)
def virtual_machine_homeless(world: World) -> Troubles:
    for machine in world.site.virtual_machines:
        device: t.Optional[Device] = world.wiring.devices.get(machine.device)
        if device is None:
            if world.readable(machine.device):
                yield Trouble(machine, f"there is no device {machine.device}", "device")
        elif "hypervisor" not in device.origin.lines:
            yield Trouble(machine, f"{device.called} runs no hypervisor", "device")


@RULES.rule("vlan-unknown", "error", "A VLAN that is used is among the VLANs.", "add it to vlans, or mend its number")
def vlan_unknown(world: World) -> Troubles:
    # A house without a list has one VLAN, the first, and may number it.
    known = {vlan.vid for vlan in world.site.vlans} or {1}
    used: dict[int, list[tuple[Record, str, str]]] = collections.defaultdict(list)
    for record in (*world.site.prefixes, *world.site.wireless_lans):
        if record.vlan is not None:
            used[record.vlan].append((record, "vlan", ""))
    for device in (*world.site.devices, *world.site.virtual_machines):
        for port in device.interfaces:
            label = f"{device.called}, {port.called}"
            for vid in dict.fromkeys((port.untagged_vlan, *port.tagged_vlans)):
                if vid is not None:
                    used[vid].append((port, "untagged_vlan" if vid == port.untagged_vlan else "tagged_vlans", label))
    for vid in sorted(set(used) - known):
        # One finding for one missing VLAN, however many ports carry it.
        record, key, label = used[vid][0]
        more = f" (and {len(used[vid]) - 1} more use it)" if len(used[vid]) > 1 else ""
        if world.readable(str(vid)):
            yield Trouble(record, f"there is no VLAN {vid}{more}", key, label)


__all__ = ["RULES"]
