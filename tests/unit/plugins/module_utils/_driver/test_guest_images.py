# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests in images: what is asked of the vbd engine, and that nobody hears of the places where they were mounted."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import arguments, guest_images
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost

NAMES = {"/run/x/77-1": "/srv/one.raw", "/run/x/77-10": "/srv/ten.raw"}
PARAMS = {
    **{name: spec.get("default") for name, spec in arguments.SPEC.items()},
    "luks_passphrases": {"/srv/boot.img": "of boot"},
    "luks_passphrase": "of all",
}


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("/run/x/77-1: it is full", "/srv/one.raw: it is full"),
        ("/run/x/77-10", "/srv/ten.raw"),
        ("cannot read /run/x/77-1/etc/fstab", "cannot read /srv/one.raw:/etc/fstab"),
        ("/run/x/77-100 is another's", "/run/x/77-100 is another's"),
        ({"steps": ["/run/x/77-10/1", 5, None]}, {"steps": ["/srv/ten.raw:/1", 5, None]}),
    ],
)
def test_places_are_called_by_their_images(said, named):
    assert guest_images._named(said, NAMES) == named


def requests(*guests):
    empty = dict.fromkeys(arguments.OF_ONE_GUEST)
    return arguments.read({**PARAMS, "guests": [{**empty, "partition": "root", **guest} for guest in guests]})


def test_a_guest_in_images_becomes_mounts_in_its_own_order():
    mounts = [{"path": "/boot", "partition": "1", "image": None}, {"path": "/x", "partition": "0"}]
    mounts[1].update(image="/srv/boot.img", format="raw")
    guest, plain = requests({"image": "/srv/a.qcow2", "mounts": mounts, "backend": "nbd"}, {"root": "/mnt"})
    assert [(mount.path, mount.partition, mount.disk.image) for mount in guest.mounts] == [
        ("/", "root", "/srv/a.qcow2"),
        ("/boot", "1", "/srv/a.qcow2"),
        ("/x", "0", "/srv/boot.img"),
    ]
    assert {mount.disk.format for mount in guest.mounts} == {"qcow2", "raw"}
    assert {(mount.disk.access, mount.disk.backend) for mount in guest.mounts} == {("r", "nbd")}
    assert [mount.keys.passphrase for mount in guest.mounts] == ["of all", "of all", "of boot"]
    assert (plain.root, plain.mounts) == ("/mnt", ())


def test_one_image_by_two_names_is_one_guest(tmp_path):
    fake = FakeHost(tmp_path)
    image = fake.image("a.raw", b"\0" * 1024)
    (tmp_path / "srv/b.raw").symlink_to(image)
    asked = requests({"image": image}, {"image": f"{tmp_path}/srv/b.raw"})
    with pytest.raises(InvalidRequest, match="asked for twice"):
        guest_images.plan_and_apply(fake.host, asked, check=True)
    assert fake.commands == []
