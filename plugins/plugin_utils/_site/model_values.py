# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The values that a site's records are made of, besides those of Python itself."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

# Each edition shows what those before it show.
EDITIONS = ("public", "family", "handover")
LANGUAGES = ("ja", "en")


def shows(edition: str, wanted: str) -> bool:
    """Whether something of edition ``wanted`` belongs on a sheet of this edition."""
    return EDITIONS.index(wanted) <= EDITIONS.index(edition)


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stands. ``lines`` has the line of each key that was written."""

    file: str = ""
    line: int = 0
    lines: t.Mapping[str, int] = dataclasses.field(default_factory=dict)

    def line_of(self, key: str) -> int:
        return self.lines.get(key, self.line)


class Text(t.NamedTuple):
    """A text for people. What was written in one language only stands for both."""

    ja: str
    en: str

    def in_language(self, language: str) -> str:
        return self.ja if language == "ja" else self.en

    def __str__(self) -> str:
        return self.en


class PortRef(t.NamedTuple):
    """``device:port``: an interface, a front port or a rear port of a device."""

    device: str
    port: str

    def __str__(self) -> str:
        return f"{self.device}:{self.port}"


class Period(t.NamedTuple):
    """``30d``, ``2w``, ``6m``, ``1y``."""

    count: int
    unit: str

    def after(self, day: datetime.date) -> datetime.date:
        """The day on which the period that began on ``day`` is over, or the last day there is."""
        try:
            if self.unit in "dw":
                return day + datetime.timedelta(days=self.count * {"d": 1, "w": 7}[self.unit])
            months = day.month - 1 + self.count * {"m": 1, "y": 12}[self.unit]
            first = datetime.date(day.year + months // 12, months % 12 + 1, 1)
            return first + datetime.timedelta(days=min(day.day, _days_in(first)) - 1)
        except (OverflowError, ValueError):
            return datetime.date.max

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


def _days_in(first: datetime.date) -> int:
    following = (first + datetime.timedelta(days=32)).replace(day=1)
    return (following - first).days


@dataclasses.dataclass(frozen=True, slots=True)
class Secret:
    """A value that no log may show: as it stands in the file, never decrypted here.

    kind: "vault" (the cipher text of ``!vault``), "template" (``{{ a_variable }}``) or "plain".
    """

    kind: str
    value: str = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return f"({self.kind})"


__all__ = ["EDITIONS", "LANGUAGES", "Origin", "Period", "PortRef", "Secret", "Text", "shows"]
