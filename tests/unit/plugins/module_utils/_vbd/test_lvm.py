# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LVM2's words on a disk: physical volumes as LVM 2.03.16 wrote them, beside what its lvs and dmsetup said of them."""

from __future__ import annotations

import functools
import gzip
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import lvm_group, lvm_label, lvm_text, volumes

FIXTURES = os.path.join(os.path.dirname(__file__), "fixtures")
TEXT = (
    'vg0 {\nid = "u"\nseqno = 3\nextent_size = 8 # 4k\nphysical_volumes {\npv0 {\nid = "p"\npe_start = 2048\n'
    "pe_count = 10\nstatus = []\n}\n}\nlogical_volumes {\n"
    'a {\nid = "l"\nstatus = ["VISIBLE"]\nsegment_count = 1\nsegment1 {\nstart_extent = 0\nextent_count = 4\n'
    'type = "striped"\nstripe_count = 1\nstripes = ["pv0", 2]\n}\n}\n}\n}\n'
)


@functools.cache
def recorded(name):
    with gzip.open(os.path.join(FIXTURES, f"lvm-{name}.pv.gz")) as stream:
        return stream.read()


@pytest.fixture(name="labels", scope="module")
def the_labels():
    return [lvm_label.read(io.BytesIO(recorded(name))) for name in ("a", "b")]


@pytest.fixture(name="said", scope="module")
def what_lvs_said():
    with open(os.path.join(FIXTURES, "lvm-lvs.json"), encoding="utf-8") as stream:
        return json.load(stream)["report"][0]["seg"]


def test_volumes_are_those_that_lvs_lists(labels, said):
    [group] = lvm_group.newest(labels).values()
    assert (group.name, group.uuid) == (said[0]["vg_name"], said[0]["vg_uuid"])
    assert sorted(group.physical) == sorted(label.uuid for label in labels)
    sizes: dict = {}
    for segment in said:
        if not segment["lv_name"].startswith("["):
            sizes[segment["lv_name"]] = sizes.get(segment["lv_name"], 0) + int(segment["seg_size"])
    assert {volume.name.partition("/")[2]: volume.sectors for volume in group.logical} == sizes
    uuids = {segment["lv_name"]: segment["lv_uuid"] for segment in said}
    opened = [volume for volume in group.logical if not volume.why_not]
    assert opened and all(volume.uuid == uuids[volume.name.partition("/")[2]] for volume in opened)


def test_tables_are_those_that_lvm_made(labels):
    [group] = lvm_group.newest(labels).values()
    with open(os.path.join(FIXTURES, "lvm-tables.json"), encoding="utf-8") as stream:
        told = json.load(stream)
    disks = {label.uuid: told["disks"][number] for number, label in enumerate(labels)}
    found = {logical.name: volumes.table(volumes.Volume(logical.name, logical, disks)) for logical in group.logical}
    for name, table in told["tables"].items():
        assert found[name].splitlines() == table


def test_kinds_that_are_not_opened_say_why(labels):
    [group] = lvm_group.newest(labels).values()
    reasons = {volume.name: (volume.why_not, volume.origin) for volume in group.logical}
    assert reasons["vg-0/root"] == ("", False)
    assert reasons["vg-0/other"] == ("", True)
    assert reasons["vg-0/snap"][0] == "it is a snapshot"
    assert reasons["vg-0/thin"][0] == "it is a thin volume"
    assert reasons["vg-0/pool"][0] == "it is a pool of thin volumes"


def test_newest_copy_counts():
    old, new = lvm_text.parse(TEXT), lvm_text.parse(TEXT.replace("seqno = 3", "seqno = 4").replace("a {", "b {"))
    for order in ((old, new), (new, old)):
        [group] = lvm_group.newest([lvm_label.Label("p", order)]).values()
        assert group.logical[0].name == "vg0/b"


def test_text():
    parsed = lvm_text.parse('# one\na { b = "q\\"u\\\\o" c = [1, "x", ] d = -3\n e {} 2f = 1.5 }\nz = 7')
    assert parsed == {"a": {"b": 'q"u\\o', "c": [1, "x"], "d": -3, "e": {}, "2f": 1}, "z": 7}


@pytest.mark.parametrize(
    "text", ["a {", "a }", "a = ", "a = [1", "a = [1 2]", "a", "a = }", '"x" = 1', "a {" * 20 + "}" * 20, "a = 'x'"]
)
def test_text_that_is_none(text):
    with pytest.raises(lvm_text.Unreadable):
        lvm_text.parse(text)


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ('["pv0", 2]', '["pv0", 7]', "outside its disk"),
        ('["pv0", 2]', '["pv0"]', "not as many"),
        ("start_extent = 0", "start_extent = 1", "gap"),
        ("extent_size = 8", "extent_size = 0", "no size"),
        ("segment_count = 1", "segment_count = 2", "segment 2 is not there"),
        ("segment_count = 1", "segment_count = 99999999", "too many segments"),
        ("vg0 {", "a/b {", "cannot be read|allow|in place"),
        ('id = "l"', "id = 5", "id is no text"),
        ("pe_start = 2048", "pe_start = -1", "pe_start is no number"),
    ],
)
def test_group_that_cannot_be(was, becomes, why):
    with pytest.raises(lvm_text.Unreadable, match=why):
        lvm_group.newest([lvm_label.Label("p", (lvm_text.parse(TEXT.replace(was, becomes)),))])


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("status = []", 'status = ["MISSING"]', "given up for lost"),
        ('["pv0", 2]', '["pvmove0", 0]', "lies on the volume pvmove0"),
        ('"striped"', '"raid1"', "of the kind raid1"),
    ],
)
def test_volume_that_is_not_opened(was, becomes, why):
    [group] = lvm_group.newest([lvm_label.Label("p", (lvm_text.parse(TEXT.replace(was, becomes)),))]).values()
    assert why in group.logical[0].why_not


@given(st.binary(min_size=1, max_size=16), st.integers(0, 12000))
def test_damaged_disk_is_refused_or_read_as_before(labels, noise, place):
    raw = bytearray(recorded("b"))
    raw[place : place + len(noise)] = noise
    try:
        found = lvm_label.read(io.BytesIO(bytes(raw)))
    except lvm_text.Unreadable:
        return
    assert found == labels[1]


@given(st.text(alphabet='ab{}[]=,"\\ \n#1-.', max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        lvm_group.newest([lvm_label.Label("p", (lvm_text.parse(text),))])
    except lvm_text.Unreadable:
        pass
