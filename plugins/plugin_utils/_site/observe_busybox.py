# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter: what BusyBox's ``ip`` and the kernel's own files say, as the same records that iproute2's JSON becomes."""

from __future__ import annotations

import re
import typing as t

from .observe_iproute import Record, neighbor, table_entry
from .observe_names import MOST, ip, mac, whole, words

# Flags and port states as the kernel writes them (linux/if.h, linux/if_bridge.h).
UP = 0x1
STATES = ("DISABLED", "LISTENING", "LEARNING", "FORWARDING", "BLOCKING")


class Port(t.NamedTuple):
    """A line of the section "ports". number: its place in the bridge's own table."""

    name: str
    values: dict[str, str]

    @property
    def number(self) -> int:
        return int(self.values.get("number") or "0", 16)

    @property
    def bridge(self) -> str:
        return self.values.get("bridge", "")


def ports(text: str) -> list[Port]:
    found = []
    for line in text.splitlines()[:MOST]:
        name, *pairs = line.split(" ")
        values = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        numbers = ("number", "flags", "tree")
        if name and values and all(re.fullmatch(r"(0x)?[0-9a-fA-F]{0,8}", values.get(key, "")) for key in numbers):
            found.append(Port(name, values))
    return found


def interfaces(text: str, listed: list[Port]) -> list[Record]:
    """Of ``ip address show`` (the addresses) and the kernel's files (the rest)."""
    addresses: dict[str, list[Record]] = {}
    links: dict[str, str] = {}
    parents: dict[str, str] = {}
    name = ""
    for line in text.splitlines()[: 8 * MOST]:
        if start := re.match(r"\d+: ([^ :]+): <", line):
            name, _at, below = start[1].partition("@")
            addresses[name] = []
            # Other pairs have an @ too, and the name behind it may be that of a stranger in another namespace.
            parents[name] = below if name.startswith(f"{below}.") else ""
        elif kind := re.match(r"\s+link/(\S+)", line):
            links[name] = kind[1]
        elif own := re.match(r"\s+inet6? ([0-9a-fA-F.:]+)(?: peer \S+)?/(\d+)", line):
            if name and ip(own[1]):
                addresses[name].append({"ip": ip(own[1]), "prefix_length": whole(own[2])})
    return [
        {
            "name": words(port.name),
            "ifindex": whole(port.values.get("index")),
            "mac_address": mac(port.values.get("address")),
            "admin_status": "UP" if _flags(port) & UP else "DOWN",
            # A device that keeps no state of its own says "unknown" and works.
            "oper_status": "UP" if port.values.get("state") in ("up", "unknown") and _flags(port) & UP else "DOWN",
            "type": "bridge" if port.values.get("kind") == "bridge" else "ethernet",
            "bridge": words(port.bridge),
            "port_state": _state(port),
            "parent": words(parents.get(port.name)),
            "addresses": addresses.get(port.name, []),
        }
        for port in listed
        if links.get(port.name) == "ether"
    ]


def _flags(port: Port) -> int:
    return int(port.values.get("flags") or "0", 16)


def _state(port: Port) -> str:
    number = port.values.get("tree", "")
    return STATES[int(number, 16)] if number and int(number, 16) < len(STATES) else ""


def neighbors(text: str) -> list[Record]:
    """Of ``ip neigh show``, whose lines begin alike in iproute2 and BusyBox and end in the state."""
    found = []
    for line in text.splitlines()[:MOST]:
        entry = re.match(r"(\S+) dev (\S+) (?:.* )?lladdr (\S+)(?: .*)? (\S+)\s*$", line)
        if entry:
            found.append(neighbor(entry[1], entry[3], entry[2], words(entry[4])))
    return [entry for entry in found if entry]


def routes(text: str) -> list[Record]:
    """Of ``ip route show``."""
    found = []
    for line in text.splitlines()[:MOST]:
        entry = re.match(r"(default|[0-9a-fA-F.:]+(?:/\d+)?) (?:.*?\bvia (\S+) )?(?:.*?)\bdev (\S+)", line)
        if entry:
            found.append({"prefix": entry[1], "next_hop": ip(entry[2]), "interface": words(entry[3])})
    return found


def mac_table(text: str, listed: list[Port], freshest: int) -> list[Record]:
    """Of the kernel's file ``brforward``: sixteen bytes for each entry, the ages in hundredths of a second.

    The bytes: MAC, port's number, whether it is the bridge's own, age, the number's high byte (linux/if_bridge.h). The
    age is in the machine's byte order; up to 655 seconds its upper half is zero, so the smaller of both readings is it.
    """
    names = {(port.bridge, port.number): port.name for port in listed if port.bridge}
    found, bridge = [], ""
    for line in text.splitlines()[:MOST]:
        if line.startswith("bridge "):
            bridge = line.removeprefix("bridge ")
            continue
        digits = line.replace(" ", "")
        if not re.fullmatch(r"[0-9a-fA-F]{32}", digits):
            continue
        entry = bytes.fromhex(digits)
        name = names.get((bridge, entry[6] | entry[12] << 8), "")
        ticks = min(int.from_bytes(entry[8:12], order) for order in ("little", "big"))
        learned = table_entry(entry[:6].hex(":"), name, bridge, ticks // 100, bool(entry[7]), freshest)
        if learned and name:
            found.append({**learned, "vlan": None})
    return found


__all__ = ["Port", "interfaces", "mac_table", "neighbors", "ports", "routes"]
