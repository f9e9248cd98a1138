# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InUse, InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._rollout import outcome, summary, waves
from ansible_collections.homevirt.fleet.plugins.plugin_utils._rollout.book import Book, Note

HOSTS = [f"h{number}" for number in range(10)]


@hypothesis.given(
    st.lists(st.from_regex(r"h[0-9]{1,3}", fullmatch=True), unique=True, max_size=40),
    st.integers(0, 5),
    st.lists(st.one_of(st.integers(1, 50).map(str), st.integers(1, 100).map("{}%".format)), max_size=4),
)
def test_every_host_comes_once_and_the_canaries_first(hosts, count, sizes):
    first = waves.canaries(hosts, [str(count)], set())
    planned = waves.waves(hosts, first, sizes)
    assert [host for wave in planned for host in wave.hosts] == hosts
    assert all(wave.hosts for wave in planned)
    assert [wave.hosts for wave in planned if wave.name == waves.CANARY] == ([first] if first else [])


def test_sizes_are_as_those_of_serial():
    planned = waves.waves(HOSTS, ("h0",), ["2", "50%"])
    assert [len(wave.hosts) for wave in planned] == [1, 2, 5, 2]


def test_canaries_that_answer_are_taken():
    assert waves.canaries(HOSTS, ["2"], {"h0", "h2"}) == ("h1", "h3")
    assert waves.canaries(HOSTS, ["h5", "h1"], {"h0"}) == ("h5", "h1")


@pytest.mark.parametrize(("wanted", "why"), [(["h99"], "none of this rollout"), (["h3"], "does not answer")])
def test_canaries_that_prove_nothing(wanted, why):
    with pytest.raises(InvalidRequest, match=why):
        waves.canaries(HOSTS, wanted, {"h3"})


@pytest.mark.parametrize("size", ["0", "", "-1", "x", "5 %", "1.5"])
def test_sizes_that_are_none(size):
    with pytest.raises(InvalidRequest, match="neither a number nor a percentage"):
        waves.waves(HOSTS, (), [size])


@pytest.mark.parametrize(
    ("name", "bad", "allowed", "stop"),
    [
        (waves.CANARY, 0, 0, False),
        (waves.CANARY, 1, 100, True),
        ("wave 1", 1, 0, True),
        ("wave 1", 1, 50, False),
        ("wave 1", 2, 50, False),
        ("wave 1", 3, 50, True),
    ],
)
def test_verdicts(name, bad, allowed, stop):
    wave = waves.Wave(name, ("a", "b", "c", "d"))
    assert waves.judge(wave, dict.fromkeys(wave.hosts[:bad], "it failed"), allowed).stop == stop


def test_a_book_goes_on_where_it_stopped(tmp_path):
    book = Book(str(tmp_path), "one")
    assert book.begin("a role", os.getpid(), check=False) == {}
    book.add(Note("h1", outcome="failed", why="full"))
    book.add(Note("h1", outcome="changed", did=("attach",)))
    # A controller that was killed while it wrote.
    with open(book.path, "a", encoding="utf-8") as stream:
        stream.write('{"host": "h2", "outc')
    assert book.begin("a role", os.getpid(), check=True) == {"h1": Note("h1", outcome="changed", did=("attach",))}


CUT = [b'{"host": "h2", "outc', '{"host": "h2", "why": "zu groß'.encode()[:-2], b'{"host": "h2", "why": "{}']


@pytest.mark.parametrize("rest", CUT, ids=["in a word", "in a letter", "after a brace"])
def test_a_line_that_was_cut_does_not_end_the_rollout(rest, tmp_path):
    book = Book(str(tmp_path), "one")
    book.begin("a role", os.getpid(), check=False)
    book.add(Note("h1", outcome="changed"))
    with open(book.path, "ab") as stream:
        stream.write(rest)
    assert [*book.begin("a role", os.getpid(), check=False)] == ["h1"]
    book.add(Note("h2", outcome="changed"))
    book.add(Note("h3", outcome="failed", why="a line\u2028in two"))
    assert [*book.begin("a role", os.getpid(), check=True)] == ["h1", "h2", "h3"]


def test_a_line_that_lacks_only_its_end_counts(tmp_path):
    book = Book(str(tmp_path), "one")
    book.add(Note("h1", outcome="changed"))
    with open(book.path, "r+b") as stream:
        stream.truncate(os.path.getsize(book.path) - 1)
    book.add(Note("h2", outcome="changed"))
    assert [*book.notes()] == ["h1", "h2"]


def test_a_line_of_something_else_is_named(tmp_path):
    book = Book(str(tmp_path), "one")
    book.add(Note("h1", outcome="changed"))
    with open(book.path, "a", encoding="utf-8") as stream:
        stream.write("[]\n")
    with pytest.raises(InvalidRequest, match="one.jsonl:2: it is no line of a rollout"):
        book.notes()


@pytest.mark.parametrize(
    "write", [lambda book: book.add(Note("h1")), lambda book: book.summarize({})], ids=["book", "summary"]
)
def test_a_directory_that_cannot_be_written(write, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidRequest, match="cannot be kept there: .*[Dd]irectory.* Mend that"):
        write(Book(str(tmp_path / "file/below"), "one"))


def test_check_mode_writes_nothing(tmp_path):
    Book(str(tmp_path / "none"), "one").begin("a role", os.getpid(), check=True)
    assert not list(tmp_path.iterdir())


def test_books_of_others(tmp_path):
    book = Book(str(tmp_path), "one")
    other = subprocess.Popen(["sleep", "60"])
    try:
        book.begin("a role", other.pid, check=False)
        with pytest.raises(InUse, match="another play"):
            book.begin("a role", os.getpid(), check=False)
    finally:
        other.kill()
        other.wait()
    book.begin("a role", os.getpid(), check=False)
    with pytest.raises(InvalidRequest, match="Choose another rollout_id"):
        book.begin("another role", os.getpid(), check=False)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden"])
def test_names_that_are_no_files(name, tmp_path):
    with pytest.raises(InvalidRequest, match="it names a file"):
        Book(str(tmp_path), name)


def test_table():
    notes = [
        Note("h1", "jikka", outcome="changed", did=("attach x", "mount y")),
        Note("host2", outcome="offline", why="\x1b no\nway"),
    ]
    assert summary.table(notes) == [
        "host   site   outcome  what changed, or why not",
        "h1     jikka  changed  attach x; mount y",
        "host2         offline  \\x1b no way",
    ]
    assert summary.counts(notes) == {"changed": 1, "offline": 1}


@pytest.mark.parametrize(
    ("result", "why", "expected"),
    [
        ({}, None, ("done", (), "")),
        ({"changed": False, "steps": ["attach"]}, None, ("unchanged", (), "")),
        ({"changed": True, "steps": ["attach", "mount"], "summary": ["x"]}, None, ("changed", ("attach", "mount"), "")),
        ({"changed": True, "summary": ["500 MB/s"]}, None, ("changed", ("500 MB/s",), "")),
        ({"changed": True, "summary": "in words"}, None, ("changed", (), "")),
        ({"changed": True}, "in use", ("failed", (), "in use")),
        # Tasks that go on after a failure, as those of site_audit do.
        ({"changed": False, "failed": True, "msg": "no shell"}, None, ("failed", (), "no shell")),
        ({"failed": True}, None, ("failed", (), "it failed")),
        ({"changed": False, "unreachable": True, "msg": "ssh"}, None, ("vanished", (), outcome.VANISHED)),
    ],
)
def test_what_became_of_a_host(result, why, expected):
    assert outcome.of_result(result, why) == expected
