# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site of which no device answers: nothing of it is compared, which must not go on for months without a word."""

from __future__ import annotations

import datetime
import typing as t

from .drift import Comparison
from .drift_book import BY_ID
from .drift_text import Told
from .findings import Finding
from .hosts import hosts_of
from .model import Site
from .phrases import Phrases

RULE = BY_ID["site-unseen"]
# site_observe has nothing to ask these by.
UNASKED = ("routeros", "windows")


class Unseen(t.NamedTuple):
    """A site that did not answer. since: the first day of that, "" where nothing remembers it."""

    site: str
    since: str

    def line(self, phrases: Phrases) -> str:
        return self._say("drift.site-unseen.short", phrases)

    def _say(self, key: str, phrases: Phrases) -> str:
        return phrases.say(key if self.since else f"{key}.once", site=self.site, since=self.since)

    def days(self, today: str) -> int:
        since = self.since or today
        return (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(since)).days

    def told(self, file: str, phrases: Phrases) -> Told:
        label, hint = phrases.say("drift.about.site", name=self.site), phrases.say("drift.site-unseen.hint")
        message = self._say("drift.site-unseen", phrases)
        return Told(Finding(RULE.severity, RULE.id, file, 1, label, message, hint), RULE.id, "measured", (), ())


def can_be_asked(site: Site) -> bool:
    kinds = [t.cast("dict[str, t.Any]", host.variables["home_device"]).get("managed") for host in hosts_of(site)]
    return any(kind not in UNASKED for kind in kinds)


def unseen(site: Site, comparison: Comparison, since: str) -> t.Optional[Unseen]:
    """since: as Unseen has it, for where it did not answer."""
    return None if comparison.answered or not can_be_asked(site) else Unseen(site.slug, since)


def line_of(name: str, one: t.Optional[Unseen], comparison: t.Optional[Comparison], phrases: Phrases) -> str:
    """Why a site was not compared, "" where it was, or where its file says why."""
    if one is not None:
        return one.line(phrases)
    if comparison is None or comparison.answered:
        return ""
    return phrases.say("drift.site-unseen.silent", site=name)


__all__ = ["Unseen", "line_of", "unseen"]
