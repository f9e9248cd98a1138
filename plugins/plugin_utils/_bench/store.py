# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The raw runs of one experiment on the controller: a plan that stays, and lines that are only ever added."""

from __future__ import annotations

import fcntl
import json
import os
import typing as t

from ...module_utils._common.errors import InUse, InvalidRequest
from .record import Record, from_line, to_line


class Store:
    """directory/run_id.jsonl and, beside it, run_id.plan.json. A context manager that holds the lock on them.

    Raises InUse where another controller is at it, and InvalidRequest where the plan is another than the stored one.
    """

    def __init__(self, directory: str, run_id: str, plan: t.Mapping[str, t.Any]) -> None:
        self.path = path_of(directory, run_id)
        os.makedirs(directory, exist_ok=True)
        self._file = open(self.path, "a+", encoding="utf-8")  # noqa: SIM115  # closed by __exit__
        try:
            self._lock()
            _keep_plan(_plan_of(directory, run_id), plan)
            self.records = self._read()
        except BaseException:
            # __exit__ is not called for what was never entered, and an open file keeps its lock; it is raised again,
            # never swallowed.
            self._file.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def add(self, record: Record) -> None:
        """Safe on the disk when this returns."""
        self._file.write(to_line(record))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.records.append(record)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(self.path, "another play adds runs to it", "wait for it, or choose another run_id") from None

    def _read(self) -> list[Record]:
        records = read(self.path)
        # The line at which a controller was killed is not a run; without its end it would spoil the next one.
        whole = self._file.seek(0) or self._file.read()
        if whole and not whole.endswith("\n"):
            self._file.truncate(len(whole[: whole.rfind("\n") + 1].encode()))
        return records


def path_of(directory: str, run_id: str) -> str:
    return os.path.join(directory, f"{run_id}.jsonl")


def peek(directory: str, run_id: str, plan: t.Mapping[str, t.Any]) -> list[Record]:
    """The records of an experiment, without a trace; raises as ``Store`` does."""
    if os.path.exists(_plan_of(directory, run_id)):
        _check_plan(_plan_of(directory, run_id), plan)
    return read(path_of(directory, run_id)) if os.path.exists(path_of(directory, run_id)) else []


def read(path: str) -> list[Record]:
    """All whole records of a file, each run once. Raises InvalidRequest."""
    with open(path, encoding="utf-8") as stream:
        lines = stream.read().splitlines(keepends=True)
    found: dict[tuple[str, str, str], Record] = {}
    for number, line in enumerate(lines, 1):
        if line.endswith("\n"):
            record = from_line(line, f"{path}:{number}")
            found.setdefault(record.key, record)
    return list(found.values())


def _plan_of(directory: str, run_id: str) -> str:
    return os.path.join(directory, f"{run_id}.plan.json")


def _keep_plan(path: str, plan: t.Mapping[str, t.Any]) -> None:
    if os.path.exists(path):
        _check_plan(path, plan)
        return
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(plan, stream, indent=2, sort_keys=True)
        stream.write("\n")
    os.replace(temporary, path)


def _check_plan(path: str, plan: t.Mapping[str, t.Any]) -> None:
    with open(path, encoding="utf-8") as stream:
        stored = json.load(stream)
    # Through JSON, so that what is a tuple here and a list there is the same.
    wanted = json.loads(json.dumps(plan))
    different = sorted(name for name in {*stored, *wanted} if stored.get(name) != wanted.get(name))
    if different:
        raise InvalidRequest(
            path,
            f"the runs of this run_id were made with another {', '.join(different)}",
            "choose another run_id, or the options that it began with",
        )


__all__ = ["Store", "path_of", "peek", "read"]
