# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Raw runs read from JSON Lines files: each run once, however often it was written."""

from __future__ import annotations

import itertools
import os
import typing as t

from ...module_utils._common.errors import InvalidRequest
from . import record
from .record import Record


class Read(t.NamedTuple):
    """records in the order of the files; torn: places of last lines that a killed controller did not finish."""

    records: list[Record]
    torn: list[str]


def read(paths: t.Sequence[str]) -> Read:
    """Read all runs of these files, and of the files in these directories whose name ends in .jsonl.

    Raises InvalidRequest where one is no file of runs, or two runs contradict.
    """
    records: list[Record] = []
    torn: list[str] = []
    for path in itertools.chain.from_iterable(map(_files, paths)):
        for number, line in enumerate(_lines(path), 1):
            where = f"{path}:{number}"
            # Only the very last line can lack its end. It is whole only if the end alone was lost.
            if not line.endswith("\n") and not _whole(line):
                torn.append(where)
            elif line.strip():
                records.append(_record(line, where))
    return Read(once(records), torn)


def once(records: t.Iterable[Record]) -> list[Record]:
    """Every run once, at its first place. Raises InvalidRequest where two different runs share an identity."""
    seen: dict[tuple[str, str, str], Record] = {}
    for found in records:
        known = seen.setdefault(found.key, found)
        if known != found:
            raise InvalidRequest(
                " ".join(found.key),
                "two different runs bear this identity",
                "keep the one that is right; a run's record never changes after it was written",
            )
    return list(seen.values())


def chosen(records: t.Iterable[Record], run_ids: t.Sequence[str]) -> list[Record]:
    """The runs of these experiments; those of all where none is named. Raises InvalidRequest where one is not there."""
    found = list(records)
    there = {each.run_id for each in found}
    for run_id in run_ids:
        if run_id not in there:
            raise InvalidRequest(run_id, "no run of this experiment was found", f"there are: {_listed(there)}")
    return [each for each in found if each.run_id in run_ids or not run_ids]


def warnings(found: Read) -> list[str]:
    """What a person should know about the files."""
    return [f"{where}: the last line is not whole, and was not counted; its writer was killed." for where in found.torn]


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    found = sorted(os.path.join(path, name) for name in os.listdir(path) if name.endswith(".jsonl"))
    if not found:
        raise InvalidRequest(path, "no file in it ends in .jsonl", "name the directory that holds the runs")
    return found


def _lines(path: str) -> list[str]:
    hint = "name a file of runs as disk_benchmark writes it"
    try:
        # Universal newlines would take a carriage return inside a string for the end of a line.
        with open(path, encoding="utf-8", newline="\n") as stream:
            return list(stream)
    except OSError as error:
        raise InvalidRequest(path, f"cannot be read: {error.strerror}", hint) from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(path, f"is not UTF-8: {error.reason}", hint) from error


def _record(line: str, where: str) -> Record:
    found = record.from_line(line, where)
    try:
        record.to_line(found).encode()
    except UnicodeEncodeError as error:
        # JSON can spell half a character, which no file or database can hold.
        raise InvalidRequest(
            where, "it holds half a character", "take the line out; the other runs stay good"
        ) from error
    return found


def _whole(line: str) -> bool:
    try:
        record.from_line(line, "")
    except InvalidRequest:
        return False
    return True


def _listed(names: t.Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none at all"


__all__ = ["Read", "chosen", "once", "read", "warnings"]
