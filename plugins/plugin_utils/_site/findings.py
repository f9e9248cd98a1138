# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What is wrong with a site file, said so that one can mend it."""

from __future__ import annotations

import typing as t

SEVERITIES = ("error", "warning", "notice")


class Finding(t.NamedTuple):
    """One thing that is wrong.

    severity: one of SEVERITIES.
    rule:     the rule's id.
    file:     the site file, as it was named to the loader.
    line:     line in that file, counted from 1.
    label:    the object as the user calls it ("cable C01", "device rt").
    message:  what is wrong, one clause without a full stop.
    hint:     what to do, one clause without a full stop.
    """

    severity: str
    rule: str
    file: str
    line: int
    label: str
    message: str
    hint: str

    def __str__(self) -> str:
        hint = f"{self.hint[:1].upper()}{self.hint[1:]}"
        return f"{self.file}:{self.line}: {self.severity}: {self.label}: {self.message}. {hint}. [{self.rule}]"


def ordered(findings: t.Iterable[Finding]) -> list[Finding]:
    """Each finding once, by file and line, the worst first within a line."""
    return sorted(
        dict.fromkeys(findings),
        key=lambda finding: (finding.file, finding.line, SEVERITIES.index(finding.severity), finding),
    )


__all__ = ["SEVERITIES", "Finding", "ordered"]
