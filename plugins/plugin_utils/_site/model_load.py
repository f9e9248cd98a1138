# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A site file's text read into records. What is wrong becomes findings; what is right is there all the same."""

from __future__ import annotations

import difflib
import typing as t

from .findings import Finding
from .model import Site
from .model_fields import Field, Record, fields_by_name
from .model_kinds import Reported, WrongValue
from .model_values import Origin
from .model_yaml import Node, NotYaml, read_yaml


class SiteFile(t.NamedTuple):
    """file:     its name.
    site:     its records, without those that could not be read; None where it is no site at all.
    findings: what is wrong with its shape.
    dropped:  names of records that could not be read, so that nobody complains that they are unknown.
    """

    file: str
    site: t.Optional[Site]
    findings: tuple[Finding, ...]
    dropped: frozenset[str]


def load_site(text: str, file: str) -> SiteFile:
    """Read the text of one site file. Never raises for what stands in it."""
    reading = _Reading(file)
    try:
        root = read_yaml(text)
    except NotYaml as error:
        reading.add("yaml-syntax", error.line, error.why, "mend the YAML there")
        return reading.result(None)
    if root.kind != "mapping":
        reading.add("not-a-site", root.line, "it is no mapping", "start it with slug: and name:")
        return reading.result(None)
    try:
        return reading.result(t.cast(Site, reading.record(Site, root)))
    except WrongValue:
        return reading.result(None)


class _Reading:
    """Collects findings while records are built; handed to the kinds as their ``report``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.dropped: set[str] = set()
        self.labels: list[str] = []

    def __call__(self, node: Node, rule: str, message: str, hint: str) -> None:
        self.add(rule, node.line, message, hint)

    def add(self, rule: str, line: int, message: str, hint: str) -> None:
        label = self.labels[-1] if self.labels else "the file"
        self.findings.append(Finding("error", rule, self.file, line, label, message, hint))

    def result(self, site: t.Optional[Site]) -> SiteFile:
        return SiteFile(self.file, site, tuple(self.findings), frozenset(self.dropped))

    def record(self, cls: type[Record], node: Node) -> Record:
        """Build a record. Raises WrongValue, its findings reported, where a required field is missing or wrong."""
        self.labels.append(_label(cls, node, self.labels))
        try:
            return self._record(cls, node)
        finally:
            self.labels.pop()

    def _record(self, cls: type[Record], node: Node) -> Record:
        known = fields_by_name(cls)
        values: dict[str, t.Any] = {}
        lines: dict[str, int] = {}
        for key, line, child in node.value:
            if key in lines:
                self.add("key-twice", line, f"{key} is written twice", f"keep one (the other is in line {lines[key]})")
                continue
            lines[key] = line
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"write {near[0]}" if near else f"its keys are {', '.join(known)}"
                self.add("key-unknown", line, f"'{key}' is none of its keys", hint)
            elif child.kind != "null":
                self._field(known[key], child, values)
        lacking = [field for field in known.values() if field.required and field.name not in values]
        for field in lacking:
            # What is written but wrong was reported where it stands.
            if field.name not in lines or _is_null(node, field.name):
                hint = f"add it: {field.meaning[:1].lower()}{field.meaning[1:].rstrip('.')}"
                self.add("value-missing", lines.get(field.name, node.line), f"{field.name} is missing", hint)
        if lacking:
            self.dropped.add(_text_at(node, cls.KEY))
            raise Reported
        return cls(origin=Origin(self.file, node.line, lines), **values)

    def _field(self, field: Field, node: Node, values: dict[str, t.Any]) -> None:
        try:
            values[field.name] = field.kind.read(node, t.cast(t.Any, self))
        except Reported:
            pass
        except WrongValue as error:
            self.add("value-wrong", node.line, f"{field.name}: {error.why}", error.hint)


def _text_at(node: Node, key: str) -> str:
    """The text that a mapping holds under a key, "" where it holds none."""
    found = next((child for name, _line, child in node.value if name == key), None)
    return found.value if found is not None and found.kind in ("str", "int") else ""


def _is_null(node: Node, key: str) -> bool:
    return any(name == key and child.kind == "null" for name, _line, child in node.value)


def _label(cls: type[Record], node: Node, around: list[str]) -> str:
    own = f"{cls.CALLED} {_text_at(node, cls.KEY)}".rstrip() if cls.KEY else cls.CALLED
    # The file says which site it is; a port without its device says nothing.
    return f"{around[-1]}, {own}" if len(around) > 1 else own


__all__ = ["SiteFile", "load_site"]
