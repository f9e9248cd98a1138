# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What became of one host, by the result of what changed it."""

from __future__ import annotations

import typing as t

# Where the roles of this collection say what they did.
SAID = ("steps", "stale", "summary")
VANISHED = "it stopped answering while it was changed"


class Outcome(t.NamedTuple):
    """name: of book.OUTCOMES. did: what was changed, a sentence each. why: why it is not done, "" where it is."""

    name: str
    did: tuple[str, ...] = ()
    why: str = ""


def of_result(result: t.Mapping[str, t.Any], why: t.Optional[str]) -> Outcome:
    """
    result: what a task registered, or nothing.
    why:    why the change failed, None where it did not. A result that tells of a failure counts too, for a role may
            go on after one.
    """
    if result.get("unreachable") and why is None:
        return Outcome("vanished", why=VANISHED)
    if why is None and result.get("failed"):
        why = str(result.get("msg") or "")
    if why is not None:
        return Outcome("failed", why=why or "it failed")
    if "changed" not in result:
        return Outcome("done")
    return Outcome("changed", _did(result)) if result["changed"] else Outcome("unchanged")


def _did(result: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    for key in SAID:
        if isinstance(result.get(key), list):
            return tuple(str(line) for line in result[key])
    return ()


__all__ = ["VANISHED", "Outcome", "of_result"]
