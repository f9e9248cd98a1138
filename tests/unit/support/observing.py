# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observations written short, as the cases have them, and made into what site_observe returns."""

from __future__ import annotations


def mac(short):
    """ "42" is one of the addresses for documentation; anything longer is written out."""
    return f"00:00:5e:00:53:{short}" if len(str(short)) == 2 else str(short)


def observation(told):
    """told: ports (name: MAC), down and blocked (names), table and old (port: MACs), wifi (port: MACs), lldp (port:
    {chassis, name, port, description}), neighbors and leases (IP: MAC), stale (IP: MAC), ips (port: IP/length),
    route (whether it has a default route), sources (part: state).
    """
    down, blocked = told.get("down", []), told.get("blocked", [])
    interfaces = [
        {
            "name": name,
            "mac_address": mac(address),
            "admin_status": "UP",
            "oper_status": "DOWN" if name in down else "UP",
            "type": "bridge" if name.startswith("br") else "ethernet",
            "bridge": "br0" if name.startswith(("lan", "p", "wlan")) else "",
            "port_state": "BLOCKING" if name in blocked else "",
            "parent": name.partition(".")[0] if "." in name else "",
            "addresses": [
                {"ip": ip.partition("/")[0], "prefix_length": int(ip.partition("/")[2])}
                for port, ip in told.get("ips", {}).items()
                if port == name
            ],
        }
        for name, address in told.get("ports", {}).items()
    ]
    parts = ("interfaces", "neighbors", "routes", "mac_table", "lldp_neighbors", "dhcp_leases", "wireless_clients")
    return {
        "interfaces": interfaces,
        "routes": [{"prefix": "default"}] if told.get("route", True) else [],
        "neighbors": [_neighbor(ip, who, "measured") for ip, who in told.get("neighbors", {}).items()]
        + [_neighbor(ip, who, "inferred") for ip, who in told.get("stale", {}).items()],
        "mac_table": list(_table(told.get("table", {}), 5, "measured"))
        + list(_table(told.get("old", {}), 900, "inferred")),
        "lldp_neighbors": [_heard(port, **about) for port, about in told.get("lldp", {}).items()],
        "dhcp_leases": [
            {"ip": ip, "mac_address": mac(who), "host_name": "", "evidence": "measured"}
            for ip, who in told.get("leases", {}).items()
        ],
        "wireless_networks": [{"interface": port, "ssid": "Wi-Fi"} for port in told.get("wifi", {})],
        "wireless_clients": [
            {"mac": mac(who), "interface": port, "evidence": "measured"}
            for port, macs in told.get("wifi", {}).items()
            for who in macs
        ],
        "sources": {**dict.fromkeys(parts, "ok"), **told.get("sources", {})},
    }


def _neighbor(ip, who, evidence):
    return {"ip": ip, "link_layer_address": mac(who), "interface": "br-lan", "evidence": evidence}


def _table(ports, age, evidence):
    for port, macs in ports.items():
        for who in macs:
            yield {
                "mac_address": mac(who), "interface": port, "bridge": "br0", "entry_type": "DYNAMIC", "age": age,
                "evidence": evidence,
            }  # fmt: skip


def _heard(port, chassis="", name="", port_id="", description=""):
    return {
        "interface": port, "chassis_id": mac(chassis) if chassis else "local", "system_name": name, "port_id": port_id,
        "port_description": description, "ttl": 120, "evidence": "measured",
    }  # fmt: skip
