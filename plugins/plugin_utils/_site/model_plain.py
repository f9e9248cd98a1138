# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Records as plain JSON types, in the shape of a site file. Secrets are left out, whatever they are."""

from __future__ import annotations

import datetime
import ipaddress
import typing as t

from .model_fields import Record, fields_of
from .model_values import EDITIONS, Period, PortRef, Secret, Text, shows

ADDRESSES = (
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
)


def plain(value: t.Any, edition: str = EDITIONS[-1]) -> t.Any:
    """Dictionaries, lists and scalars of what a record, a named tuple or a value holds, as far as the edition shows it.

    What is not set is left out.
    """
    if isinstance(value, Record):
        fields = [field for field in fields_of(type(value)) if shows(edition, field.edition)]
        items = ((field.name, getattr(value, field.name)) for field in fields)
        return {
            name: plain(item, edition) for name, item in items if not (item in (None, ()) or isinstance(item, Secret))
        }
    if isinstance(value, (PortRef, Period, datetime.date, *ADDRESSES)):
        return str(value)
    if isinstance(value, Text):
        return {"ja": value.ja, "en": value.en}
    if hasattr(value, "_asdict"):
        return {name: plain(item, edition) for name, item in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        shown = (item for item in value if shows(edition, getattr(item, "edition", EDITIONS[0])))
        return [plain(item, edition) for item in shown if not isinstance(item, Secret)]
    return value


__all__ = ["plain"]
