# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter: what ``lldpcli -f json0 show neighbors details`` prints, in the names of openconfig-lldp."""

from __future__ import annotations

import json
import re
import typing as t

from .observe_names import MOST, ip, mac, pick, whole, words

Record = dict[str, t.Any]
TYPES = {"mac": "MAC_ADDRESS", "ifname": "INTERFACE_NAME", "ifalias": "INTERFACE_ALIAS", "local": "LOCAL"}
DESCRIPTION = 120


def neighbors(text: str) -> list[Record]:
    """One record for each neighbour that a port hears. What is no LLDP (CDP and others) is left out."""
    try:
        heard = [
            interface
            for part in _list(pick(json.loads(text), "lldp"))
            for interface in _list(pick(part, "interface"))
            if pick(interface, "via") == "LLDP"
        ]
    except (ValueError, RecursionError):
        return []
    found = [_neighbor(interface) for interface in heard[:MOST]]
    return [entry for entry in found if entry["interface"] and entry["chassis_id"]]


def _list(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else []


def _neighbor(interface: t.Any) -> Record:
    chassis, port = pick(interface, "chassis", 0), pick(interface, "port", 0)
    addresses = [ip(pick(address, "value")) for address in _list(pick(chassis, "mgmt-ip"))]
    return {
        "interface": words(pick(interface, "name")),
        "chassis_id": _identity(pick(chassis, "id", 0)),
        "chassis_id_type": _kind(pick(chassis, "id", 0)),
        "system_name": words(pick(chassis, "name", 0, "value")),
        "system_description": words(pick(chassis, "descr", 0, "value"), DESCRIPTION),
        "management_addresses": [address for address in addresses if address],
        "port_id": _identity(pick(port, "id", 0)),
        "port_id_type": _kind(pick(port, "id", 0)),
        "port_description": words(pick(port, "descr", 0, "value")),
        "ttl": whole(pick(port, "ttl", 0, "value")),
        "age": _seconds(pick(interface, "age")),
        # The frame came in on this port, and an entry that nobody renews is taken out.
        "evidence": "measured",
    }


def _kind(identity: t.Any) -> str:
    return TYPES.get(str(pick(identity, "type")), "LOCAL")


def _identity(identity: t.Any) -> str:
    value = pick(identity, "value")
    return mac(value) if _kind(identity) == "MAC_ADDRESS" else words(value)


def _seconds(age: t.Any) -> t.Optional[int]:
    """Of "0 day, 00:01:23"."""
    found = re.fullmatch(r"(\d{1,6}) days?, (\d{1,2}):(\d{2}):(\d{2})", age) if isinstance(age, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = map(int, found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


__all__ = ["neighbors"]
