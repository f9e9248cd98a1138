# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A device type as NetBox's users write it (YAML, one file a model) turned into a device of a site file.

Its keys: https://github.com/netbox-community/devicetype-library (schema/devicetype.json).
"""

from __future__ import annotations

import typing as t

import yaml

from ...module_utils._common.errors import InvalidRequest
from .model_devices import FRONT_TYPES, VIRTUAL, WIRED, WIRELESS
from .model_yaml import Node, NotYaml, read_yaml

KNOWN = (*WIRED, *WIRELESS, *VIRTUAL)
HINT = "take a file of NetBox's device type library"


class Imported(t.NamedTuple):
    """device: keys and values as in a site file. odd: kinds of port that a site does not know; they became "other"."""

    device: dict[str, t.Any]
    odd: list[str]

    def text(self) -> str:
        """The device as an item of the list ``devices``, to be pasted."""
        dumped = yaml.dump(
            [self.device], Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120
        )
        return "".join(f"  {line}\n" for line in dumped.splitlines())


class _Dumper(yaml.SafeDumper):
    """Indents lists as the examples do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> t.Any:
        return super().increase_indent(flow, False)


def import_type(text: str, file: str, name: str, role: str) -> Imported:
    """Read a device type. Raises InvalidRequest where the text is none."""
    try:
        root = read_yaml(text)
    except NotYaml as error:
        raise InvalidRequest(f"{file}:{error.line}", error.why, HINT) from error
    keys = _keys(root)
    if not {"manufacturer", "model"} <= set(keys):
        raise InvalidRequest(file, "it is no device type: it names no manufacturer or no model", HINT)
    odd: list[str] = []
    device: dict[str, t.Any] = {"name": name, "role": role}
    device["manufacturer"], device["model"] = _text(keys["manufacturer"]), _text(keys["model"])
    interfaces = [_interface(port, odd) for port in _ports(keys, "interfaces")]
    rear = [_socket(port, odd) | _number(port, "positions") for port in _ports(keys, "rear-ports")]
    front = [
        _socket(port, odd) | {"rear_port": _text(port["rear_port"])} | _number(port, "rear_port_position")
        for port in _ports(keys, "front-ports")
        if "rear_port" in port
    ]
    for key, ports in (("interfaces", interfaces), ("rear_ports", rear), ("front_ports", front)):
        if ports:
            device[key] = ports
    return Imported(device, sorted(set(odd)))


def _keys(node: Node) -> dict[str, Node]:
    return {key: child for key, _line, child in node.value} if node.kind == "mapping" else {}


def _text(node: t.Optional[Node]) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _ports(keys: t.Mapping[str, Node], key: str) -> list[dict[str, Node]]:
    found = keys.get(key)
    ports = [_keys(child) for child in found.value] if found is not None and found.kind == "list" else []
    return [port for port in ports if _text(port.get("name"))]


def _interface(port: t.Mapping[str, Node], odd: list[str]) -> dict[str, t.Any]:
    return _named(port) | {"type": _kind(port, KNOWN, odd)}


def _socket(port: t.Mapping[str, Node], odd: list[str]) -> dict[str, t.Any]:
    return _named(port) | {"type": _kind(port, FRONT_TYPES, odd)}


def _named(port: t.Mapping[str, Node]) -> dict[str, t.Any]:
    # A colon parts device and port where a cable names one.
    found = {"name": _text(port["name"]).replace(":", "-").strip()}
    label = _text(port.get("label"))
    return {**found, "label": label} if label and label != found["name"] else found


def _kind(port: t.Mapping[str, Node], known: tuple[str, ...], odd: list[str]) -> str:
    kind = _text(port.get("type"))
    if kind in known:
        return kind
    odd.append(kind)
    return "other"


def _number(port: t.Mapping[str, Node], key: str) -> dict[str, int]:
    value = _text(port.get(key))
    return {key: int(value)} if value.isascii() and value.isdigit() and int(value) > 1 else {}


__all__ = ["Imported", "import_type"]
