# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs read and write, read back by readers that are not ours."""

from __future__ import annotations

import csv
import io
import json
import pathlib
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import export_tables
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.export_drawio import drawio
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.netbox_types import import_type
from ansible_collections.homevirt.fleet.tests.unit.support import yamltext

SITES = pathlib.Path(__file__).parents[5] / "examples/sites"
EXAMPLES = ["jikka", "jikka-hikari", "oji", "minshuku"]
CASES = pathlib.Path(__file__).parent / "cases"
HOSTILE = ["<script>alert(1)</script>", "a\"b'c", "=1+1", "&amp;", "\u202eabc", "x]]>y", "改\u3000行", "a,b;c"]


def example(name):
    return load_site((SITES / f"sites/{name}.yml").read_text(encoding="utf-8"), name).site


def named(text):
    """A site whose every name for people is this text."""
    tree = {
        "slug": "a",
        "name": text,
        "locations": [{"slug": "hall", "name": text}],
        "devices": [
            {
                "name": "x",
                "role": "onu",
                "label": text,
                "model": text,
                "location": "hall",
                "interfaces": [{"name": "1", "label": text}],
            },
            {"name": "y", "role": "router", "manufacturer": text, "interfaces": [{"name": "1"}]},
        ],
        "cables": [{"label": "C1", "a": "x:1", "b": "y:1"}],
        "wireless_lans": [{"ssid": text, "devices": ["y"], "credential": "w"}],
        "credentials": [{"name": "w", "user": text, "secret": "hunter2hunter2"}],
    }
    return load_site(yamltext.written(tree), "a.yml").site


@pytest.mark.parametrize("name", EXAMPLES)
def test_tables_have_columns_that_netbox_knows(name):
    known = yamltext.read((CASES / "netbox_columns.yml").read_text(encoding="utf-8"))
    for table, rows in export_tables.tables(example(name), "handover").items():
        assert {column for row in rows for column in row} <= set(known[table].split()), table


@pytest.mark.parametrize("name", EXAMPLES)
def test_tables_refer_to_what_is_in_them(name):
    found = export_tables.tables(example(name), "handover")
    read = {table: list(csv.DictReader(io.StringIO(export_tables.as_csv(rows)))) for table, rows in found.items()}
    assert {table: len(rows) for table, rows in read.items()} == {table: len(rows) for table, rows in found.items()}
    assert yamltext.read(export_tables.as_yaml(found)) == {table: rows for table, rows in found.items() if rows}
    devices = {row["name"] for row in read["devices"]}
    ports = {
        (kind, row["device"], row["name"]) for kind in ("interfaces", "rear-ports", "front-ports") for row in read[kind]
    }
    sides = {"dcim.interface": "interfaces", "dcim.rearport": "rear-ports", "dcim.frontport": "front-ports"}
    assert {device for _kind, device, _port in ports} <= devices and len(read["cables"]) == len(example(name).cables)
    for row in read["cables"]:
        for side in "ab":
            assert (sides[row[f"side_{side}_type"]], row[f"side_{side}_device"], row[f"side_{side}_name"]) in ports
    types = {(row["manufacturer"], row["model"]) for row in read["device-types"]}
    rooms, site = {row["name"] for row in read["locations"]}, read["sites"][0]["name"]
    for row in read["devices"]:
        assert (row["manufacturer"], row["device_type"]) in types and row["location"] in rooms and row["site"] == site
    vlans = {row["name"] for row in read["vlans"]}
    assert all(not row["vlan"] or row["vlan"] in vlans for row in read["wireless-lans"])
    for row in read["interfaces"]:
        assert not row["bridge"] or ("interfaces", row["device"], row["bridge"]) in ports


def test_editions_hold_back():
    public = json.dumps(export_tables.tables(example("oji"), "public"))
    assert (
        "198.51.100" not in public
        and "oji-home" not in public
        and "00:00:5e" not in public
        and "Uncle" not in public.split('"devices"')[0]
    )
    assert "198.51.100.10/24" in json.dumps(export_tables.tables(example("oji"), "family"))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_hostile_names_stay_text(text):
    site = named(text)
    if site is None:
        # What YAML itself cannot hold.
        return
    root = ElementTree.fromstring(drawio(site, "ja"))
    assert len(root.findall(".//mxCell[@vertex]")) == 2 and len(root.findall(".//mxCell[@edge]")) == 1
    found = export_tables.tables(site, "handover")
    assert "hunter2hunter2" not in export_tables.as_yaml(found) + drawio(site, "en")
    rows = list(csv.DictReader(io.StringIO(export_tables.as_csv(found["devices"]), newline="")))
    assert [row["name"] for row in rows] == ["x", "y"]
    assert len({row["slug"] for row in found["device-types"]}) == len(found["device-types"])


def test_the_diagram_has_every_device_and_cable():
    site = example("minshuku")
    text = drawio(site, "ja")
    root = ElementTree.fromstring(text)
    boxes = {cell.get("id"): cell for cell in root.findall(".//mxCell[@vertex]")}
    assert len(boxes) == len(site.devices) and text == drawio(site, "ja")
    assert len({tuple(sorted(cell[0].attrib.items())) for cell in boxes.values()}) == len(boxes)
    for line in root.findall(".//mxCell[@edge]"):
        assert {line.get("source"), line.get("target")} <= set(boxes)


def test_a_device_type_becomes_a_device():
    text = (SITES / "types/gs-8.yml").read_text(encoding="utf-8")
    found = import_type(text, "gs-8.yml", "sw1", "switch")
    assert found.odd == [] and len(found.device["interfaces"]) == 8
    site = load_site(f"slug: a\nname: A\ndevices:\n{found.text()}", "a.yml")
    assert site.findings == ()
    assert site.site.devices[0].interfaces[7].label == "Uplink"


def test_a_panel_and_odd_ports():
    text = """
    manufacturer: Example
    model: PP-2
    interfaces: [{name: "ge:0", type: 400gbase-x-qsfpdd}]
    rear-ports: [{name: R, type: 110-punch, positions: 2}]
    front-ports: [{name: 1, type: 8p8c, rear_port: R}, {name: 2, type: 8p8c, rear_port: R, rear_port_position: 2}]
    """
    found = import_type(text, "pp.yml", "panel", "patch-panel")
    assert found.odd == ["110-punch", "400gbase-x-qsfpdd"]
    assert load_site(f"slug: a\nname: A\ndevices:\n{found.text()}", "a.yml").findings == ()


@pytest.mark.parametrize("text", ["", "[]", "a: [", "manufacturer: Example", "7"])
def test_no_device_type(text):
    with pytest.raises(InvalidRequest, match="device type"):
        import_type(text, "a.yml", "x", "switch")
