# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Rules about where the wires lead: loops, dead ends, devices that nothing reaches."""

from __future__ import annotations

import collections
import typing as t

from .model_devices import WIRELESS, Device, FrontPort, Interface, RearPort
from .rules_book import Rules, Trouble, World, named
from .segments import closing_joints
from .wiring import Link, is_passive

RULES = Rules()
Troubles = t.Iterator[Trouble]


@RULES.rule(
    "loop",
    "error",
    "The wiring has no loop, for a loop stops the whole network.",
    "unplug one of these cables, set it to planned, or write down the lag or the VLANs that make it none",
)
def loop(world: World) -> Troubles:
    for joint, around in closing_joints(world.wiring):
        yield Trouble(joint.record, f"it closes a loop through {named(around)}")


@RULES.rule(
    "cable-ends-nowhere",
    "warning",
    "A cable that starts at a device leads to another one.",
    "look behind the panel or jack, and add the cable that goes on from there",
)
def cable_ends_nowhere(world: World) -> Troubles:
    lines = {circuit.termination for circuit in world.site.circuits}
    told = set()
    for link in world.wiring.links:
        last = link.passages[-1]
        jack = isinstance(world.wiring.ports.get(link.b), (FrontPort, RearPort))
        if link.whole or not jack or last.cable.label in told or _is_line(world, link, lines):
            continue
        if any(passage.cable.status == "planned" for passage in link.passages):
            continue
        told.add(last.cable.label)
        yield Trouble(last.cable, f"at '{link.b}' nothing goes on")


def _is_line(world: World, link: Link, lines: set[t.Any]) -> bool:
    """Whether what lies behind the panel, jack or splitter is the line itself."""
    device = world.wiring.devices.get(link.b.device)
    if device is None or not is_passive(device):
        return False
    behind = {port.rear_port for port in device.front_ports if port.name == link.b.port}
    return any(
        line is not None and line.device == device.name and line.port in {link.b.port, *behind} for line in lines
    )


@RULES.rule(
    "device-unreachable",
    "warning",
    "A way leads from a line to every device in use.",
    "add the cable or the Wi-Fi that joins it, or set its status to planned or offline",
)
def device_unreachable(world: World) -> Troubles:
    wiring = world.wiring
    if not wiring.entries:
        return
    lost = [
        name
        for name, device in wiring.devices.items()
        if name not in wiring.parents and _should_be_reached(world, device)
    ]
    while lost:
        island = _island(world, lost[0])
        together = [name for name in lost if name in island]
        lost = [name for name in lost if name not in island]
        head = next((name for name in together if wiring.neighbours.get(name)), together[0])
        others = [name for name in together if name != head]
        device = wiring.devices[head]
        ports = device.interfaces or "interfaces" in device.origin.lines
        message = "no way leads from the line to it" if ports else "it has no interface, so nothing leads to it"
        yield Trouble(device, message + (f", nor to {named(others)} behind it" if others else ""))


def _should_be_reached(world: World, device: Device) -> bool:
    planned = any(
        passage.cable.status == "planned"
        for link in world.wiring.links
        if device.name in (link.a.device, link.b.device)
        for passage in link.passages
    )
    return device.status == "active" and not is_passive(device) and not planned


def _island(world: World, start: str) -> set[str]:
    seen, queue = {start}, collections.deque([start])
    while queue:
        for other, _link in world.wiring.neighbours.get(queue.popleft(), ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


@RULES.rule(
    "line-missing",
    "notice",
    "The site says where its line comes in.",
    "add a circuit with its termination, such as onu:LINE",
)
def line_missing(world: World) -> Troubles:
    circuits = world.site.circuits
    if not circuits and "circuits" not in world.site.origin.lines:
        yield Trouble(world.site, "it has no circuit")
    for circuit in circuits:
        if "termination" not in circuit.origin.lines and circuit.status == "active":
            yield Trouble(circuit, "nobody knows which socket it comes out of")


@RULES.rule("vlans-differ", "warning", "Both ends of a link carry the same VLANs.", "set the VLANs of both ports alike")
def vlans_differ(world: World) -> Troubles:
    for link in world.wiring.links:
        a, b = world.wiring.ports.get(link.a), world.wiring.ports.get(link.b)
        if not link.connected or not isinstance(a, Interface) or not isinstance(b, Interface):
            continue
        # A port without VLANs is that of a device that knows none.
        if not all(port.untagged_vlan or port.tagged_vlans for port in (a, b)):
            continue
        if (a.untagged_vlan, set(a.tagged_vlans)) != (b.untagged_vlan, set(b.tagged_vlans)):
            yield Trouble(link.passages[0].cable, f"'{link.a}' and '{link.b}' carry different VLANs")


@RULES.rule(
    "wifi-device-wrong",
    "error",
    "What sends a Wi-Fi is a device of the site with a radio.",
    "mend devices, or add the interface of its radio (ieee802.11…)",
)
def wifi_device_wrong(world: World) -> Troubles:
    for lan in world.site.wireless_lans:
        for name in lan.devices:
            device = world.wiring.devices.get(name)
            if device is None:
                if world.readable(name):
                    yield Trouble(lan, f"there is no device {name}", "devices")
            elif device.interfaces and not any(port.type in WIRELESS for port in device.interfaces):
                yield Trouble(lan, f"{device.called} has no radio", "devices")


@RULES.rule("wifi-from-nowhere", "warning", "A Wi-Fi says which devices send it.", "add devices:")
def wifi_from_nowhere(world: World) -> Troubles:
    for lan in world.site.wireless_lans:
        if "devices" not in lan.origin.lines:
            yield Trouble(lan, "no device sends it")


@RULES.rule("wifi-unknown", "error", "A Wi-Fi that a client joins is among the Wi-Fis.", "add it, or mend the SSID")
def wifi_unknown(world: World) -> Troubles:
    known = {lan.ssid for lan in world.site.wireless_lans}
    for device in world.site.devices:
        for port in device.interfaces:
            lost = [ssid for ssid in port.wireless_lans if ssid not in known and world.readable(ssid)]
            if lost:
                yield Trouble(
                    port, f"there is no Wi-Fi {named(lost)}", "wireless_lans", f"{device.called}, {port.called}"
                )


@RULES.rule(
    "ssid-too-long", "error", "An SSID has at most 32 bytes in UTF-8.", "shorten it (a Japanese letter takes 3)"
)
def ssid_too_long(world: World) -> Troubles:
    for lan in world.site.wireless_lans:
        size = len(lan.ssid.encode("utf-8", "surrogatepass"))
        if size > 32:
            yield Trouble(lan, f"it has {size} bytes", "ssid")


@RULES.rule("wifi-weak", "warning", "A Wi-Fi is protected by WPA.", "set auth to wpa-personal on the device and here")
def wifi_weak(world: World) -> Troubles:
    for lan in world.site.wireless_lans:
        if lan.auth == "wep":
            yield Trouble(lan, "WEP is broken within minutes by anybody near the house", "auth")


__all__ = ["RULES"]
