# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DiskSpd's words. The XML was written after its documentation, not recorded on a Windows machine."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._bench import diskspd, profile
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import ToolFailed

XML = (pathlib.Path(__file__).parent / "recorded/diskspd.xml").read_text(encoding="utf-8")
JOB = profile.Job("RND4K-Q32T2-read", "read", "random", 4096, 32, 2, 1 << 20)


def test_arguments():
    got = diskspd.argv("diskspd.exe", JOB, r"C:\bench\x.dat", 1 << 30, 5, direct=True)
    assert got == ["diskspd.exe", "-b4096", "-d5", "-W0", "-C0", "-o32", "-t2", "-w0", "-r", "-Sh", "-L", "-Rxml"] + [
        "-c1073741824",
        r"C:\bench\x.dat",
    ]
    writing = diskspd.argv("d", JOB._replace(operation="write", pattern="sequential"), "x", 1, 5, direct=False)
    assert {"-w100", "-si"} < set(writing) and "-Sh" not in writing


def test_counted_over_all_threads():
    assert diskspd.parse("WARNING: a word before\n" + XML, JOB) == (157286400, 38400, 5.01, 22.05)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Error opening file: x [5]\n", "gave no result but said: Error opening file"),
        ("", "said: nothing"),
        (XML[:900], "cut off"),
        (XML.replace("5.01", ""), "lacks a number"),
        (XML.replace("104857600", "0").replace("52428800", "0"), "moved 0 bytes"),
    ],
)
def test_failures(text, reason):
    with pytest.raises(ToolFailed, match=reason):
        diskspd.parse(text, JOB)
