# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A drift in words: the same record that site_check has for what is wrong in a file, and what goes with it."""

from __future__ import annotations

import typing as t

from .drift_book import BY_ID, RULES, Drift, Edit
from .findings import Finding
from .phrases import Phrases


class Told(t.NamedTuple):
    """A drift with its finding. identity: what it is the same by on another day."""

    finding: Finding
    identity: str
    evidence: str
    witnesses: tuple[str, ...]
    edits: tuple[Edit, ...]

    def in_words(self, language: str) -> str:
        """One line for a person, as the finding prints itself; in Japanese with its own stops."""
        if language != "ja":
            return str(self.finding)
        found = self.finding
        text = f"{found.file}:{found.line}: {found.severity}: {found.label}：{found.message}。{found.hint}。"
        return f"{text}[{found.rule}]"


def told(drift: Drift, phrases: Phrases) -> Told:
    origin = drift.record.origin
    wording = f"drift.{drift.rule}.{drift.variant}" if drift.variant else f"drift.{drift.rule}"
    kind, name = drift.about
    finding = Finding(
        BY_ID[drift.rule].severity,
        drift.rule,
        origin.file,
        origin.line_of(next((edit.key for edit in drift.edits if edit.record is drift.record), "")),
        phrases.say(f"drift.about.{kind}", name=name),
        phrases.say(wording, **drift.values),
        phrases.say(f"drift.{drift.rule}.hint"),
    )
    return Told(finding, drift.identity, drift.evidence, drift.witnesses, drift.edits)


def table() -> list[str]:
    """The rules as the lines of a Markdown table, for the documentation."""
    phrases = Phrases("en")
    lines = ["| finding | severity | what must hold | otherwise |", "|---|---|---|---|"]
    return lines + [
        f"| `{rule.id}` | {rule.severity} | {rule.holds} | {phrases.say(f'drift.{rule.id}.hint')} |" for rule in RULES
    ]


__all__ = ["Told", "table", "told"]
