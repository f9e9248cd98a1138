# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site of which no device answers: nothing of it is compared, which must not go on for months without a word."""

from __future__ import annotations

import datetime
import typing as t

from .drift import Comparison
from .drift_book import DriftRule
from .drift_text import Told
from .findings import Finding
from .hosts import hosts_of
from .model import Site

RULE = DriftRule("site-unseen", "warning", "A site answers within `unseen_days` (7). It takes a state file to know.")
# site_observe has nothing to ask these by.
UNASKED = ("routeros", "windows")
WORDS = {
    "en": {
        "label": "site {site}",
        "message": "no device of it has answered since {since}, so nothing of it was compared",
        "message-once": "no device of it has answered, so nothing of it was compared",
        "hint": (
            "look whether its line is up, the way there is right, and it is in the inventory; raise unseen_days for a"
            " house that is closed for long"
        ),
        "line": "{site} has not answered since {since}",
        "line-once": "{site} did not answer",
        "silent": "{site} has no device that can be asked",
    },
    "ja": {
        "label": "家 {site}",
        "message": "{since} から応答する機器がなく、何も比べていません",
        "message-once": "応答する機器がなく、何も比べていません",
        "hint": (
            "回線と接続方法、インベントリに入っているかを確かめてください。"
            "長く閉めている家なら unseen_days を増やしてください"
        ),
        "line": "{site} は {since} から応答がありません",
        "line-once": "{site} から応答がありません",
        "silent": "{site} には問い合わせられる機器がありません",
    },
}


class Unseen(t.NamedTuple):
    """A site that did not answer. since: the first day of that, "" where nothing remembers it."""

    site: str
    since: str

    def line(self, language: str) -> str:
        return self._say("line", language)

    def _say(self, key: str, language: str) -> str:
        return WORDS[language][key if self.since else f"{key}-once"].format(site=self.site, since=self.since)

    def days(self, today: str) -> int:
        since = self.since or today
        return (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(since)).days

    def told(self, file: str, language: str) -> Told:
        words = WORDS[language]
        label = words["label"].format(site=self.site)
        found = Finding(RULE.severity, RULE.id, file, 1, label, self._say("message", language), words["hint"])
        return Told(found, RULE.id, "measured", (), ())


def can_be_asked(site: Site) -> bool:
    kinds = [t.cast("dict[str, t.Any]", host.variables["home_device"]).get("managed") for host in hosts_of(site)]
    return any(kind not in UNASKED for kind in kinds)


def unseen(site: Site, comparison: Comparison, since: str) -> t.Optional[Unseen]:
    """since: as Unseen has it, for where it did not answer."""
    return None if comparison.answered or not can_be_asked(site) else Unseen(site.slug, since)


def line_of(name: str, one: t.Optional[Unseen], comparison: t.Optional[Comparison], language: str) -> str:
    """Why a site was not compared, "" where it was, or where its file says why."""
    if one is not None:
        return one.line(language)
    if comparison is None or comparison.answered:
        return ""
    return WORDS[language]["silent"].format(site=name)


__all__ = ["RULE", "WORDS", "Unseen", "line_of", "unseen"]
