# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data: of the right shape, and no promise in them without a page, a date and a host."""

from __future__ import annotations

import datetime
import pathlib

import jsonschema
import pytest
import yaml

from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver import support_matrix, support_names

ROOT = pathlib.Path(__file__).parents[5]
PLAIN = {"type": "string", "minLength": 2}
TEXTS = {"type": "array", "items": PLAIN, "minItems": 1, "uniqueItems": True}
DAY = {"format": "day"}
ROW = {
    "type": "object",
    "additionalProperties": False,
    "required": ["source", "guests", "hypervisors", "status", "since"],
    "properties": {
        "source": {"enum": sorted(support_matrix.sources())},
        "guests": TEXTS,
        "hypervisors": {**TEXTS, "items": {"enum": sorted(support_names.names_data()["hypervisors"])}},
        "hosts": TEXTS,
        "status": {"enum": list(support_matrix.STATUSES)},
        "since": DAY,
        "until": DAY,
        "architectures": {**TEXTS, "items": {"enum": sorted(support_names.names_data()["architectures"])}},
        "packages": TEXTS,
        "drivers_in": {"enum": ["guest", "package"]},
        "note": {"type": "string", "pattern": r"^[A-Z].*\.$"},
    },
    # A promise is always for a host; a row without one knows nothing or promises nothing.
    "if": {"properties": {"status": {"enum": ["validated", "vendor-supported"]}}},
    "then": {"required": ["hosts"]},
    "else": {"if": {"properties": {"status": {"const": "unknown"}}}, "then": {"required": ["note"]}},
}
SOURCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "publisher", "url", "published", "read", "extent"],
    "properties": {
        "title": PLAIN,
        "publisher": PLAIN,
        "url": {"type": "string", "pattern": "^https?://[^ |]+$"},
        "published": {"anyOf": [DAY, {"type": "null"}]},
        "read": {"anyOf": [DAY, {"type": "null"}]},
        "extent": {"enum": ["whole", "excerpt", "none"]},
    },
}


def check_day(_validator, _format, value, _schema):
    """YAML has dates of its own, of which JSON's schemas know nothing."""
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        yield jsonschema.ValidationError(f"{value!r} is no day")


CHECKER = jsonschema.validators.extend(jsonschema.Draft7Validator, {"format": check_day})


def loaded(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


ROW_FILES = sorted((support_names.DATA / "rows").glob("*.yml"))
ROWS = [
    pytest.param(row, id=f"{path.stem}-{number}")
    for path in ROW_FILES
    for number, row in enumerate(loaded(path)["rows"])
]


@pytest.mark.parametrize("row", ROWS)
def test_row(row):
    CHECKER(ROW).validate(row)
    source = support_matrix.sources()[row["source"]]
    assert row["status"] == "unknown" or source.read, "nothing is promised by a page that was not read"
    # An undated page counts from the day on which it was read.
    assert row["since"] >= (source.published or source.read or row["since"])
    assert row["since"] < row.get("until", datetime.date.max)
    assert row.get("drivers_in") == "package" or row.get("packages", []) in ([], ["hyperv-daemons"])


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "supported"},
        {"status": "validated", "hosts": None},
        {"since": "2009-10-07"},
        {"hypervisors": ["virtualbox"]},
        {"source": "hearsay"},
        {"guests": []},
        {"until": 2009},
        {"more": "text"},
        {"note": "no sentence"},
    ],
)
def test_the_schema_finds(broken):
    good = {
        "source": "kb897615",
        "guests": ["win2k"],
        "hypervisors": ["kvm"],
        "hosts": ["rhel5.4"],
        "status": "works",
        "since": datetime.date(2009, 1, 1),
    }
    CHECKER(ROW).validate(good)
    row = {key: value for key, value in {**good, **broken}.items() if value is not None}
    with pytest.raises(jsonschema.ValidationError):
        CHECKER(ROW).validate(row)


@pytest.mark.parametrize("name", sorted(support_matrix.sources()))
def test_source(name):
    source = loaded(support_names.DATA / "sources.yml")[name]
    CHECKER(SOURCE).validate(source)
    assert (source["read"] is None) == (source["extent"] == "none")
    assert (source["published"] or datetime.date.min) <= (source["read"] or datetime.date.max)
    assert any(row.source.id == name for row in support_matrix.rows()), "no row is from it"


def test_all_rows_are_there():
    assert len(support_matrix.rows()) == len(ROWS) > 50


def test_aliases_are_written_as_they_are_compared_and_name_one_thing():
    data = support_names.names_data()
    kinds = {
        "hypervisors": [alias for entry in data["hypervisors"].values() for alias in entry["aliases"]],
        "architectures": [alias for entry in data["architectures"].values() for alias in entry],
        "families": [alias for name, entry in data["families"].items() for alias in (name, *entry["aliases"])],
        "windows": [alias for entry in data["windows"]["names"].values() for alias in entry["aliases"]],
    }
    for aliases in kinds.values():
        assert aliases == [support_names.normal(alias) for alias in aliases]
        assert len(set(aliases)) == len(aliases)


@pytest.mark.parametrize("table", ["rows", "sources"])
def test_the_tables_in_the_docs_are_current(table):
    page = (ROOT / "docs/guest_support_rows.md").read_text(encoding="utf-8")
    begin = f"<!-- {table} -->\n\n"
    assert begin + "\n".join(support_matrix.tables()[table]) + "\n\n<!-- end -->" in page, "run tools/support_docs"
