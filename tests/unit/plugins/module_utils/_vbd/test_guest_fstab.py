# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lines of a guest's fstab mean on a disk."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import guest_fstab
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.partitions import Partition
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

DISK = [
    Partition(1, "/dev/x1", 1, "vfat", "ESP", "AAAA-BBBB", "p-1", "esp"),
    Partition(2, "/dev/x2", 1, "ext4", "boot", "u-2", "p-2", "boot"),
    Partition(3, "/dev/x3", 1, "LVM2_member", "", "pv", "p-3", "lvm"),
    Partition(4, "/dev/x4", 1, "crypto_LUKS", "", "luks-4", "p-4", "a name"),
    Partition(3, "/dev/dm-1", 1, "ext4", "", "twice", volume="vg-0/root"),
    Partition(3, "/dev/dm-2", 1, "crypto_LUKS", "", "luks-home", volume="vg-0/home"),
    Partition(3, "/dev/dm-3", 1, "ext4", "", "twice", volume="vg-0/home"),
    Partition(4, "/dev/dm-4", 1, "ext4", "", "inside"),
]
# By what is in it, or by its partition, what is in an open encrypted one is meant.
INSIDE = {"/dev/x4": "/dev/dm-4"}
CRYPTTAB = "# name what\nsecret /dev/vg-0/home none luks\npart_crypt UUID=luks-4 none luks\n"


def guest(tmp_path, fstab, crypttab=CRYPTTAB):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/fstab").write_text(fstab)
    (tmp_path / "etc/crypttab").write_text(crypttab)
    return str(tmp_path)


@pytest.mark.parametrize("case", cases(__file__, "guest_fstab.yml", "line"))
def test_line(case, tmp_path):
    root = guest(tmp_path, case["line"])
    [line] = guest_fstab.read(root)
    if "skipped" in case:
        assert re.search(case["skipped"], guest_fstab.why_skipped(line))
        return
    assert guest_fstab.why_skipped(line) == ""
    found = guest_fstab.meant(line.spec, DISK, guest_fstab.crypttab(root), ("", 3))
    wanted = INSIDE.get(case["device"], case["device"])
    assert (found.device if found else None) == wanted


@pytest.mark.parametrize(
    ("own", "spec", "number"),
    [
        (("/dev/sdb3", 3), "/dev/sdb2", 2),
        (("/dev/sdb3", 3), "/dev/sda2", None),
        # The guest's third partition is not ours: another disk bears that name.
        (("/dev/sdb3", 1), "/dev/sdb2", None),
        (("UUID=x", 3), "/dev/sda2", 2),
        (("UUID=x", 3), "/dev/sdb2", None),
    ],
)
def test_disk_of_a_node_is_told_by_the_root(own, spec, number):
    found = guest_fstab.meant(spec, DISK, {}, own)
    assert (found.number if found else None) == number


def test_order_and_form(tmp_path):
    text = (
        "\n# comment\nA /var/lib ext4\nUUID=b\t/with\\040blank ext4 ro,subvol=@data,compress\nLABEL=r / ext4\nbroken\n"
    )
    lines = guest_fstab.read(guest(tmp_path, text))
    assert [line.path for line in lines] == ["/", "/with blank", "/var/lib"]
    assert lines[1].subvolume == "subvol=@data"


@pytest.fixture(name="root", scope="module")
def a_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("guest")
    (root / "etc").mkdir()
    return root


@given(st.text(max_size=200))
def test_any_text_is_read(root, text):
    (root / "etc/fstab").write_bytes(text.encode("utf-8", "surrogatepass"))
    for line in guest_fstab.read(str(root)):
        guest_fstab.why_skipped(line)
        guest_fstab.meant(line.spec, DISK, {}, ("", 1))
