# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Site files read into records; whatever stands in them, and what an editor says of the same."""

from __future__ import annotations

import datetime
import json
import pathlib

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import model_schema, rules
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model import Site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_fields import fields_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_values import EDITIONS, Period
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites, yamltext
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

ROOT = pathlib.Path(__file__).parents[5]
EXAMPLES = sorted((ROOT / "examples/sites/sites").glob("*.yml"))
TODAY = datetime.date(2026, 11, 24)
SCHEMA = jsonschema.Draft7Validator(model_schema.schema())


@pytest.mark.parametrize("case", cases(__file__, "shapes.yml", "title"))
def test_shapes(case):
    read = load_site(case["text"], "a.yml")
    assert [f"{finding.line} {finding.rule}: {finding.label}: {finding.message}" for finding in read.findings] == case[
        "says"
    ]
    if "slug" in case:
        assert read.site.slug == case["slug"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_are_right(path):
    text = path.read_text(encoding="utf-8")
    read = load_site(text, path.name)
    # The first house is as it was in 2006, so its review is long overdue.
    wanted = ["review-overdue"] if path.stem == "jikka" else []
    assert [finding.rule for finding in rules.check([read], TODAY)] == wanted
    SCHEMA.validate(json.loads(json.dumps(yamltext.read(text), default=str)))
    schema = text.splitlines()[0].partition("$schema=")[2]
    assert (path.parent / schema).resolve() == ROOT / "docs/site.schema.json"


def test_the_committed_schema_is_current():
    committed = json.loads((ROOT / "docs/site.schema.json").read_text(encoding="utf-8"))
    assert committed == model_schema.schema(), "run tools/site_docs"


def test_every_field_has_an_edition_and_a_meaning():
    for record in {Site, *model_schema.records_in(Site)}:
        for field in fields_of(record):
            assert field.edition in EDITIONS and field.meaning.endswith("."), (record, field.name)


def test_secrets_do_not_show():
    text = "slug: a\nname: A\ncredentials: [{name: b, user: root, secret: hunter2}]\n"
    assert "hunter2" not in repr(load_site(text, "a.yml")) and "hunter2" not in str(load_site(text, "a.yml").site)


@pytest.mark.parametrize(
    ("count", "unit", "day"),
    [
        (6, "m", "2026-11-30"),
        (9, "m", "2027-02-28"),
        (1, "y", "2027-05-31"),
        (2, "w", "2026-06-14"),
        (9000, "y", "9999-12-31"),
    ],
)
def test_period(count, unit, day):
    assert str(Period(count, unit).after(datetime.date(2026, 5, 31))) == day


def sound(text):
    """Whatever the text is: findings that say something, each once, and a site that the rules can look at."""
    read = load_site(text, "a.yml")
    findings = rules.check([read, load_site(text, "b.yml")], TODAY)
    assert len(findings) == len(set(findings))
    assert all(1 <= finding.line <= text.count("\n") + 2 and finding.message and finding.hint for finding in findings)
    assert read.site is not None or read.findings
    return read


@given(st.text())
def test_any_text_is_read(text):
    sound(text)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ["rt", "sw", "onu", "1", "eth0", "rt:1", "rt:2", "sw:1", "rt:rt", ":", "192.0.2.1", "192.0.2.1/24", "192.0.2.0/24"]
)


def records(kind, depth=0):
    """Records with the right keys and values that are often right, seldom all of them."""
    values = {}
    for field in fields_of(kind):
        item = getattr(field.kind, "item", field.kind)
        inner = getattr(item, "record", None)
        choice = st.sampled_from(item.values) if hasattr(item, "values") else WORDS | st.integers(0, 9)
        one = records(inner, depth + 1) if inner else choice
        values[field.name] = TREES | st.lists(one, max_size=3) | one if depth else st.lists(one, max_size=4) | one
    return st.fixed_dictionaries({}, optional=values)


@settings(max_examples=25, deadline=None)
@given(records(Site))
def test_anything_with_the_right_keys_is_read(tree):
    sound(yamltext.written({"slug": "a", "name": "A", **tree}))


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_mistake_anywhere_is_found_where_it_is(data):
    tree = generate_sites.site(data.draw(st.integers(0, 99)), 8)
    key = data.draw(st.sampled_from(["devices", "cables", "ip_addresses", "credentials", "locations"]))
    index = data.draw(st.integers(0, len(tree[key]) - 1))
    tree[key][index]["mistake"] = 1
    text = yamltext.written(tree)
    (finding,) = load_site(text, "a.yml").findings
    assert finding.rule == "key-unknown" and text.splitlines()[finding.line - 1].strip() == "mistake: 1"


@settings(max_examples=15, deadline=None)
@given(records(Site))
def test_the_loader_refuses_nothing_that_editors_accept(tree):
    tree = {"slug": "a", "name": "A", **tree}
    plain = json.loads(json.dumps(yamltext.read(yamltext.written(tree)), default=str))
    if SCHEMA.is_valid(plain):
        addresses = ("address", "prefix", "gateway", "dns", "start", "end")
        findings = load_site(yamltext.written(tree), "a.yml").findings
        # What of addresses a pattern cannot say, the loader alone knows.
        assert [finding for finding in findings if not finding.message.startswith(addresses)] == []
