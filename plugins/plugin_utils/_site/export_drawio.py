# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site as a draw.io diagram, to be moved about by hand: a box for each device, a line for each cable."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from .model import Site
from .model_devices import Device
from .wiring import Wiring

WIDTH, HEIGHT, GAP_X, GAP_Y = 180, 50, 80, 20
# html=0: a label is text, whatever stands in it.
BOX = "rounded=1;html=0;whiteSpace=wrap;"
LINE = "endArrow=none;html=0;edgeStyle=orthogonalEdgeStyle;"
# XML has no way to write these.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
COLORS = {
    "black": "#000000",
    "white": "#bdbdbd",
    "grey": "#757575",
    "red": "#d32f2f",
    "orange": "#f57c00",
    "yellow": "#fbc02d",
    "green": "#388e3c",
    "light-blue": "#29b6f6",
    "blue": "#1565c0",
    "purple": "#7b1fa2",
    "pink": "#ec407a",
    "brown": "#6d4c41",
    "beige": "#c8b99a",
    "clear": "#90a4ae",
}


def drawio(site: Site, language: str) -> str:
    """The diagram as XML. The same site gives the same bytes."""
    wiring = Wiring(site)
    file = ElementTree.Element("mxfile", host="homevirt.fleet")
    diagram = ElementTree.SubElement(file, "diagram", id=site.slug, name=site.slug)
    model = ElementTree.SubElement(
        diagram, "mxGraphModel", grid="1", gridSize="10", page="1", pageWidth="1169", pageHeight="827"
    )
    root = ElementTree.SubElement(model, "root")
    ElementTree.SubElement(root, "mxCell", id="0")
    ElementTree.SubElement(root, "mxCell", id="1", parent="0")
    rooms = {location.slug: location.name.in_language(language) for location in site.locations}
    cells: dict[str, str] = {}
    for number, (device, column, row) in enumerate(_places(wiring)):
        cells[device.name] = f"d{number}"
        label = device.label.in_language(language) if device.label else device.name
        room = rooms.get(device.location or "")
        cell = _cell(root, f"d{number}", f"{label}\n{room}" if room else label, BOX, vertex="1")
        place = {"x": column * (WIDTH + GAP_X), "y": row * (HEIGHT + GAP_Y), "width": WIDTH, "height": HEIGHT}
        ElementTree.SubElement(
            cell, "mxGeometry", {key: str(value) for key, value in place.items()} | {"as": "geometry"}
        )
    for number, cable in enumerate(site.cables):
        if cable.a.device not in cells or cable.b.device not in cells:
            continue
        style = (
            LINE + f"strokeColor={COLORS[cable.color or 'black']};" + ("dashed=1;" if cable.status == "planned" else "")
        )
        label = f"{cable.label}: {cable.a.port} – {cable.b.port}"
        ends = {"source": cells[cable.a.device], "target": cells[cable.b.device]}
        cell = _cell(root, f"c{number}", label, style, edge="1", **ends)
        ElementTree.SubElement(cell, "mxGeometry", {"relative": "1", "as": "geometry"})
    ElementTree.indent(file)
    return ElementTree.tostring(file, encoding="unicode") + "\n"


def _cell(root: ElementTree.Element, key: str, value: str, style: str, **more: str) -> ElementTree.Element:
    shown = FORBIDDEN.sub("\ufffd", value)
    return ElementTree.SubElement(root, "mxCell", {"id": key, "value": shown, "style": style, "parent": "1", **more})


def _places(wiring: Wiring) -> t.Iterator[tuple[Device, int, int]]:
    """Every device with its column, the steps from the line, and its row in it; panels and jacks after the others."""
    columns: dict[str, int] = {}
    for name, (parent, _link) in wiring.parents.items():
        columns[name] = columns[parent] + 1 if parent is not None else 0
    beyond = max(columns.values(), default=-1) + 1
    rows: dict[int, int] = {}
    for device in wiring.devices.values():
        column = columns.get(device.name, beyond)
        yield device, column, rows.get(column, 0)
        rows[column] = rows.get(column, 0) + 1


__all__ = ["drawio"]
