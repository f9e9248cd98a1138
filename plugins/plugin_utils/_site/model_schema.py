# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The JSON Schema of a site file, made from the records, so that editors complete what the loader reads."""

from __future__ import annotations

import typing as t

from .model import Site
from .model_fields import Record, RecordOf, fields_of
from .model_kinds import Kind, ListOf, Schema

DIALECT = "http://json-schema.org/draft-07/schema#"


def schema() -> Schema:
    """The whole schema. Draft 7, because that is what YAML editors understand."""
    return {
        "$schema": DIALECT,
        "title": "homevirt.fleet site",
        **_of(Site),
        "$defs": {record.__name__: _of(record) for record in sorted(records_in(Site), key=lambda cls: cls.__name__)},
    }


def _of(record: type[Record]) -> Schema:
    fields = fields_of(record)
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
        "properties": {
            field.name: _nullable(field.kind.schema(), field.required)
            | {"description": f"{field.meaning} (from edition {field.edition} on)"}
            for field in fields
        },
    }


def _nullable(found: Schema, required: bool) -> Schema:
    """A key without a value is the same as no key, as everywhere in Ansible."""
    return found if required else {"anyOf": [found, {"type": "null"}]}


def records_in(record: type[Record]) -> t.Iterator[type[Record]]:
    """The kinds of record that a record can hold, at any depth."""
    for field in fields_of(record):
        kind: Kind = field.kind
        if isinstance(kind, ListOf):
            kind = kind.item
        if isinstance(kind, RecordOf):
            yield kind.record
            yield from records_in(kind.record)


__all__ = ["records_in", "schema"]
