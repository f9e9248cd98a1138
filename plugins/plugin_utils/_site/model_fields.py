# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""How a record says what its fields are: kind, meaning, and the first edition of the sheet that may show them."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .model_kinds import Kind, ListOf, Report, Schema, WrongValue, in_words
from .model_values import EDITIONS, Origin
from .model_yaml import Node

REQUIRED = object()


class Field(t.NamedTuple):
    """kind: how it is read. meaning: for people and editors. edition: the first one that may show it."""

    name: str
    kind: Kind
    meaning: str
    edition: str
    required: bool


class Spec(t.NamedTuple):
    """The part of a Field that stands in a dataclass field's metadata."""

    kind: Kind
    meaning: str
    edition: str


def field(kind: Kind, meaning: str, *, edition: str = "public", default: t.Any = REQUIRED) -> t.Any:
    """A field of a record. Without a default it must be written; a list's default is the empty one."""
    if edition not in EDITIONS:
        raise ValueError(f"{edition} is none of {EDITIONS}")
    # pylint: disable=invalid-field-call  # this is dataclasses.field with what a record's field must have
    metadata = {"spec": Spec(kind, meaning, edition)}
    if default is REQUIRED and isinstance(kind, ListOf):
        default = ()
    if default is REQUIRED:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """What all records have. ``CALLED`` is the word for one, ``KEY`` the field that names it."""

    CALLED: t.ClassVar[str] = "record"
    KEY: t.ClassVar[str] = ""

    origin: Origin = dataclasses.field(default=Origin(), compare=False, repr=False)

    @property
    def called(self) -> str:
        """What a finding calls it: "cable C01"."""
        return f"{self.CALLED} {getattr(self, self.KEY)}" if self.KEY else self.CALLED


@functools.cache
def fields_of(record: type[Record]) -> tuple[Field, ...]:
    """The fields that a file may write, in the order of the class."""
    return tuple(
        Field(item.name, *item.metadata["spec"], item.default is dataclasses.MISSING)
        for item in dataclasses.fields(record)
        if "spec" in item.metadata
    )


@functools.cache
def fields_by_name(record: type[Record]) -> t.Mapping[str, Field]:
    return {field.name: field for field in fields_of(record)}


@dataclasses.dataclass(frozen=True)
class RecordOf:
    """The kind of a field that holds a record."""

    record: type[Record]

    def read(self, node: Node, report: Report) -> Record:
        if node.kind != "mapping":
            raise WrongValue(
                f"it is {in_words(node.kind)}, not a mapping", f"write the {self.record.CALLED}'s keys and values"
            )
        return t.cast(t.Any, report).record(self.record, node)

    def schema(self) -> Schema:
        return {"$ref": f"#/$defs/{self.record.__name__}"}


__all__ = ["Field", "Record", "RecordOf", "field", "fields_by_name", "fields_of"]
