# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What an edition may show: the site without all else. The allow-list is the records' own, field by field.

Everything that draws or prints gets a site that went through here, so it cannot show what is not in it.
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .model import Site
from .model_fields import Field, Record, RecordOf, fields_of
from .model_kinds import ListOf
from .model_values import Origin, Secret, Text, shows


def redacted(site: Site, edition: str) -> Site:
    return t.cast(Site, _redacted(site, edition))


def _redacted(record: Record, edition: str) -> Record:
    hidden, nested = _concerned(type(record), edition)
    values = {field.name: _blank(record, field) for field in hidden}
    values.update((field.name, _shown(getattr(record, field.name), edition)) for field in nested)
    return dataclasses.replace(record, origin=Origin(), **values)


@functools.cache
def _concerned(record: type[Record], edition: str) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """The fields that the edition hides, and of the others those that may hold records."""
    fields = fields_of(record)
    shown = [field for field in fields if shows(edition, field.edition)]
    nested = tuple(field for field in shown if isinstance(field.kind, (ListOf, RecordOf)))
    return tuple(field for field in fields if field not in shown), nested


def _shown(value: t.Any, edition: str) -> t.Any:
    if isinstance(value, Record):
        return _redacted(value, edition)
    # PortRef and Text are tuples, too, but named ones and no lists of records.
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(
            _shown(item, edition)
            for item in value
            if not isinstance(item, Record) or shows(edition, getattr(item, "edition", "public"))
        )
    return value


def _blank(record: Record, field: Field) -> t.Any:
    """What stands in place of a field that is not shown: its default, or the record's key where it must be there."""
    if not field.required:
        default = next(item for item in dataclasses.fields(record) if item.name == field.name).default
        return default
    key = str(getattr(record, record.KEY))
    if field.name == record.KEY or not isinstance(getattr(record, field.name), Text):
        raise TypeError(f"{type(record).__name__}.{field.name} is required and hidden, but no text")
    return Text(key, key)


def secrets_of(site: Site) -> t.Iterator[tuple[str, str, str, Secret]]:
    """Each secret of a site: (credential, its edition, "user" or "secret", value)."""
    for credential in site.credentials:
        for name in ("user", "secret"):
            value = getattr(credential, name)
            if value is not None:
                yield credential.name, credential.edition, name, value


__all__ = ["redacted", "secrets_of"]
