# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The history: every run once, whole, never changed; and what a foreign or busy file says."""

from __future__ import annotations

import multiprocessing
import sqlite3

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest, Refused, TimedOut
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import history, keeping, record
from ansible_collections.homevirt.fleet.tests.unit.support import runs

RECORDS = runs.experiment(pairs=3)
WAIT = 5.0


@pytest.fixture
def path(tmp_path):
    # A name that a URI would take apart.
    return str(tmp_path / "what? 50%#1.sqlite")


def test_added_once_however_often(path):
    assert history.missing(path, RECORDS, WAIT) == RECORDS
    assert history.add(path, RECORDS[:4], WAIT) == RECORDS[:4]
    assert history.missing(path, RECORDS, WAIT) == RECORDS[4:]
    assert history.add(path, RECORDS, WAIT) == RECORDS[4:]
    assert history.add(path, RECORDS, WAIT) == []
    assert history.read(path, WAIT) == history.sorted_by_age(RECORDS)


def test_read_by_an_independent_reader(path):
    history.add(path, RECORDS, WAIT)
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT arm, count(*) FROM run GROUP BY arm ORDER BY arm").fetchall()
        assert rows == [("emulated", 4), ("paravirtual", 4)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_different_run_under_the_same_identity_adds_nothing(path):
    history.add(path, RECORDS[:1], WAIT)
    fields = {name: getattr(RECORDS[0], name) for name in RECORDS[0].__dataclass_fields__}
    forged = record.Record(**{**fields, "bytes": 1})
    for attempt in (history.missing, history.add):
        with pytest.raises(Refused) as caught:
            attempt(path, [*RECORDS[1:], forged], WAIT)
        assert "the history holds a different run under this identity" in str(caught.value)
    assert history.read(path, WAIT) == RECORDS[:1]


def _import(path, start):
    start.wait()
    history.add(path, RECORDS, WAIT)


def test_two_imports_at_once_add_each_run_once(path):
    # Not a fork: pytest's own threads may hold locks that a child would wait for.
    processes = multiprocessing.get_context("spawn")
    start = processes.Event()
    workers = [processes.Process(target=_import, args=(path, start)) for _number in range(2)]
    for worker in workers:
        worker.start()
    start.set()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert history.read(path, WAIT) == history.sorted_by_age(RECORDS)


def test_a_killed_first_import_leaves_an_empty_file(path):
    open(path, "w", encoding="utf-8").close()
    assert history.missing(path, RECORDS, WAIT) == RECORDS
    assert history.read(path, WAIT, absent_is_empty=True) == []
    assert history.add(path, RECORDS, WAIT) == RECORDS


def test_a_busy_history(path):
    history.add(path, RECORDS[:1], WAIT)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TimedOut) as caught:
            history.add(path, RECORDS, 0.01)
    finally:
        other.close()
    assert "another program did not let go of it. Run again later." in str(caught.value)


def _foreign(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE precious (thing TEXT)")


def _newer(path):
    history.add(path, RECORDS[:1], WAIT)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")


def _text(path):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("dear diary, " * 100)


@pytest.mark.parametrize(
    ("make", "kind", "error"),
    [
        (_foreign, Refused, "it is a database of another program"),
        (_newer, Refused, "its layout 99 is newer than this collection"),
        (_text, InvalidRequest, "is no history: file is not a database"),
    ],
)
def test_a_file_that_is_not_ours_stays_as_it_is(path, make, kind, error):
    make(path)
    with open(path, "rb") as stream:
        before = stream.read()
    for attempt in (history.add, history.missing):
        with pytest.raises(kind) as caught:
            attempt(path, RECORDS, WAIT)
        assert error in str(caught.value)
    with open(path, "rb") as stream:
        assert stream.read() == before


def test_no_history_and_no_directory(path, tmp_path):
    with pytest.raises(InvalidRequest) as caught:
        history.read(path, WAIT)
    assert "cannot be opened as a history" in str(caught.value)
    with pytest.raises(InvalidRequest):
        history.add(f"{tmp_path}/none/history", RECORDS, WAIT)


def test_kept_four_ways(tmp_path):
    source = tmp_path / "runs.jsonl"
    source.write_text("".join(map(record.to_line, RECORDS)))
    exports = {name: f"{tmp_path}/out.{name}" for name in keeping.FORMATS}

    def keep(check):
        return keeping.keep(f"{tmp_path}/h", [str(source)], exports, timeout=WAIT, check=check)

    planned = keep(True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs.jsonl"]
    done = keep(False)
    assert planned == done and done["changed"] and done["total"] == len(RECORDS)
    for check in (False, True):
        again = keep(check)
        assert not again["changed"] and again["added"] == [] and not any(each["changed"] for each in again["files"])
    assert (tmp_path / "out.json_lines").read_text() == source.read_text()


def test_nothing_is_added_when_an_export_cannot_be_written(tmp_path):
    source = tmp_path / "runs.jsonl"
    source.write_text("".join(map(record.to_line, RECORDS)))
    with pytest.raises(Refused) as caught:
        keeping.keep(f"{tmp_path}/h", [str(source)], {"csv": f"{tmp_path}/none/out.csv"}, timeout=WAIT, check=False)
    assert "there is no directory" in str(caught.value)
    assert not (tmp_path / "h").exists()
