# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which other files an image may open."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import image
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.tests.unit.support import images


@pytest.fixture(name="place")
def a_place(tmp_path):
    for name in ("inside", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "secret.raw").write_bytes(b"secret" * 100)
    (tmp_path / "inside" / "base.raw").write_bytes(b"base" * 100)
    return tmp_path


def examine(place, content, **options):
    path = place / "inside" / "top.qcow2"
    path.write_bytes(content)
    return image.examine(DiskRequest(str(path), options.pop("format", "qcow2"), **options))


REFUSED = {
    "other format": (images.vdi(), "said to be qcow2, but its header is that of vdi"),
    "raw": (b"\0" * 512, "its header is that of raw"),
    "backing outside": (
        images.qcow2(backing="../outside/secret.raw", backing_format="raw"),
        "outside the image's directory",
    ),
    "backing absolute": (images.qcow2(backing="/etc/passwd", backing_format="raw"), "'/etc/passwd' lies outside"),
    "backing by protocol": (images.qcow2(backing="nbd://192.0.2.1/x", backing_format="raw"), "is not a plain path"),
    "backing as json": (images.qcow2(backing='json:{"driver":"file"}', backing_format="raw"), "is not a plain path"),
    "backing unknown format": (images.qcow2(backing="base.raw"), "QEMU would guess"),
    "backing other format": (images.qcow2(backing="base.raw", backing_format="vdi"), "said to be vdi, but"),
    "backing missing": (images.qcow2(backing="gone.raw", backing_format="raw"), "cannot be read (No such file"),
    "data file outside": (images.qcow2(data_file="/etc/shadow"), "data file '/etc/shadow' lies outside"),
    "data file unnamed": (images.qcow2(incompatible=4), "needs a data file whose name it does not hold"),
    "data file relative": (images.qcow2(data_file="base.raw"), "is not an absolute path, so QEMU looks elsewhere"),
    "itself": (images.qcow2(backing="top.qcow2", backing_format="qcow2"), "comes back to itself"),
    "encrypted": (images.qcow2(crypt=1), "the image itself is encrypted"),
    "terminal codes": (images.qcow2(backing="/\x1b[2Jx", backing_format="raw"), "'/\\x1b[2Jx' lies outside"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(place, name):
    content, why = REFUSED[name]
    with pytest.raises(FleetError) as caught:
        examine(place, content)
    assert why in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_chain_inside_the_directory(place):
    found = examine(place, images.qcow2(backing="base.raw", backing_format="raw"))
    assert [(member.kind, os.path.basename(member.path)) for member in found.members] == [
        ("image", "top.qcow2"),
        ("backing", "base.raw"),
    ]


def test_outside_allowed_by_name(place):
    secret = str(place / "outside" / "secret.raw")
    found = examine(place, images.qcow2(backing=secret, backing_format="raw"), references=(secret,))
    assert found.members[1].path == secret


def test_symlink_inside_to_outside_is_outside(place):
    os.symlink(place / "outside" / "secret.raw", place / "inside" / "link.raw")
    with pytest.raises(FleetError, match="lies outside"):
        examine(place, images.qcow2(backing="link.raw", backing_format="raw"))


def test_chain_too_long(place):
    for number in range(20):
        content = images.qcow2(backing=f"{number + 1}.qcow2", backing_format="qcow2")
        (place / "inside" / f"{number}.qcow2").write_bytes(content)
    with pytest.raises(FleetError, match="longer than 16 files"):
        examine(place, images.qcow2(backing="0.qcow2", backing_format="qcow2"))


def test_names_of_one_file_are_one_image(place):
    path = place / "inside" / "a.qcow2"
    path.write_bytes(images.qcow2())
    os.link(path, place / "hard.qcow2")
    os.symlink(path, place / "soft.qcow2")
    ids = {
        image.examine(DiskRequest(str(name), "qcow2")).id for name in (path, place / "hard.qcow2", place / "soft.qcow2")
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("path", "why"), [("/nonexistent/a.raw", "cannot be read"), ("/", "neither a file nor a block device")]
)
def test_no_image(path, why):
    with pytest.raises(FleetError, match=why):
        image.examine(DiskRequest(path, "raw"))
