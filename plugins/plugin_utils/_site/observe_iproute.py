# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter: what iproute2's ``ip -j`` and ``bridge -j`` print, in OpenConfig's names."""

from __future__ import annotations

import typing as t

from .observe_names import ip, json_list, mac, pick, whole, words

Record = dict[str, t.Any]
# An entry that nobody refreshed says where something was, no longer where it is.
PASSING = ("STALE", "FAILED", "INCOMPLETE", "NONE")


def interfaces(text: str) -> list[Record]:
    """Of ``ip -j -d address show``."""
    found = []
    for link in json_list(text):
        if link.get("link_type") != "ether" or not words(link.get("ifname")):
            continue
        flags = link.get("flags") if isinstance(link.get("flags"), list) else []
        kind = words(pick(link, "linkinfo", "info_kind"))
        state = words(pick(link, "linkinfo", "info_slave_data", "state"))
        found.append(
            {
                "name": words(link["ifname"]),
                "ifindex": whole(link.get("ifindex")),
                "mac_address": mac(link.get("address")),
                "admin_status": "UP" if "UP" in flags else "DOWN",
                "oper_status": "UP" if "LOWER_UP" in flags and "UP" in flags else "DOWN",
                "type": "bridge" if kind == "bridge" else "ethernet",
                "bridge": words(link.get("master")),
                "port_state": state.upper() if pick(link, "linkinfo", "info_slave_kind") == "bridge" else "",
                "parent": words(link.get("link")) if kind == "vlan" else "",
                "addresses": [
                    {"ip": ip(one.get("local")), "prefix_length": whole(one.get("prefixlen"))}
                    for one in (link.get("addr_info") if isinstance(link.get("addr_info"), list) else [])
                    if isinstance(one, dict) and ip(one.get("local"))
                ],
            }
        )
    return found


def neighbors(text: str) -> list[Record]:
    """Of ``ip -j neigh show``."""
    found = []
    for entry in json_list(text):
        states = entry.get("state") if isinstance(entry.get("state"), list) else []
        found.append(neighbor(entry.get("dst"), entry.get("lladdr"), entry.get("dev"), words(pick(states, 0))))
    return [entry for entry in found if entry]


def neighbor(address: t.Any, lladdr: t.Any, interface: t.Any, state: str) -> Record:
    """One entry of a neighbour table; an empty record where it names nobody."""
    if not ip(address) or not mac(lladdr) or state in PASSING[1:]:
        return {}
    return {
        "ip": ip(address),
        "link_layer_address": mac(lladdr),
        "interface": words(interface),
        "neighbor_state": state,
        "evidence": "inferred" if state in PASSING else "measured",
    }


def routes(text: str) -> list[Record]:
    """Of ``ip -j route show``."""
    found = [
        {
            "prefix": words(entry.get("dst")),
            "next_hop": ip(entry.get("gateway")) or ip(pick(entry, "via", "host")),
            "interface": words(entry.get("dev")),
        }
        for entry in json_list(text)
    ]
    return [entry for entry in found if entry["prefix"]]


def mac_table(text: str, freshest: int) -> list[Record]:
    """Of ``bridge -s -j fdb show``: what bridges learned, and what the kernel's own entries say of its ports.

    freshest: seconds up to which an entry counts as measured.
    """
    found = []
    for entry in json_list(text):
        flags = entry.get("flags") if isinstance(entry.get("flags"), list) else []
        if not entry.get("master") or "self" in flags:
            continue
        own = entry.get("state") in ("permanent", "static")
        learned = table_entry(
            entry.get("mac"),
            entry.get("ifname"),
            entry.get("master"),
            # A switch chip keeps the time of its entries to itself, and takes them out when they are old.
            0 if "extern_learn" in flags else whole(entry.get("updated")),
            own,
            freshest,
        )
        if learned:
            found.append({**learned, "vlan": whole(entry.get("vlan"))})
    return found


def table_entry(
    address: t.Any, interface: t.Any, bridge: t.Any, age: t.Optional[int], own: bool, freshest: int
) -> Record:
    if not mac(address):
        return {}
    return {
        "mac_address": mac(address),
        "interface": words(interface),
        "bridge": words(bridge),
        "entry_type": "STATIC" if own else "DYNAMIC",
        "age": age,
        "evidence": "measured" if own or (age is not None and age <= freshest) else "inferred",
    }


__all__ = ["PASSING", "interfaces", "mac_table", "neighbor", "neighbors", "routes", "table_entry"]
