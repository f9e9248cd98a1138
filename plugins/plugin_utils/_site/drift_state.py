# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the last audit found, so that the next one can tell what is new, what is gone, and what it could not see."""

from __future__ import annotations

import datetime
import json
import typing as t

from ...module_utils._common.errors import Refused
from .drift_text import Told
from .observe_names import pick, words

VERSION = 1


class Kept(t.NamedTuple):
    """A finding of an earlier audit. since: the day on which it was first seen. text: what was said of it then."""

    identity: str
    since: str
    text: str
    witnesses: tuple[str, ...]


class Memory(t.NamedTuple):
    """What a state file holds, by site. unseen: the day since which a site has not answered."""

    findings: dict[str, list[Kept]]
    unseen: dict[str, str]


class Course(t.NamedTuple):
    """What became of one site's findings. since: for each identity now found the day on which it was first seen."""

    since: dict[str, str]
    new: tuple[str, ...]
    gone: tuple[Kept, ...]
    open: tuple[Kept, ...]
    kept: tuple[Kept, ...]


def read(text: t.Optional[str], path: str) -> Memory:
    """What a state file holds. Raises Refused where it is none."""
    if text is None:
        return Memory({}, {})
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if pick(told, "version") != VERSION or not isinstance(pick(told, "sites"), dict):
        raise Refused(path, "it is not the state of an audit", "name another state_file, or remove it to begin anew")
    unseen = pick(told, "unseen")
    return Memory(
        {slug: [_kept(entry) for entry in entries] for slug, entries in told["sites"].items()},
        {slug: since for slug, since in unseen.items() if _is_day(since)} if isinstance(unseen, dict) else {},
    )


def _is_day(text: t.Any) -> bool:
    try:
        return bool(datetime.date.fromisoformat(text))
    except (TypeError, ValueError):
        return False


def _kept(entry: t.Any) -> Kept:
    names = pick(entry, "witnesses")
    witnesses = tuple(words(name) for name in names) if isinstance(names, list) else ()
    return Kept(str(pick(entry, "identity")), words(pick(entry, "since")), words(pick(entry, "text"), 400), witnesses)


def course(before: t.Sequence[Kept], drifts: t.Sequence[Told], answered: t.Collection[str], today: str) -> Course:
    """Compare with the last audit. What none of its witnesses could look at again stays open."""
    known = {kept.identity: kept for kept in before}
    now = {drift.identity: drift for drift in drifts}
    left = [kept for identity, kept in known.items() if identity not in now]
    still = tuple(kept for kept in left if not set(kept.witnesses) <= set(answered))
    found = tuple(
        known.get(identity) or Kept(identity, today, f"{drift.finding.label}: {drift.finding.message}", drift.witnesses)
        for identity, drift in now.items()
    )
    return Course(
        {kept.identity: kept.since for kept in found},
        tuple(identity for identity in now if identity not in known),
        tuple(kept for kept in left if kept not in still),
        still,
        tuple(sorted((*found, *still))),
    )


def text(memory: Memory) -> str:
    """The state file's text: the same for the same findings, on whatever day."""
    told = {slug: [kept._asdict() for kept in entries] for slug, entries in sorted(memory.findings.items())}
    kept = {"version": VERSION, "sites": told, "unseen": dict(sorted(memory.unseen.items()))}
    return json.dumps(kept, ensure_ascii=False, indent=1) + "\n"


__all__ = ["Course", "Kept", "Memory", "course", "read", "text"]
