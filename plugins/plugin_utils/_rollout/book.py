# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The book of a rollout on the controller: one line of JSON for each run and each host's result, only ever added.

A last line that was cut while it was written is taken away again: it says nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import re
import typing as t

from ...module_utils._common.errors import InUse, InvalidRequest

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# What became of a host, the good ones first; the others are tried again by the next run.
DONE = ("changed", "unchanged", "done")
OUTCOMES = (*DONE, "failed", "vanished", "offline", "waiting")


class Note(t.NamedTuple):
    """What became of one host.

    outcome: of OUTCOMES. ``done`` where the change does not tell whether it changed anything.
    did:     what was changed, a sentence each.
    why:     why not, "" where it is done.
    time:    UTC, ISO 8601.
    """

    host: str
    site: str = ""
    wave: str = ""
    outcome: str = "waiting"
    did: tuple[str, ...] = ()
    why: str = ""
    time: str = ""


class Book:
    """directory/rollout_id.jsonl. Raises InvalidRequest where the name cannot be a file's."""

    def __init__(self, directory: str, rollout_id: str) -> None:
        if not IDENTIFIER.fullmatch(rollout_id):
            raise InvalidRequest(
                f"rollout_id: {rollout_id}",
                "it names a file",
                "use letters, digits, dots, - and _, a letter or digit first",
            )
        self.path = os.path.join(directory, f"{rollout_id}.jsonl")
        self.summary_path = os.path.join(directory, f"{rollout_id}.summary.json")

    def begin(self, change: str, play: int, *, check: bool) -> dict[str, Note]:
        """Write down that a run begins; return what earlier ones did, by host.

        play: the process of the play, by which two at once are told apart.
        Raises InUse where another play of this controller is at it, InvalidRequest where the book is of another change.
        """
        runs, notes = self._read()
        if runs and runs[-1]["change"] != change:
            raise InvalidRequest(
                self.path, f"this rollout was one of {runs[-1]['change']}", f"choose another rollout_id for {change}"
            )
        if runs and runs[-1]["play"] != play and _lives(runs[-1]["play"], runs[-1]["start"]):
            raise InUse(
                self.path,
                f"another play, process {runs[-1]['play']}, is at it",
                "wait for it, or choose another rollout_id",
            )
        if not check:
            self._add({"run": True, "change": change, "play": play, "start": _start(play), "time": now()})
        return notes

    def add(self, note: Note) -> None:
        self._add(note._asdict())

    def notes(self) -> dict[str, Note]:
        return self._read()[1]

    def summarize(self, report: dict[str, t.Any]) -> None:
        new = f"{self.summary_path}.new"
        with self._on_disk():
            with open(new, "w", encoding="utf-8") as stream:
                stream.write(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
            os.replace(new, self.summary_path)

    def _add(self, entry: dict[str, t.Any]) -> None:
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._on_disk():
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(self.path, "a+b") as stream:
                # Every host's result comes from a process of its own.
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.seek(0)
                rest = stream.read().rpartition(b"\n")[2]
                if rest and _entry(rest) is None:
                    stream.truncate(stream.tell() - len(rest))
                elif rest:
                    line = b"\n" + line
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())

    def _read(self) -> tuple[list[dict[str, t.Any]], dict[str, Note]]:
        runs, notes = [], {}
        with self._on_disk():
            try:
                with open(self.path, "rb") as stream:
                    lines = stream.read().split(b"\n")
            except FileNotFoundError:
                return [], {}
        for number, line in enumerate(lines, 1):
            entry = _entry(line)
            if entry is None:
                # The line at which a controller was killed; the host is taken for not done.
                if number == len(lines) or not line.strip():
                    continue
                raise InvalidRequest(f"{self.path}:{number}", "it is no line of a rollout", "remove it")
            if entry.get("run"):
                runs.append(entry)
            else:
                note = Note(**{**entry, "did": tuple(entry["did"])})
                notes[note.host] = note
        return runs, notes

    @contextlib.contextmanager
    def _on_disk(self) -> t.Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidRequest(
                error.filename or self.path,
                f"the book of the rollout cannot be kept there: {error.strerror}",
                "mend that, or choose another directory",
            ) from None


def _entry(line: bytes) -> t.Optional[dict[str, t.Any]]:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def _lives(pid: int, start: t.Optional[str]) -> bool:
    return start is not None and _start(pid) == start


def _start(pid: int) -> t.Optional[str]:
    """When a process started, since its number alone is used again. None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(") ")[2].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


__all__ = ["DONE", "OUTCOMES", "Book", "Note", "now"]
