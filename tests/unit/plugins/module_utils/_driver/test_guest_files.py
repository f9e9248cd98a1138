# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's files, and the headers of its hives."""

from __future__ import annotations

import os
import struct

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import Refused
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import guest_files, hive_file


def test_names_in_any_case(tmp_path):
    (tmp_path / "WINDOWS/System32").mkdir(parents=True)
    assert guest_files.find(str(tmp_path), "windows", "SYSTEM32") == str(tmp_path / "WINDOWS/System32")
    assert guest_files.find(str(tmp_path), "windows", "none", "below") is None
    assert guest_files.place(str(tmp_path), "Windows", "New.Sys") == str(tmp_path / "WINDOWS/New.Sys")


def test_two_spellings_are_refused(tmp_path):
    for name in ("a", "A"):
        (tmp_path / name).mkdir()
    with pytest.raises(Refused, match="A and a are there, which are one name to Windows"):
        guest_files.find(str(tmp_path), "a")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\0"])
def test_names_that_lead_elsewhere(tmp_path, name):
    for look in (guest_files.find, guest_files.place):
        with pytest.raises(Refused, match="no name of a file"):
            look(str(tmp_path), name)


def test_links_are_not_followed(tmp_path):
    (tmp_path / "guest").mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"the host's own")
    path = tmp_path / "guest/file"
    for name in (path, path.with_name(f"file{guest_files.NEW}")):
        name.symlink_to(victim)
    with pytest.raises(Refused, match="but a link"):
        guest_files.find(str(tmp_path / "guest"), "file")
    guest_files.put(str(path), b"new", str(path))
    assert victim.read_bytes() == b"the host's own" and path.read_bytes() == b"new" and not path.is_symlink()


def test_a_file_is_replaced_at_once(tmp_path):
    path = str(tmp_path / "file")
    guest_files.put(path, b"old", path)
    with open(path, "rb") as held:
        guest_files.put(path, b"new", path)
        # Who has the old one open keeps it whole: the new one was never written into it.
        assert held.read() == b"old"
    assert (tmp_path / "file").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    (tmp_path / f"file{guest_files.NEW}").mkdir()
    with pytest.raises(OSError):
        guest_files.put(str(path), b"new", str(path))
    assert path.read_bytes() == b"old"


def header(first, second, *, sound=True):
    block = bytearray(b"regf" + struct.pack("<II", first, second)).ljust(512, b"\0")
    checksum = 0
    for (word,) in struct.iter_unpack("<I", bytes(block[:508])):
        checksum ^= word
    block[508:] = struct.pack("<I", checksum ^ (0 if sound else 1))
    return bytes(block)


def entries(*sequences):
    return b"".join(struct.pack("<4sIII", b"HvLE", 512, 0, number).ljust(512, b"\0") for number in sequences)


@pytest.mark.parametrize(
    ("hive", "log", "why"),
    [
        (header(7, 7), b"", ""),
        (header(8, 7), b"", r"did not finish writing it \(sequence 8, 7\)"),
        (header(7, 7, sound=False), b"", "header is damaged"),
        (b"regf", b"", "header is damaged"),
        (header(7, 7), header(7, 7) + entries(5, 6, 7), ""),
        (header(7, 7), header(7, 7) + entries(7, 8), r"is newer than the hive itself \(sequence 8, 7\)"),
        # Behind a gap lies what an earlier use of the log has left.
        (header(7, 7), header(7, 7) + entries(6, 9), ""),
        (header(7, 7), header(9, 9, sound=False) + entries(9), ""),
        (header(7, 7), header(9, 9) + b"DIRT", r"is newer than the hive itself \(sequence 9, 7\)"),
        (header(7, 7), header(7, 7) + b"DIRT", ""),
        (header(7, 7), header(9, 9), ""),
        (header(7, 7), bytes(4096), ""),
        (header(7, 7), header(7, 7) + entries(8)[:20], "is newer"),
    ],
)
def test_hives_that_lack_what_is_in_their_logs(tmp_path, hive, log, why):
    path, beside = tmp_path / "SYSTEM", tmp_path / "SYSTEM.LOG1"
    path.write_bytes(hive)
    beside.write_bytes(log)
    if not why:
        hive_file.refuse_dirty("SYSTEM", str(path), [str(beside)])
        return
    with pytest.raises(Refused, match=why):
        hive_file.refuse_dirty("SYSTEM", str(path), [str(beside)])
