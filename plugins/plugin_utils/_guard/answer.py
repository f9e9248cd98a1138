# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the guard on a host answered: its lines as records, its refusals as errors."""

from __future__ import annotations

import typing as t

from ...module_utils._common.errors import Refused, ToolFailed
from ...module_utils._common.runner import last_words, printable

MARK = "homevirt-guard "
REFUSED = 3
LISTS = {"file": "files", "failure": "failures", "log": "log"}
TEXTS = ("name", "state", "owner", "since", "ended", "reason")


def pairs(host: str, rc: int, out: str, err: str) -> list[tuple[str, str]]:
    """Key and value of every line of the guard, whatever a login shell says around them. Raises FleetError."""
    found = []
    for line in out.splitlines():
        if line.startswith(MARK):
            key, _space, value = line[len(MARK) :].partition(" ")
            found.append((key, printable(value.strip())))
    if rc == REFUSED:
        said = dict(found)
        raise Refused(said.get("what", host), said.get("why", "it refused"), said.get("hint", "see its log"))
    if rc != 0:
        raise ToolFailed(
            host,
            f"the guard ended with status {rc}: {last_words(err or out)}",
            "see whether it has a POSIX shell, as root",
        )
    return found


def guard(found: t.Iterable[tuple[str, str]]) -> dict[str, t.Any]:
    """One guard. Keys: those of TEXTS, "" where nothing is known; ``remaining`` in seconds or None; three lists."""
    record: dict[str, t.Any] = {**dict.fromkeys(TEXTS, ""), "remaining": None, **{name: [] for name in LISTS.values()}}
    for key, value in found:
        if key in LISTS:
            record[LISTS[key]].append(value)
        elif key == "remaining":
            record[key] = int(value)
        elif key in TEXTS:
            record[key] = value
    return record


def guards(found: t.Iterable[tuple[str, str]]) -> list[dict[str, t.Any]]:
    """All guards of a host, each of which starts with its name."""
    groups: list[list[tuple[str, str]]] = []
    for key, value in found:
        if key == "name":
            groups.append([])
        if groups:
            groups[-1].append((key, value))
    return [guard(group) for group in groups]


__all__ = ["guard", "guards", "pairs"]
