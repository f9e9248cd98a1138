# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of runs: whole, torn by a kill, written twice, or no files of runs at all."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import record, results
from ansible_collections.homevirt.fleet.tests.unit.support import runs

LINE = record.to_line(runs.run())
OTHER = record.to_line(runs.run("paravirtual"))


@pytest.fixture
def written(tmp_path):
    def write(*texts):
        paths = []
        for number, text in enumerate(texts):
            path = tmp_path / f"runs{number}.jsonl"
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(str(path))
        return paths

    return write


def test_a_run_written_twice_counts_once(written):
    found = results.read(written(LINE + OTHER + LINE, OTHER))
    assert [run.arm for run in found.records] == ["emulated", "paravirtual"]
    assert found.torn == [] and results.warnings(found) == []


@pytest.mark.parametrize("cut", [1, 20, len(OTHER.encode()) // 2, len(OTHER.encode()) - 2])
def test_a_line_torn_by_a_kill_is_told_and_not_counted(written, cut):
    (path,) = paths = written(LINE.encode() + OTHER.encode()[:cut])
    found = results.read(paths)
    assert [run.arm for run in found.records] == ["emulated"]
    assert results.warnings(found) == [
        f"{path}:2: the last line is not whole, and was not counted; its writer was killed."
    ]


def test_only_the_line_end_is_lost(written):
    found = results.read(written(LINE + OTHER.rstrip("\n")))
    assert len(found.records) == 2 and not found.torn


def test_empty_lines_and_no_lines_are_no_runs(written):
    assert results.read(written("", "\n" + LINE + "\n")).records == [runs.run()]


def test_names_of_any_script_survive(written):
    strange = runs.run(host="ホスト\u2028\r-<b>")
    assert results.read(written(record.to_line(strange))).records == [strange]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{}\n" + LINE, "runs0.jsonl:1: is no record of a run"),
        (LINE + "not json\n", "runs0.jsonl:2: is not JSON"),
        (b"\xff\xfe\n", "runs0.jsonl: is not UTF-8"),
        (LINE + record.to_line(runs.run(seconds=11.0)), "two different runs bear this identity"),
        (LINE.replace("guest1", r"gu\ud800est"), "runs0.jsonl:1: it holds half a character"),
    ],
)
def test_what_is_no_file_of_runs(written, text, error):
    with pytest.raises(InvalidRequest) as caught:
        results.read(written(text))
    assert error in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InvalidRequest) as caught:
        results.read([f"{tmp_path}/none.jsonl"])
    assert "none.jsonl: cannot be read: No such file or directory. Name a file of runs" in str(caught.value)


def test_experiments_are_chosen_by_name():
    two = [runs.run(run_id="first"), runs.run(run_id="second")]
    assert results.chosen(two, ["second"]) == two[1:]
    assert results.chosen(two, []) == two
    with pytest.raises(InvalidRequest) as caught:
        results.chosen(two, ["third"])
    assert "third: no run of this experiment was found. There are: first, second." in str(caught.value)


def test_a_directory_is_all_its_files_of_runs(written, tmp_path):
    written(LINE, OTHER)
    (tmp_path / "lab.plan.json").write_text("{}")
    assert [run.arm for run in results.read([str(tmp_path)]).records] == ["emulated", "paravirtual"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidRequest) as caught:
        results.read([f"{tmp_path}/empty"])
    assert "empty: no file in it ends in .jsonl. Name the directory that holds the runs." in str(caught.value)
