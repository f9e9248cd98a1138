# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Rules about networks, pools, addresses and MACs."""

from __future__ import annotations

import collections
import itertools
import typing as t

from .model import IpAddress, Prefix
from .model_devices import VIRTUAL, Interface
from .model_fields import Record
from .model_values import PortRef
from .rules_book import Rules, Trouble, World, named

RULES = Rules()
Troubles = t.Iterator[Trouble]


def _home(world: World, address: t.Any) -> t.Optional[Prefix]:
    """The smallest network that an address is in."""
    homes = [prefix for prefix in world.site.prefixes if address in prefix.prefix]
    return max(homes, key=lambda prefix: prefix.prefix.prefixlen, default=None)


def _unread(record: Record, key: str, read: t.Any) -> bool:
    """Whether something was written that could not be read, so that nothing is missing."""
    return key in record.origin.lines and not read


@RULES.rule(
    "prefixes-overlap", "error", "No two networks of a site share an address.", "shrink one of them, or remove the copy"
)
def prefixes_overlap(world: World) -> Troubles:
    for first, second in itertools.combinations(world.site.prefixes, 2):
        if first.prefix.version == second.prefix.version and first.prefix.overlaps(second.prefix):
            yield Trouble(second, f"it overlaps {first.called} (line {first.origin.line})", "prefix")


@RULES.rule(
    "gateway-outside",
    "error",
    "A gateway is an address of its network that a device can have.",
    "mend the gateway or the prefix",
)
def gateway_outside(world: World) -> Troubles:
    for prefix in world.site.prefixes:
        gateway = prefix.gateway
        if gateway is None or (gateway.version == 6 and gateway.is_link_local and prefix.prefix.version == 6):
            continue
        if gateway not in prefix.prefix:
            yield Trouble(prefix, f"the gateway {gateway} is not in it", "gateway")
        elif _is_no_host(gateway, prefix.prefix):
            yield Trouble(prefix, f"the gateway {gateway} is its network or broadcast address", "gateway")


def _is_no_host(address: t.Any, network: t.Any) -> bool:
    if network.version == 6 or network.prefixlen >= 31:
        return False
    return address in (network.network_address, network.broadcast_address)


@RULES.rule(
    "gateway-nobody",
    "warning",
    "The gateway is an address that some device has.",
    "add it to ip_addresses with the router's interface",
)
def gateway_nobody(world: World) -> Troubles:
    known = {address.address.ip for address in world.site.ip_addresses}
    for prefix in world.site.prefixes:
        gateway = prefix.gateway
        if gateway is not None and gateway in prefix.prefix and gateway not in known and not gateway.is_link_local:
            if not _is_no_host(gateway, prefix.prefix) and world.readable(str(gateway)):
                yield Trouble(prefix, f"no device has the gateway's address {gateway}", "gateway")


@RULES.rule(
    "dns-missing",
    "warning",
    "Clients of a network know a name server.",
    "add dns:, or another network of the same VLAN with it",
)
def dns_missing(world: World) -> Troubles:
    served = {prefix.vlan for prefix in world.site.prefixes if prefix.dns}
    for prefix in world.site.prefixes:
        # With two protocols in one VLAN, one name server is enough.
        if prefix.role in ("lan", "guest") and "dns" not in prefix.origin.lines and prefix.vlan not in served:
            yield Trouble(prefix, "it names no DNS server")


@RULES.rule(
    "pool-outside", "error", "A pool lies in its network, its first address before its last.", "mend start and end"
)
def pool_outside(world: World) -> Troubles:
    for prefix in world.site.prefixes:
        for pool in prefix.ip_ranges:
            label = f"{prefix.called}, {pool.called}"
            outside = [end for end in (pool.start, pool.end) if end not in prefix.prefix]
            if outside:
                yield Trouble(pool, f"{named(dict.fromkeys(outside))} is not in {prefix.prefix}", "start", label)
            elif pool.start > pool.end:
                yield Trouble(pool, f"it ends at {pool.end}, before it starts", "end", label)


@RULES.rule("pools-overlap", "error", "No two pools share an address.", "shrink one of them")
def pools_overlap(world: World) -> Troubles:
    pools = [(prefix, pool) for prefix in world.site.prefixes for pool in prefix.ip_ranges if _is_whole(pool)]
    for (_prefix, first), (prefix, second) in itertools.combinations(pools, 2):
        if first.start.version == second.start.version and first.start <= second.end and second.start <= first.end:
            message = f"it overlaps the pool {first.start}–{first.end} (line {first.origin.line})"
            yield Trouble(second, message, "start", f"{prefix.called}, {second.called}")


def _is_whole(pool: t.Any) -> bool:
    return pool.start.version == pool.end.version and pool.start <= pool.end


def _pool_of(world: World, address: t.Any) -> t.Optional[t.Any]:
    for prefix in world.site.prefixes:
        for pool in prefix.ip_ranges:
            whole = pool.role == "dhcp" and _is_whole(pool) and pool.start.version == address.version
            if whole and pool.start <= address <= pool.end:
                return pool
    return None


@RULES.rule(
    "address-in-pool",
    "error",
    "An address set on a device is not in a pool, or the DHCP server gives it to another one too.",
    "take an address outside the pool, or make it a reservation (status: reserved)",
)
def address_in_pool(world: World) -> Troubles:
    fixed = {address.address.ip for address in world.site.ip_addresses if address.status == "active"}
    for address in world.site.ip_addresses:
        pool = _pool_of(world, address.address.ip) if address.status == "active" else None
        if pool is not None:
            yield Trouble(address, f"it is in the pool {pool.start}–{pool.end}", "address")
    for prefix in world.site.prefixes:
        pool = _pool_of(world, prefix.gateway) if prefix.gateway is not None else None
        if pool is not None and prefix.gateway not in fixed:
            yield Trouble(prefix, f"the gateway {prefix.gateway} is in the pool {pool.start}–{pool.end}", "gateway")


@RULES.rule(
    "address-twice",
    "error",
    "An address belongs to one device.",
    "give one of them another address, or remove the old record",
)
def address_twice(world: World) -> Troubles:
    groups: dict[t.Any, list[IpAddress]] = collections.defaultdict(list)
    for address in world.site.ip_addresses:
        if address.status != "deprecated":
            groups[address.address.ip].append(address)
    for records in groups.values():
        first = records[0]
        for other in records[1:]:
            # One device may have the same address by cable and by air.
            same = None not in (first.interface, other.interface) and _owner(first) == _owner(other)
            if not same or first.interface == other.interface:
                who = f" by {_owner(first)}" if first.interface else ""
                yield Trouble(other, f"it is used{who} in line {first.origin.line} already", "address")


def _owner(address: IpAddress) -> str:
    return address.interface.device if address.interface else ""


@RULES.rule(
    "address-homeless",
    "warning",
    "An address lies in a network of the site, with that network's length.",
    "mend the address, or add its prefix",
)
def address_homeless(world: World) -> Troubles:
    if _unread(world.site, "prefixes", world.site.prefixes):
        return
    for address in world.site.ip_addresses:
        ip = address.address.ip
        home = _home(world, ip)
        if ip.version == 6 and ip.is_link_local:
            continue
        if home is None:
            yield Trouble(address, "no prefix of the site holds it", "address")
        elif address.address.network != home.prefix and address.address.network.prefixlen != ip.max_prefixlen:
            message = f"its length is /{address.address.network.prefixlen}, but the network is {home.prefix}"
            yield Trouble(address, message, "address")
        elif _is_no_host(ip, home.prefix):
            yield Trouble(address, f"it is the network or broadcast address of {home.prefix}", "address")


@RULES.rule(
    "address-in-wrong-vlan",
    "warning",
    "An address is of the network that its interface's VLAN carries.",
    "mend the address or the port's untagged_vlan",
)
def address_in_wrong_vlan(world: World) -> Troubles:
    for address in world.site.ip_addresses:
        port = world.wiring.ports.get(address.interface) if address.interface else None
        home = _home(world, address.address.ip)
        if not isinstance(port, Interface) or home is None or home.vlan is None or port.untagged_vlan is None:
            continue
        if port.untagged_vlan != home.vlan:
            message = f"'{address.interface}' is in VLAN {port.untagged_vlan}, {home.prefix} in VLAN {home.vlan}"
            yield Trouble(address, message, "interface")


@RULES.rule("name-of-two", "warning", "A DNS name belongs to one device.", "rename one of them")
def name_of_two(world: World) -> Troubles:
    first: dict[str, IpAddress] = {}
    for address in world.site.ip_addresses:
        if address.dns_name is None or address.interface is None:
            continue
        other = first.setdefault(address.dns_name.lower(), address)
        if _owner(other) != _owner(address):
            yield Trouble(address, f"{address.dns_name} is the name of {_owner(other)} already", "dns_name")


def _macs(world: World) -> t.Iterator[tuple[PortRef, Record, Interface]]:
    for owner in (*world.wiring.devices.values(), *world.wiring.machines.values()):
        for port in owner.interfaces:
            if port.mac is not None:
                yield PortRef(owner.name, port.name), owner, port


@RULES.rule("mac-twice", "error", "A MAC address belongs to one device.", "read it again from the device's label")
def mac_twice(world: World) -> Troubles:
    first: dict[str, tuple[PortRef, int]] = {}
    for ref, owner, port in _macs(world):
        other, line = first.setdefault(t.cast(str, port.mac), (ref, port.origin.line_of("mac")))
        # Bridges and VLAN interfaces have the MAC of a port of the same device.
        if other.device != ref.device:
            label = f"{t.cast(t.Any, owner).called}, {port.called}"
            yield Trouble(port, f"{port.mac} is that of '{other}' already (line {line})", "mac", label)


@RULES.rule(
    "mac-of-many",
    "error",
    "A MAC address is that of one card, not of a group.",
    "read it again from the device's label",
)
def mac_of_many(world: World) -> Troubles:
    for _ref, owner, port in _macs(world):
        mac = t.cast(str, port.mac)
        if int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
            label = f"{t.cast(t.Any, owner).called}, {port.called}"
            yield Trouble(port, f"{mac} is a group address or none", "mac", label)


@RULES.rule(
    "reservation-for-random-mac",
    "warning",
    "A reservation is for a MAC address that stays.",
    "switch off the private address for this Wi-Fi on the device and write its real MAC, or drop the reservation",
)
def reservation_for_random_mac(world: World) -> Troubles:
    for address in world.site.ip_addresses:
        device = world.wiring.devices.get(_owner(address))
        port = world.wiring.ports.get(address.interface) if address.interface else None
        # Hypervisors make up the MACs of their guests and bridges, and those stay.
        if device is None or not isinstance(port, Interface) or port.mac is None or port.type in VIRTUAL:
            continue
        if address.status == "reserved" and int(port.mac[:2], 16) & 2:
            yield Trouble(
                address, f"{port.mac} of '{address.interface}' is made up by the device and may change", "status"
            )


@RULES.rule(
    "reservation-without-mac",
    "notice",
    "The sheet knows the MAC address that a reservation is for.",
    "look it up in the router and add it as the interface's mac",
)
def reservation_without_mac(world: World) -> Troubles:
    for address in world.site.ip_addresses:
        port = world.wiring.ports.get(address.interface) if address.interface else None
        if address.status == "reserved" and isinstance(port, Interface) and "mac" not in port.origin.lines:
            yield Trouble(address, f"'{address.interface}' has no MAC address here", "status")


__all__ = ["RULES"]
