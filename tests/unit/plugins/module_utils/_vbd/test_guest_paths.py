# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's paths stay inside the guest, whatever its links say."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import rooted


@pytest.fixture(name="guest")
def a_guest(tmp_path):
    root = tmp_path / "guest"
    for name in ("etc", "data/home", "usr/lib"):
        (root / name).mkdir(parents=True)
    (root / "usr/lib/os-release").write_text("ID=guest\n")
    (tmp_path / "secret").write_text("of the host\n")
    return root


@pytest.mark.parametrize(
    ("link", "target", "asked", "found"),
    [
        ("etc/os-release", "../usr/lib/os-release", "/etc/os-release", "usr/lib/os-release"),
        ("etc/os-release", "/usr/lib/os-release", "/etc/os-release", "usr/lib/os-release"),
        ("etc/os-release", "../../../../../secret", "/etc/os-release", "secret"),
        ("home", "/data/home", "/home/user", "data/home/user"),
        ("home", "data/home", "home/../home/user", "data/home/user"),
        ("up", "..", "/up/up/etc", "etc"),
        (None, None, "/../../etc//./os-release", "etc/os-release"),
    ],
)
def test_links_begin_at_the_guests_root(guest, link, target, asked, found):
    if link:
        (guest / link).symlink_to(target)
    assert rooted.resolve(str(guest), asked) == str(guest / found)


def test_loop_of_links_is_no_file(guest):
    (guest / "a").symlink_to("b")
    (guest / "b").symlink_to("/a")
    with pytest.raises(OSError, match="a"):
        rooted.resolve(str(guest), "/a")
    assert rooted.read(str(guest), "/a") is None
    assert rooted.names(str(guest), "/a") == []
    assert not rooted.is_directory(str(guest), "/a")


def test_only_regular_files_are_read_and_no_more_than_allowed(guest):
    os.mkfifo(guest / "fifo")
    (guest / "long").write_bytes(b"x" * 100)
    assert rooted.read(str(guest), "/fifo") is None
    assert rooted.read(str(guest), "/etc") is None
    assert rooted.read(str(guest), "/nothing") is None
    assert rooted.read(str(guest), "/long", 10) == b"x" * 10
    assert rooted.text(str(guest), "/usr/lib/os-release") == "ID=guest\n"
    assert rooted.names(str(guest), "/usr") == ["lib"]


@pytest.fixture(name="maze", scope="module")
def a_maze(tmp_path_factory):
    root = tmp_path_factory.mktemp("guest")
    (root / "link").symlink_to("../../..")
    (root / "up").symlink_to("/..")
    (root / "abs").symlink_to("/etc/../../etc")
    return str(root)


@given(st.lists(st.sampled_from(["..", ".", "", "etc", "link", "up", "abs"]), max_size=8))
def test_nothing_leads_out(maze, words):
    found = rooted.resolve(maze, "/".join(words))
    assert found == maze or found.startswith(f"{maze}/")
