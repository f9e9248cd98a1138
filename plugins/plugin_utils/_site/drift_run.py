# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""An audit of several sites: compared, told, and kept for the next time."""

from __future__ import annotations

import collections
import os
import typing as t

from . import drift_state, drift_unseen
from .drift import compare
from .drift_patch import patch
from .drift_report import Audited, failing, junit, markdown, unknown_text
from .drift_text import Told
from .findings import SEVERITIES
from .model_load import SiteFile
from .phrases import Phrases
from .written import Difference, differences, text_of


class Choice(t.NamedTuple):
    """What a task asks for. state_file, report_dir: "" for none. today: as ISO 8601.

    unseen_days: after so many days a site that does not answer is a finding.
    """

    language: str
    fail_on: str
    state_file: str
    report_dir: str
    today: str
    unseen_days: int = 7


class Outcome(t.NamedTuple):
    """differences: the files that are to be written. result: the task's return values. bad: whether it fails."""

    differences: list[Difference]
    result: dict[str, t.Any]
    bad: bool


def audit(
    files: t.Sequence[SiteFile], texts: t.Mapping[str, str], results: t.Mapping[str, t.Any], choice: Choice
) -> Outcome:
    """Compare every site with what its devices told. texts: of the files, by their names. Raises FleetError."""
    before = drift_state.read(text_of(choice.state_file) if choice.state_file else None, choice.state_file)
    kept, silent = dict(before.findings), dict(before.unseen)
    audits = []
    for file in files:
        one = _audit(file, texts.get(file.file, ""), results, before, choice)
        audits.append(one)
        if one.course is not None:
            kept[one.name] = list(one.course.kept)
            silent.pop(one.name, None)
        if one.unseen is not None:
            silent[one.name] = one.unseen.since
    wanted = _reports(audits, choice)
    if choice.state_file:
        wanted[choice.state_file] = drift_state.text(drift_state.Memory(kept, silent))
    found = differences(wanted)
    bad = any(failing(finding, choice.fail_on) for one in audits for finding in one.broken)
    bad = bad or any(failing(drift.finding, choice.fail_on) for one in audits for drift in _drifts(one))
    compared = [one.comparison for one in audits if one.comparison is not None]
    # One house that is off line is unknown; an audit in which nobody at all answered has not been one.
    vain = bool(compared) and choice.fail_on != "never" and not any(one.answered for one in compared)
    return Outcome(found, {"changed": bool(found), **_told(audits, choice, vain)}, bad or vain)


def _audit(
    file: SiteFile,
    text: str,
    results: t.Mapping[str, t.Any],
    before: drift_state.Memory,
    choice: Choice,
) -> Audited:
    name = os.path.basename(file.file) if file.site is None else file.site.slug
    if file.site is None:
        return Audited(file.file, name, file.findings, None, None, "", None)
    compared = compare(file.site, results, choice.language)
    since = before.unseen.get(name, choice.today) if choice.state_file else ""
    unseen = drift_unseen.unseen(file.site, compared, since)
    if unseen is not None and unseen.days(choice.today) >= choice.unseen_days:
        compared = compared._replace(drifts=(*compared.drifts, unseen.told(file.file, Phrases(choice.language))))
    course = drift_state.course(before.findings.get(name, ()), compared.drifts, compared.answered, choice.today)
    edits = [edit for drift in compared.drifts for edit in drift.edits]
    return Audited(file.file, name, file.findings, compared, course, patch(text, file.file, edits), unseen)


def _drifts(audited: Audited) -> tuple[Told, ...]:
    return audited.comparison.drifts if audited.comparison is not None else ()


def _reports(audits: t.Sequence[Audited], choice: Choice) -> dict[str, str]:
    """The texts of the reports by their paths. A patch of last night that nothing asks for any more is emptied."""
    if not choice.report_dir:
        return {}
    phrases = Phrases(choice.language)
    wanted = {
        os.path.join(choice.report_dir, "audit.md"): markdown(audits, phrases),
        os.path.join(choice.report_dir, "audit.xml"): junit(audits, phrases, choice.fail_on),
    }
    for one in audits:
        path = os.path.join(choice.report_dir, f"{one.name}.patch")
        if one.comparison is not None and (one.patch or os.path.exists(path)):
            wanted[path] = one.patch
    return wanted


def _told(audits: t.Sequence[Audited], choice: Choice, vain: bool) -> dict[str, t.Any]:
    phrases = Phrases(choice.language)
    findings, lines = [], []
    for one in audits:
        for finding in one.broken:
            findings.append({**finding._asdict(), "site": one.name, "evidence": "", "since": "", "new": False})
            lines.append(str(finding))
        for drift in _drifts(one):
            course = t.cast(drift_state.Course, one.course)
            about = {
                "site": one.name,
                "evidence": drift.evidence,
                "since": course.since[drift.identity],
                "new": drift.identity in course.new,
            }
            findings.append({**drift.finding._asdict(), **about})
            lines.append(drift.in_words(choice.language))
        for kept in one.course.gone if one.course is not None else ():
            lines.append(f"{phrases.say('drift.report.gone')}: {one.name}: {kept.text} ({kept.since})")
    counts = collections.Counter(finding["severity"] for finding in findings)
    unknown = [
        {"site": one.name, "device": gap.device, "reason": gap.reason, "text": unknown_text(gap, phrases)}
        for one in audits
        for gap in (one.comparison.unknown if one.comparison is not None else ())
    ]
    silent = [f"{gap['device']}.{gap['site']}: {gap['text']}" for gap in unknown if gap["reason"] == "unreachable"]
    numbers = ", ".join(f"{counts[severity]} {severity}{'s' * (counts[severity] != 1)}" for severity in SEVERITIES)
    summary = f"{_how_many(audits)} compared: {numbers}; {len(unknown)} unknown"
    quiet = (drift_unseen.line_of(one.name, one.unseen, one.comparison, phrases) for one in audits)
    summary = "\n".join([summary, *filter(None, quiet)])
    if vain:
        summary += (
            "\nNo device answered, so nothing was compared. Look whether the inventory is right, and the way there"
        )
    return {
        "msg": "\n".join([*lines, summary]),
        "findings": findings,
        "counts": {severity: counts[severity] for severity in SEVERITIES},
        "new": [finding for finding in findings if finding["new"]],
        "gone": _kept(audits, "gone"),
        "open": _kept(audits, "open"),
        "unknown": unknown,
        "unseen": [one.unseen._asdict() for one in audits if one.unseen is not None],
        "warnings": silent,
        "seen": [
            {"site": one.name, **place} for one in audits if one.comparison is not None for place in one.comparison.seen
        ],
        "patches": [{"file": one.file, "patch": one.patch} for one in audits if one.patch],
    }


def _how_many(audits: t.Sequence[Audited]) -> str:
    """How many sites were compared: not those that cannot be read, and not those that did not answer."""
    count = sum(one.comparison is not None and bool(one.comparison.answered) for one in audits)
    of = f"{count} of {len(audits)}" if count != len(audits) else str(count)
    return f"{of} site{'s' * (len(audits) != 1)}"


def _kept(audits: t.Sequence[Audited], which: str) -> list[dict[str, str]]:
    return [
        {"site": one.name, "text": kept.text, "since": kept.since}
        for one in audits
        if one.course is not None
        for kept in getattr(one.course, which)
    ]


__all__ = ["Choice", "Outcome", "audit"]
