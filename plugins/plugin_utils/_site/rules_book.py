# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a rule is, and what it looks at."""

from __future__ import annotations

import datetime
import typing as t

from .model_fields import Record
from .model_load import SiteFile
from .wiring import Wiring

MOST_NAMES = 6


class Trouble(t.NamedTuple):
    """What a rule found: the record, what is wrong with it, and the key whose line to show.

    label: what to call it, where the record's own name says too little. hint: where the rule's own says too little.
    """

    record: Record
    message: str
    key: str = ""
    label: str = ""
    hint: str = ""


class World:
    """One site as a rule sees it."""

    def __init__(self, file: SiteFile, today: datetime.date) -> None:
        if file.site is None:
            raise ValueError(f"{file.file} holds no site")
        self.site = file.site
        self.today = today
        self.wiring = Wiring(file.site)
        self._dropped = file.dropped

    def readable(self, name: str) -> bool:
        """False for a record that is there but could not be read: that was said, and is not unknown besides."""
        return name not in self._dropped


class Rule(t.NamedTuple):
    """holds: what must hold, a sentence. hint: what to do where it does not, a clause.

    check: takes a World (or, across sites, all of them) and yields Trouble; None for what the loader finds.
    """

    id: str
    severity: str
    holds: str
    hint: str
    check: t.Any


class Rules(list):
    """The rules of one file, in its order; used as a decorator."""

    def rule(self, name: str, severity: str, holds: str, hint: str) -> t.Callable[[t.Any], t.Any]:
        def remember(check: t.Any) -> t.Any:
            self.append(Rule(name, severity, holds, hint, check))
            return check

        return remember


def named(names: t.Iterable[t.Any]) -> str:
    """A list as a person says it: "a, b and c". A long one is cut: nobody reads forty names."""
    words = [str(name) for name in names]
    if len(words) > MOST_NAMES:
        words = [*words[: MOST_NAMES - 1], f"{len(words) - MOST_NAMES + 1} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


__all__ = ["Rule", "Rules", "Trouble", "World", "named"]
