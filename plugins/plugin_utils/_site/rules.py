# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""All rules over all sites: what no single value shows, but the records together do."""

from __future__ import annotations

import collections
import datetime
import typing as t

from . import rules_addresses, rules_ports, rules_sites, rules_trust, rules_wiring
from .findings import Finding, ordered
from .model_load import SiteFile
from .rules_book import Rule, Trouble, World

# What the loader itself finds, and whoever reads the files; they have no function here.
SHAPE = (
    Rule("file-unreadable", "error", "The file can be read and is text in UTF-8.", "mend that", None),
    Rule(
        "yaml-syntax",
        "error",
        "The file is YAML, one document, and does not nest without end.",
        "mend the YAML there",
        None,
    ),
    Rule("not-a-site", "error", "The document is a mapping.", "start it with slug: and name:", None),
    Rule("key-twice", "error", "A key is written once in a record.", "keep one", None),
    Rule(
        "key-unknown",
        "error",
        "A record has only keys that its schema knows.",
        "write the key as the schema has it",
        None,
    ),
    Rule("value-missing", "error", "A record has the keys that it must have.", "add it", None),
    Rule("value-wrong", "error", "A value is of the kind that its key wants.", "write it as the hint says", None),
)
WITHIN: tuple[Rule, ...] = (*rules_ports.RULES, *rules_wiring.RULES, *rules_addresses.RULES, *rules_trust.RULES)
ACROSS: tuple[Rule, ...] = tuple(rules_sites.RULES)
ALL: tuple[Rule, ...] = (*SHAPE, *WITHIN, *ACROSS)


def check(files: t.Sequence[SiteFile], today: datetime.date) -> list[Finding]:
    """Everything that is wrong with these site files, each thing once, in the order of files and lines."""
    worlds = [World(file, today) for file in files if file.site is not None]
    findings = [finding for file in files for finding in file.findings]
    for rule in WITHIN:
        findings += (_finding(rule, trouble) for world in worlds for trouble in rule.check(world))
    for rule in ACROSS:
        findings += (_finding(rule, trouble) for trouble in rule.check(worlds))
    return ordered(findings)


def _finding(rule: Rule, trouble: Trouble) -> Finding:
    origin = trouble.record.origin
    return Finding(
        rule.severity,
        rule.id,
        origin.file,
        origin.line_of(trouble.key),
        trouble.label or trouble.record.called,
        trouble.message,
        trouble.hint or rule.hint,
    )


def table() -> list[str]:
    """The rules as the lines of a Markdown table, for the documentation."""
    twice = [name for name, count in collections.Counter(rule.id for rule in ALL).items() if count > 1]
    if twice:
        raise ValueError(f"rules with the same id: {twice}")
    lines = ["| rule | severity | what must hold | otherwise |", "|---|---|---|---|"]
    return lines + [f"| `{rule.id}` | {rule.severity} | {rule.holds} | {rule.hint} |" for rule in ALL]


__all__ = ["ACROSS", "ALL", "SHAPE", "WITHIN", "check", "table"]
