# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""All raw runs of all time in one SQLite file. A run is kept whole, once, and never changed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import typing as t
import urllib.parse

from ...module_utils._common.errors import InvalidRequest, Refused, TimedOut
from . import record
from .record import Record

# "HVbn": tells our files from other programs' before anything is written into them.
APPLICATION = 0x4856626E
LAYOUT = 1
SCHEMA = """
CREATE TABLE run (
    run_id  TEXT NOT NULL,
    slot    TEXT NOT NULL,
    job     TEXT NOT NULL,
    host    TEXT NOT NULL,
    arm     TEXT NOT NULL,
    profile TEXT NOT NULL,
    started TEXT NOT NULL,
    record  TEXT NOT NULL,
    PRIMARY KEY (run_id, slot, job)
) WITHOUT ROWID;
CREATE INDEX run_by_start ON run (started);
"""
INSERT = (
    "INSERT INTO run (run_id, slot, job, host, arm, profile, started, record) "
    "VALUES (:run_id, :slot, :job, :host, :arm, :profile, :started, :record)"
)
HINT = "name a file that bench_history made, or one that does not exist yet"


def missing(path: str, records: t.Sequence[Record], timeout: float) -> list[Record]:
    """Those of the runs that the history lacks. Raises Refused where it holds another run under the same identity."""
    if _empty(path):
        return list(records)
    with _reading(path, timeout) as database:
        return _missing(database, path, records)


def add(path: str, records: t.Sequence[Record], timeout: float) -> list[Record]:
    """Add the runs that the history lacks, all or none; return them."""
    with _errors(path), contextlib.closing(_connect(path, "rwc", timeout)) as database:
        # The lock is taken before looking, so that two imports at once do not add the same run twice.
        database.execute("BEGIN IMMEDIATE")
        try:
            _lay_out(database, path)
            new = _missing(database, path, records)
            database.executemany(INSERT, map(_row, new))
            database.execute("COMMIT")
        finally:
            if database.in_transaction:
                database.execute("ROLLBACK")
        return new


def read(path: str, timeout: float, *, absent_is_empty: bool = False) -> list[Record]:
    """All runs, the oldest first. Raises InvalidRequest where there is no history, unless that means no runs."""
    if absent_is_empty and _empty(path):
        return []
    with _reading(path, timeout) as database:
        rows = database.execute("SELECT record FROM run").fetchall()
    return sorted_by_age([record.from_line(line, path) for (line,) in rows])


def sorted_by_age(records: t.Iterable[Record]) -> list[Record]:
    """The order in which the history is told: by start, then by identity."""
    return sorted(records, key=lambda each: (each.started, *each.key))


def _missing(database: sqlite3.Connection, path: str, records: t.Sequence[Record]) -> list[Record]:
    new = []
    for each in records:
        row = database.execute("SELECT record FROM run WHERE run_id = ? AND slot = ? AND job = ?", each.key).fetchone()
        if row is None:
            new.append(each)
        elif record.from_line(row[0], path) != each:
            raise Refused(
                f"{' '.join(each.key)} in {path}",
                "the history holds a different run under this identity, and a run never changes after it was made",
                "give the experiment a run_id of its own; nothing was added",
            )
    return new


def _row(each: Record) -> dict[str, str]:
    columns = ("run_id", "slot", "job", "host", "arm", "profile", "started")
    return {**{name: getattr(each, name) for name in columns}, "record": record.to_line(each)}


def _empty(path: str) -> bool:
    """Whether there is no history yet; a file without a byte is what a killed first import leaves."""
    return not os.path.lexists(path) or (os.path.isfile(path) and os.path.getsize(path) == 0)


@contextlib.contextmanager
def _reading(path: str, timeout: float) -> t.Iterator[sqlite3.Connection]:
    with _errors(path), contextlib.closing(_connect(path, "ro", timeout)) as database:
        if _marks(database) != (APPLICATION, LAYOUT):
            raise _foreign(path, database)
        yield database


def _connect(path: str, mode: str, timeout: float) -> sqlite3.Connection:
    # isolation_level None: transactions are begun by us, not guessed by the sqlite3 module.
    uri = f"file:{urllib.parse.quote(os.path.abspath(path))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def _lay_out(database: sqlite3.Connection, path: str) -> None:
    marks = _marks(database)
    if marks == (0, 0) and database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        for statement in SCHEMA.split(";"):
            database.execute(statement)
        database.execute(f"PRAGMA application_id = {APPLICATION}")
        database.execute(f"PRAGMA user_version = {LAYOUT}")
    elif marks != (APPLICATION, LAYOUT):
        raise _foreign(path, database)


def _marks(database: sqlite3.Connection) -> tuple[int, int]:
    return tuple(database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))


def _foreign(path: str, database: sqlite3.Connection) -> Refused:
    application, layout = _marks(database)
    if application != APPLICATION:
        return Refused(path, "it is a database of another program", HINT)
    return Refused(path, f"its layout {layout} is newer than this collection", "update homevirt.fleet")


@contextlib.contextmanager
def _errors(path: str) -> t.Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise TimedOut(path, "another program did not let go of it", "run again later") from error
        raise InvalidRequest(path, f"cannot be opened as a history: {error}", HINT) from error
    except sqlite3.DatabaseError as error:
        raise InvalidRequest(path, f"is no history: {error}", HINT) from error


__all__ = ["add", "missing", "read", "sorted_by_age"]
