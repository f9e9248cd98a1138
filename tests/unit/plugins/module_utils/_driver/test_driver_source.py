# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drivers in a directory, a zip archive, an ISO image."""

from __future__ import annotations

import random
import shutil
import subprocess

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.driver_source import open_source
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.iso9660 import IsoImage

# A name longer than plain ISO 9660 has, a directory that fills several sectors, a file that fills several.
FILES = {
    "NetKVM/w10/amd64/netkvm.inf": b"[Version]\n",
    "viostor/w10/amd64/viostor-with-a-long-name.sys": bytes(range(256)) * 20,
    **{f"many/file{number:03d}.txt": str(number).encode() for number in range(150)},
    "empty.txt": b"",
}


@pytest.fixture(name="tree", scope="module")
def make_tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("source")
    for name, data in FILES.items():
        path = root / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def image(tree, *options):
    path = tree / f"{'-'.join(options) or 'plain'}.iso"
    if not path.exists():
        subprocess.run(["genisoimage", "-quiet", *options, "-o", path, tree / "tree"], check=True)
    return path


@pytest.mark.parametrize("kind", ["directory", "zip", "iso"])
def test_the_same_files_from_each(tree, kind):
    if kind == "directory":
        path = tree / "tree"
    elif kind == "zip":
        path = shutil.make_archive(str(tree / "packed"), "zip", tree / "tree")
    else:
        path = image(tree, "-J", "-r")
    source = open_source(str(path))
    assert {name: source.read(name) for name in source.names()} == FILES
    assert source.names(".inf") == ["NetKVM/w10/amd64/netkvm.inf"]
    assert source.find("netkvm/W10/AMD64/NETKVM.inf") == "NetKVM/w10/amd64/netkvm.inf"
    assert source.find("netkvm/none") is None


def test_an_image_without_joliet(tree):
    """Names are the short ones then, and found all the same."""
    source = open_source(str(image(tree, "-iso-level", "1")))
    assert source.read(source.find("NETKVM/W10/AMD64/NETKVM.INF")) == b"[Version]\n"
    assert source.read(source.find("many/file149.txt")) == b"149"


def test_links_of_the_rpm_are_files(tree, tmp_path):
    (tmp_path / "real.inf").write_bytes(b"x")
    (tmp_path / "by-os").mkdir()
    (tmp_path / "by-os/link.inf").symlink_to("../real.inf")
    (tmp_path / "by-os/dangling.inf").symlink_to("nowhere")
    assert open_source(str(tmp_path)).names() == ["by-os/link.inf", "real.inf"]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda place: "relative", "not an absolute path"),
        (lambda place: str(place / "none"), "there is no such"),
        (lambda place: put(place / "text", b"no image"), "ends too early"),
        (lambda place: put(place / "zeros", bytes(200_000)), "no ISO 9660 image"),
    ],
)
def test_what_is_no_source(tmp_path, make, why):
    with pytest.raises(InvalidRequest, match=why):
        open_source(make(tmp_path))


def put(path, data):
    path.write_bytes(data)
    return str(path)


def test_damaged_images_are_refused_or_read(tree, tmp_path):
    """Whatever is broken in it: an error that names the image, never another one, and an end."""
    whole = image(tree, "-J", "-r").read_bytes()
    chance = random.Random(20)
    path = tmp_path / "damaged.iso"
    for _round in range(60):
        data = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
        for _byte in range(chance.randrange(1, 60)):
            # Where the structures are, not the contents.
            data[chance.randrange(min(len(data), 60 * 2048))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            found = IsoImage(str(path))
            for name in list(found.files)[:50]:
                if found.size(name) < 1 << 20:
                    found.read(name)
        except InvalidRequest as error:
            assert str(path) in str(error)
