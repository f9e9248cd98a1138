# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which ports are one Ethernet segment, and which joint between segments closes a loop."""

from __future__ import annotations

import collections
import typing as t

from .model_devices import Device, Interface
from .model_fields import Record
from .model_values import PortRef
from .wiring import FORWARDING, Wiring

Segment = tuple[str, str]


class Joint(t.NamedTuple):
    """What joins two segments: the record that stands for it, and the VLANs that it carries (None: all)."""

    record: Record
    a: Segment
    b: Segment
    vlans: t.Optional[frozenset[int]]


def closing_joints(wiring: Wiring) -> list[tuple[Joint, list[str]]]:
    """One joint for each independent loop, with the devices around it. A loop is one within a VLAN."""
    joints = _joints(wiring)
    vlans: list[t.Optional[int]] = sorted({vid for joint in joints for vid in joint.vlans or ()})
    found: dict[int, tuple[Joint, list[str]]] = {}
    for vlan in vlans or [None]:
        carrying = [joint for joint in joints if joint.vlans is None or vlan in joint.vlans]
        for joint, around in _closing(carrying):
            found.setdefault(id(joint), (joint, around))
    return list(found.values())


def _closing(joints: list[Joint]) -> t.Iterator[tuple[Joint, list[str]]]:
    tree: dict[Segment, list[Segment]] = collections.defaultdict(list)
    roots: dict[Segment, Segment] = {}

    def root(segment: Segment) -> Segment:
        while roots.setdefault(segment, segment) != segment:
            roots[segment] = roots[roots[segment]]
            segment = roots[segment]
        return segment

    for joint in joints:
        if root(joint.a) == root(joint.b):
            yield joint, list(dict.fromkeys(device for device, _segment in _way(tree, joint.a, joint.b)))
        else:
            roots[root(joint.a)] = root(joint.b)
            tree[joint.a].append(joint.b)
            tree[joint.b].append(joint.a)


def _way(tree: t.Mapping[Segment, list[Segment]], start: Segment, end: Segment) -> list[Segment]:
    before: dict[Segment, t.Optional[Segment]] = {start: None}
    queue = collections.deque([start])
    while end not in before:
        segment = queue.popleft()
        for other in tree[segment]:
            if other not in before:
                before[other] = segment
                queue.append(other)
    way: list[Segment] = []
    step: t.Optional[Segment] = end
    while step is not None:
        way.append(step)
        step = before[step]
    return way[::-1]


def _joints(wiring: Wiring) -> list[Joint]:
    found: list[Joint] = []
    lags: set[frozenset[PortRef]] = set()
    ends = [(link.passages[-1].cable, link.a, link.b) for link in wiring.links if link.connected]
    ends += [(radio, radio.a, radio.b) for radio in wiring.site.wireless_links if radio.status == "connected"]
    for record, a, b in ends:
        joint = _joint(wiring, record, a, b)
        if joint is None:
            continue
        pair = frozenset((_lag(wiring, a), _lag(wiring, b)))
        if _lag(wiring, a) != a and _lag(wiring, b) != b:
            # The cables of a lag are one joint.
            if pair in lags:
                continue
            lags.add(pair)
        found.append(joint)
    return found


def _joint(wiring: Wiring, record: Record, a: PortRef, b: PortRef) -> t.Optional[Joint]:
    ports = (wiring.ports.get(a), wiring.ports.get(b))
    devices = (wiring.devices.get(a.device), wiring.devices.get(b.device))
    if not all(isinstance(port, Interface) and port.enabled for port in ports) or None in devices:
        return None
    direct = (
        len({a.device, b.device}) == 1 and getattr(record, "a", None) in (a, b) and getattr(record, "b", None) in (a, b)
    )
    if direct:
        # A cable from a device to itself is said by a rule of its own.
        return None
    vlans: t.Optional[frozenset[int]] = None
    for port in ports:
        carried = _vlans(t.cast(Interface, port))
        if carried is not None:
            vlans = carried if vlans is None else vlans & carried
    return Joint(record, _segment(wiring, devices[0], a), _segment(wiring, devices[1], b), vlans)


def _vlans(port: Interface) -> t.Optional[frozenset[int]]:
    carried = {*port.tagged_vlans, *([port.untagged_vlan] if port.untagged_vlan else [])}
    return frozenset(carried) or None


def _lag(wiring: Wiring, port: PortRef) -> PortRef:
    device = wiring.devices[port.device]
    name = next((lag.name for lag in device.interfaces if lag.type == "lag" and port.port in lag.members), port.port)
    return PortRef(port.device, name)


def _segment(wiring: Wiring, device: t.Optional[Device], port: PortRef) -> Segment:
    if device is None:
        return (port.device, port.port)
    own = _lag(wiring, port).port
    bridges = [bridge for bridge in device.interfaces if bridge.type == "bridge"]
    for bridge in bridges:
        if own in bridge.members:
            return (device.name, bridge.name)
    if device.role not in FORWARDING or device.role == "hypervisor":
        # Two network cards of one computer are no loop.
        return (device.name, own)
    if device.role == "router" and (bridges or _faces_the_line(wiring, port)):
        return (device.name, own)
    return (device.name, "")


def _faces_the_line(wiring: Wiring, port: PortRef) -> bool:
    """Whether it is a router's outer side: the line's end, or joined to an ONU, a modem or the line's first device."""
    if any(circuit.termination == port for circuit in wiring.site.circuits):
        return True
    for link in wiring.links:
        if port in (link.a, link.b):
            other = wiring.devices.get(link.b.device if link.a == port else link.a.device)
            if other is not None and other.role in ("onu", "modem"):
                return True
    return False


__all__ = ["Joint", "closing_joints"]
