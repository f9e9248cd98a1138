# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file is replaced whole, keeps its mode, and nothing else is ever replaced."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, Refused
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import outfile


def test_four_ways(tmp_path):
    path = str(tmp_path / "out.html")
    first = outfile.planned(path, "one\n")
    assert first.changes and first.diff()["before"] == "" and not os.path.exists(path)
    first.write()
    assert not outfile.planned(path, "one\n").changes
    second = outfile.planned(path, "two\n")
    assert (second.diff()["before"], second.diff()["after"]) == ("one\n", "two\n")
    second.write()
    assert (tmp_path / "out.html").read_text() == "two\n" and os.listdir(tmp_path) == ["out.html"]


def test_an_unchanged_file_is_not_touched(tmp_path):
    path = tmp_path / "out"
    path.write_text("same")
    before = path.stat()
    outfile.planned(str(path), "same").write()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_modes(tmp_path):
    """A new file obeys the umask, so that node_exporter can read it; an old one keeps what it had."""
    path = tmp_path / "out"
    old = os.umask(0o027)
    try:
        outfile.planned(str(path), "one").write()
        assert path.stat().st_mode & 0o777 == 0o640
        path.chmod(0o604)
        outfile.planned(str(path), "two").write()
        assert path.stat().st_mode & 0o777 == 0o604
    finally:
        os.umask(old)


def test_only_a_regular_file_is_replaced(tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("elsewhere")
    os.mkfifo(tmp_path / "fifo")
    for name in ("directory", "link", "fifo"):
        with pytest.raises(Refused) as caught:
            outfile.planned(f"{tmp_path}/{name}", "x")
        assert f"{name}: it is not a regular file, and would be replaced by one. Name another path." in str(
            caught.value
        )


def test_no_directory(tmp_path):
    with pytest.raises(Refused) as caught:
        outfile.planned(f"{tmp_path}/none/out", "x")
    assert f"there is no directory {tmp_path}/none. Make it first." in str(caught.value)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "out"
    path.write_text("old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FleetError) as caught:
        outfile.planned(str(path), "new").write()
    assert "out: No space left on device" in str(caught.value)
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["out"]
