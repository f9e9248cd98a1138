# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which hosts come when, and whether the next ones may come."""

from __future__ import annotations

import re
import typing as t

from ...module_utils._common.errors import InvalidRequest

SIZE = re.compile(r"(\d+)(%?)")
CANARY = "canary"


class Wave(t.NamedTuple):
    """name: ``canary``, or ``wave 1`` and so on. hosts: at least one."""

    name: str
    hosts: tuple[str, ...]


class Verdict(t.NamedTuple):
    """stop: whether nothing more is to be done. why: the sentence for it."""

    stop: bool
    why: str


def canaries(hosts: t.Sequence[str], wanted: t.Sequence[str], offline: t.Collection[str]) -> tuple[str, ...]:
    """The hosts that go first.

    hosts:   all of the rollout, in order.
    wanted:  their names, or one number: that many of those that are reached.
    Raises InvalidRequest where a named one is none of the rollout's, or offline.
    """
    if len(wanted) == 1 and wanted[0].isdigit():
        reached = [host for host in hosts if host not in offline]
        return tuple(reached[: int(wanted[0])])
    for name in wanted:
        if name not in hosts:
            raise InvalidRequest(f"canary: {name}", "it is none of this rollout's hosts", "correct the name")
        if name in offline:
            raise InvalidRequest(
                f"canary: {name}", "it does not answer, and without it nothing is proved", "name another one"
            )
    return tuple(wanted)


def waves(hosts: t.Sequence[str], first: t.Collection[str], sizes: t.Sequence[str]) -> list[Wave]:
    """The canaries, then the rest in waves.

    hosts: those that are to be done now, in order.
    first: the canaries, done ones among them.
    sizes: as Ansible's ``serial``: numbers or percentages of ``hosts``; the last one counts on. Raises InvalidRequest.
    """
    leading = tuple(host for host in hosts if host in first)
    rest = [host for host in hosts if host not in first]
    found = [Wave(CANARY, leading)] if leading else []
    counts = [_count(size, len(hosts)) for size in sizes or ["100%"]]
    number = 0
    while rest:
        count = counts[min(number, len(counts) - 1)]
        number += 1
        found.append(Wave(f"wave {number}", tuple(rest[:count])))
        rest = rest[count:]
    return found


def judge(wave: Wave, bad: t.Mapping[str, str], allowed: float) -> Verdict:
    """Whether to stop after a wave.

    bad:     why, by host that failed or vanished.
    allowed: percentage of a wave that may. Of the canaries none may.
    """
    if not bad:
        return Verdict(False, "")
    said = "; ".join(f"{host}: {why}" for host, why in bad.items())
    if wave.name == CANARY:
        return Verdict(True, f"a canary is not well: {said}")
    share = 100 * len(bad) / len(wave.hosts)
    if share > allowed:
        return Verdict(
            True, f"{len(bad)} of {len(wave.hosts)} hosts of {wave.name} are not well, more than {allowed:g} %: {said}"
        )
    return Verdict(False, "")


def _count(size: str, total: int) -> int:
    match = SIZE.fullmatch(size.strip())
    if not match or not int(match[1]):
        raise InvalidRequest(f"serial: {size}", "it is neither a number nor a percentage", "write it like 5 or 25%")
    return max(1, int(match[1]) * total // 100) if match[2] else int(match[1])


__all__ = ["CANARY", "Verdict", "Wave", "canaries", "judge", "waves"]
