# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site as NetBox's bulk import takes it (4.2 and later): a table for each kind of object, as CSV or YAML.

The columns are those of NetBox's import forms, which refuse a table with any other.
"""

from __future__ import annotations

import csv
import io
import typing as t

import yaml

from .export_drawio import COLORS
from .model import Site
from .model_devices import Interface
from .model_plain import plain
from .model_values import PortRef
from .wiring import AnyPort, Wiring

Row = dict[str, t.Any]
# What NetBox calls the sides of a cable that end at each kind of port.
SIDES = {"Interface": "dcim.interface", "FrontPort": "dcim.frontport", "RearPort": "dcim.rearport"}
CABLE_TYPES = {"smf": "smf", "mmf": "mmf", "dac-passive": "dac-passive", "coaxial": "coaxial"}
UNKNOWN = "unknown"


def tables(site: Site, edition: str) -> dict[str, list[Row]]:
    """The rows of each table, in the order in which NetBox must read the tables."""
    wiring = Wiring(site)
    shown = plain(site, edition)
    devices = shown.get("devices", [])
    name = shown.get("name", {}).get("en", site.slug)
    rooms = {row["slug"]: row["name"]["en"] for row in shown.get("locations", [])}
    vlans = {row["vid"]: row["name"]["en"] for row in shown.get("vlans", [])}
    return {
        "sites": [{"name": name, "slug": site.slug, "status": "active"}],
        "locations": [_location(name, row) for row in shown.get("locations", [])],
        "device-roles": [{"name": role, "slug": role, "color": "9e9e9e"} for role in _distinct(devices, "role")],
        "manufacturers": [
            {"name": maker, "slug": _slug(maker)} for maker in _distinct(devices, "manufacturer", UNKNOWN)
        ],
        "device-types": _device_types(devices),
        "vlans": [_vlan(name, row) for row in shown.get("vlans", [])],
        "devices": [_device(name, rooms, row) for row in devices],
        "interfaces": [row for device in devices for row in _interfaces(device)],
        "mac-addresses": [
            _mac(device, row) for device in devices for row in device.get("interfaces", []) if "mac" in row
        ],
        "rear-ports": [_rear(device, row) for device in devices for row in device.get("rear_ports", [])],
        "front-ports": [_front(device, row) for device in devices for row in device.get("front_ports", [])],
        "cables": [row for cable in shown.get("cables", []) for row in _cable(wiring, cable)],
        "prefixes": [_prefix(name, row) for row in shown.get("prefixes", [])],
        "ip-ranges": [
            _range(prefix, row) for prefix in shown.get("prefixes", []) for row in prefix.get("ip_ranges", [])
        ],
        "ip-addresses": [_address(wiring, row) for row in shown.get("ip_addresses", [])],
        "wireless-lans": [_wireless(vlans, row) for row in shown.get("wireless_lans", [])],
        "providers": [
            {"name": maker, "slug": _slug(maker)} for maker in _distinct(shown.get("circuits", []), "provider")
        ],
        "circuit-types": [{"name": kind, "slug": kind} for kind in _distinct(shown.get("circuits", []), "type")],
        "circuits": [_circuit(row) for row in shown.get("circuits", [])],
    }


def as_csv(rows: t.Sequence[Row]) -> str:
    """One table as CSV, every row with the columns of all."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return stream.getvalue()


def as_yaml(found: t.Mapping[str, t.Sequence[Row]]) -> str:
    """All tables in one YAML document."""
    return yaml.safe_dump(
        {table: list(rows) for table, rows in found.items() if rows}, allow_unicode=True, sort_keys=False
    )


def _cell(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _distinct(rows: t.Iterable[t.Mapping[str, t.Any]], key: str, otherwise: str = "") -> list[str]:
    return [value for value in dict.fromkeys(row.get(key, otherwise) for row in rows) if value]


def _slug(name: str) -> str:
    plain_name = "".join(char if char.isascii() and char.isalnum() else "-" for char in name.lower()).strip("-")
    # A Japanese name leaves nothing: its bytes still make a slug that no other name has.
    return plain_name or name.encode("utf-8", "surrogatepass").hex()[:50]


def _model(row: t.Mapping[str, t.Any]) -> str:
    return row.get("model", row["role"])


def _device_types(devices: t.Sequence[Row]) -> list[Row]:
    made = {(row.get("manufacturer", UNKNOWN), _model(row)): None for row in devices}
    return [{"manufacturer": maker, "model": model, "slug": _slug(f"{maker} {model}")} for maker, model in made]


def _location(site: str, row: Row) -> Row:
    return {"site": site, "name": row["name"]["en"], "slug": row["slug"], "status": "active"}


def _vlan(site: str, row: Row) -> Row:
    return {"site": site, "vid": row["vid"], "name": row["name"]["en"], "status": "active"}


def _device(site: str, rooms: t.Mapping[str, str], row: Row) -> Row:
    return {
        "name": row["name"],
        "role": row["role"],
        "manufacturer": row.get("manufacturer", UNKNOWN),
        "device_type": _model(row),
        "site": site,
        "location": rooms.get(row.get("location", ""), ""),
        "status": row["status"],
        "serial": row.get("serial", ""),
        "description": row.get("label", {}).get("en", ""),
    }


def _interfaces(device: Row) -> t.Iterator[Row]:
    """Its interfaces, those first that others are members of."""
    ports = device.get("interfaces", [])
    owner = {member: port for port in ports for member in port.get("members", [])}
    for port in sorted(ports, key=lambda port: "members" not in port):
        above = owner.get(port["name"], {"name": "", "type": ""})
        tagged, untagged = port.get("tagged_vlans"), port.get("untagged_vlan")
        yield {
            "device": device["name"],
            "name": port["name"],
            "label": port.get("label", ""),
            "type": "other" if port["type"] in ("telephone", "powerline") else port["type"],
            "enabled": port["enabled"],
            "bridge": above["name"] if above["type"] == "bridge" else "",
            "lag": above["name"] if above["type"] == "lag" else "",
            "mode": "tagged" if tagged else "access" if untagged else "",
        }


def _mac(device: Row, row: Row) -> Row:
    return {"mac_address": row["mac"], "device": device["name"], "interface": row["name"]}


def _rear(device: Row, row: Row) -> Row:
    return {"device": device["name"], "name": row["name"], "type": row["type"], "positions": row["positions"]}


def _front(device: Row, row: Row) -> Row:
    lane = row["rear_port_position"]
    return {
        "device": device["name"],
        "name": row["name"],
        "type": row["type"],
        "rear_port": row["rear_port"],
        "rear_port_position": lane,
    }


def _cable(wiring: Wiring, row: Row) -> t.Iterator[Row]:
    ends = [PortRef(*row[side].split(":", 1)) for side in ("a", "b")]
    ports: list[t.Optional[AnyPort]] = [wiring.ports.get(end) for end in ends]
    if None in ports:
        return
    made: Row = {}
    for side, end, port in zip("ab", ends, ports):
        made[f"side_{side}_device"] = end.device
        made[f"side_{side}_type"] = SIDES[type(port).__name__]
        made[f"side_{side}_name"] = end.port
    kind = row.get("type", "")
    made["type"] = kind if kind.startswith("cat") else CABLE_TYPES.get(kind, "")
    yield made | {
        "status": row["status"],
        "label": row["label"],
        "color": COLORS[row["color"]].lstrip("#") if "color" in row else "",
        "length": row.get("length_m", ""),
        "length_unit": "m" if "length_m" in row else "",
    }


def _prefix(site: str, row: Row) -> Row:
    vlan = {"vlan_site": site, "vlan": row["vlan"]} if "vlan" in row else {}
    return {"prefix": row["prefix"], "status": "active", "description": site, **vlan}


def _range(prefix: Row, row: Row) -> Row:
    length = prefix["prefix"].partition("/")[2]
    return {"start_address": f"{row['start']}/{length}", "end_address": f"{row['end']}/{length}", "status": "active"}


def _address(wiring: Wiring, row: Row) -> Row:
    made: Row = {"address": row["address"], "status": row["status"], "dns_name": row.get("dns_name", "")}
    if "interface" in row:
        owner, port = row["interface"].split(":", 1)
        kind = "virtual_machine" if owner in wiring.machines else "device"
        made |= {"device": "", "virtual_machine": "", "interface": port, kind: owner}
        if not isinstance(wiring.ports.get(PortRef(owner, port)), Interface):
            made["interface"] = ""
    return made


def _wireless(vlans: t.Mapping[int, str], row: Row) -> Row:
    # This form wants a VLAN's name, that of prefixes its number. WPA2 and WPA3 are one to NetBox.
    vlan = vlans.get(row.get("vlan", 0), "")
    return {"ssid": row["ssid"], "status": "active", "vlan": vlan, "auth_type": row["auth"]}


def _circuit(row: Row) -> Row:
    return {"cid": row["cid"], "provider": row["provider"], "type": row["type"], "status": row["status"]}


__all__ = ["as_csv", "as_yaml", "tables"]
