# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""An audit as Markdown for a person and as JUnit XML for what runs it every night."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from .drift import Comparison, Unknown
from .drift_book import RULES
from .drift_state import Course
from .drift_unseen import Unseen
from .findings import SEVERITIES, Finding
from .phrases import Phrases


class Audited(t.NamedTuple):
    """One site's audit. broken: what is wrong with the file itself. comparison: None where there is no site in it.

    unseen: where nothing of it answered.
    """

    file: str
    name: str
    broken: tuple[Finding, ...]
    comparison: t.Optional[Comparison]
    course: t.Optional[Course]
    patch: str
    unseen: t.Optional[Unseen]


def failing(finding: Finding, fail_on: str) -> bool:
    return fail_on != "never" and SEVERITIES.index(finding.severity) <= SEVERITIES.index(fail_on)


def unknown_text(unknown: Unknown, phrases: Phrases) -> str:
    return phrases.say(f"drift.unknown.{unknown.reason}", why=unknown.why)


def markdown(audits: t.Iterable[Audited], phrases: Phrases) -> str:
    """The same for the same house: neither the hour nor what is new, or each audit would change it."""
    return "\n".join(line for audit in audits for line in _site(audit, phrases)).rstrip() + "\n"


def _site(audit: Audited, phrases: Phrases) -> t.Iterator[str]:
    say = phrases.say
    yield f"# {_plain(say('drift.report.title', site=audit.name))}\n"
    for finding in audit.broken:
        yield f"* {_plain(str(finding))}"
    if audit.comparison is None or audit.course is None:
        return
    if audit.unseen is not None:
        yield _plain(audit.unseen.line(phrases))
    if audit.comparison.drifts:
        yield f"\n## {say('drift.report.differs')}\n"
        yield from _table(audit, audit.course, phrases)
    elif audit.comparison.answered and not audit.broken:
        yield say("drift.report.true")
    if audit.course.open:
        yield f"\n## {say('drift.report.open')}\n"
        yield from (f"* {_plain(one.text)} ({one.since})" for one in audit.course.open)
    if audit.comparison.unknown:
        yield f"\n## {say('drift.report.unknown')}\n"
        yield from (f"* {_plain(one.device)}: {_plain(unknown_text(one, phrases))}" for one in audit.comparison.unknown)
    if audit.comparison.passing:
        yield f"\n{say('drift.report.passing', count=audit.comparison.passing)}"
    if audit.patch:
        yield f"\n## {say('drift.report.patch')}\n\n{say('drift.report.patch_how')}\n"
        # Longer than any run of backticks in the file, so that nothing in it can end the block.
        fence = "`" * (max(map(len, re.findall("`+", audit.patch)), default=2) + 1)
        yield f"{fence}diff\n{audit.patch.rstrip()}\n{fence}"
    yield ""


def _table(audit: Audited, course: Course, phrases: Phrases) -> t.Iterator[str]:
    heads = [phrases.say(f"drift.report.{name}") for name in ("finding", "where", "what", "todo", "since")]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for drift in t.cast(Comparison, audit.comparison).drifts:
        where = f"{drift.finding.label} (line {drift.finding.line})"
        since = course.since.get(drift.identity, "")
        cells = (drift.finding.rule, where, drift.finding.message, drift.finding.hint, since)
        yield f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Text in which nothing is Markdown or HTML: devices choose their names themselves."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|!~])", r"\\\1", text)


def junit(audits: t.Iterable[Audited], phrases: Phrases, fail_on: str) -> str:
    """A test suite for each site: a case for each rule, skipped where nobody answered, and one for each unknown."""
    root = ElementTree.Element("testsuites", name="homevirt.fleet audit")
    for audit in audits:
        suite = ElementTree.SubElement(root, "testsuite", name=audit.name)
        _cases(suite, audit, phrases, fail_on)
        suite.set("tests", str(len(suite)))
        for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(kind, str(sum(case.find(tag) is not None for case in suite)))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _cases(suite: ElementTree.Element, audit: Audited, phrases: Phrases, fail_on: str) -> None:
    def case(name: str) -> ElementTree.Element:
        return ElementTree.SubElement(suite, "testcase", classname=audit.name, name=name)

    readable = case("site-file")
    for finding in audit.broken:
        ElementTree.SubElement(readable, "error", type=finding.rule, message=_xml(finding.message)).text = _xml(
            str(finding)
        )
    if audit.comparison is None:
        return
    for rule in RULES:
        own = case(rule.id)
        told = [drift for drift in audit.comparison.drifts if drift.finding.rule == rule.id]
        bad = [drift for drift in told if failing(drift.finding, fail_on)]
        if bad:
            message = "; ".join(f"{drift.finding.label}: {drift.finding.message}" for drift in bad)
            lines = "\n".join(drift.in_words(phrases.language) for drift in bad)
            ElementTree.SubElement(own, "failure", type=rule.severity, message=_xml(message)).text = _xml(lines)
        elif told:
            lines = "\n".join(drift.in_words(phrases.language) for drift in told)
            ElementTree.SubElement(own, "system-out").text = _xml(lines)
        elif not audit.comparison.answered:
            ElementTree.SubElement(own, "skipped", message="no device answered")
    for unknown in audit.comparison.unknown:
        message = unknown_text(unknown, phrases)
        ElementTree.SubElement(case(f"device {unknown.device}"), "skipped", message=_xml(message))


def _xml(text: str) -> str:
    """XML has no way to write most control characters, nor what is no character at all."""
    return re.sub(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


__all__ = ["Audited", "failing", "junit", "markdown", "unknown_text"]
