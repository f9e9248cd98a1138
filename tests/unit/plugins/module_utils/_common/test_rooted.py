# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of a guest that may have been made to lead out of it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common import rooted
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import Refused

PATHS = st.lists(st.sampled_from(["..", ".", "", "a", "b", "loop", "up", "abs", "etc"]), max_size=8).map("/".join)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """a/up leads above the root, a/abs means the guest's own /etc."""
    outside = tmp_path_factory.mktemp("host")
    guest = outside / "guest"
    (guest / "a").mkdir(parents=True)
    (guest / "etc").mkdir()
    (guest / "a/up").symlink_to("../../../../..")
    (guest / "a/abs").symlink_to("/etc")
    (guest / "up").symlink_to("a/up")
    return str(guest)


@given(PATHS)
def test_no_path_leads_out(root, path):
    found = rooted.resolve(root, f"/{path}")
    assert os.path.realpath(found).startswith(root)
    assert not os.path.islink(found)


def test_an_absolute_link_means_the_guests_root(root):
    assert rooted.resolve(root, "/a/abs/passwd") == f"{root}/etc/passwd"


def test_a_ring_of_links(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("/one")
    with pytest.raises(Refused, match="in a ring"):
        rooted.resolve(str(tmp_path), "/one")


def test_a_file_is_replaced_with_its_rights(tmp_path):
    (tmp_path / "file").write_text("old\n")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "name").symlink_to("/file")
    rooted.write(str(tmp_path), "/name", "new\n")
    assert (tmp_path / "file").read_text() == "new\n"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["file", "name"]


def test_what_is_not_there(tmp_path):
    assert rooted.whole(str(tmp_path), "/no/file") == ""
    assert rooted.content(str(tmp_path), "/no/file") is None
    assert rooted.names(str(tmp_path), "/no") == []
    rooted.write(str(tmp_path), "/no", None)


def test_only_a_regular_file_has_a_content(tmp_path):
    """A fifo would block, and what is no file must not pass for one that is not there and may be written."""
    os.mkfifo(tmp_path / "fifo")
    for name in ("/fifo", "/"):
        with pytest.raises((Refused, IsADirectoryError)):
            rooted.content(str(tmp_path), name)


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
    assert rooted.read(str(guest), "/a") is None
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
