# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths of a guest that may have been made to lead out of it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import Refused
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import rooted

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
    found = rooted.inside(root, f"/{path}")
    assert os.path.realpath(found).startswith(root)
    assert not os.path.islink(found)


def test_an_absolute_link_means_the_guests_root(root):
    assert rooted.inside(root, "/a/abs/passwd") == f"{root}/etc/passwd"


def test_a_ring_of_links(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("/one")
    with pytest.raises(Refused, match="in a ring"):
        rooted.inside(str(tmp_path), "/one")


def test_a_file_is_replaced_with_its_rights(tmp_path):
    (tmp_path / "file").write_text("old\n")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "name").symlink_to("/file")
    rooted.write(str(tmp_path), "/name", "new\n")
    assert (tmp_path / "file").read_text() == "new\n"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["file", "name"]


def test_what_is_not_there(tmp_path):
    assert rooted.read(str(tmp_path), "/no/file") == ""
    assert rooted.content(str(tmp_path), "/no/file") is None
    assert rooted.names(str(tmp_path), "/no") == []
    rooted.write(str(tmp_path), "/no", None)
