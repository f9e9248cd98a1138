# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small formats that are read or written here: mountinfo, fstab, blkid's export, losetup's JSON, mount options."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import (
    filesystems,
    fstab,
    losetup,
    mountinfo,
    partitions,
    selection,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.partitions import Partition

FOREIGN = "# by hand\nUUID=1 / ext4 defaults 0 1\nUUID=2 /mnt/a ext4 noauto 0 0\n"


class Answering:
    """A runner with one answer."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def run(self, argv, timeout):
        out, code = self.answers.pop(0)
        return Result(tuple(argv), code, out, "")


def test_mountinfo(tmp_path):
    (tmp_path / "self").mkdir()
    (tmp_path / "self/mountinfo").write_text(
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        "45 22 259:0 / /mnt/with\\040blank ro,nodev shared:3 master:1 - ext4 /dev/loop0p1 ro,norecovery\n"
    )
    found = mountinfo.read(Host(Answering(), proc=str(tmp_path)))
    assert found[1] == ((259, 0), "/mnt/with blank", "ext4", "/dev/loop0p1", ("ro", "nodev"), "/")
    assert mountinfo.at(found, "/mnt/with blank") is found[1]
    assert mountinfo.at(found, "/mnt") is None
    assert [mount.writes for mount in found] == [True, False]


def test_fstab_adds_replaces_and_removes_only_our_line():
    line = fstab.line("u-1", "/mnt/a", "ext4", "ro,noload")
    assert line == "UUID=u-1 /mnt/a ext4 ro,noload,noauto,nofail,x-homevirt.fleet 0 0\n"
    once = fstab.with_line(FOREIGN, "/mnt/a", line)
    assert once == FOREIGN + line
    assert fstab.with_line(once, "/mnt/a", line) == once
    assert fstab.with_line(once, "/mnt/a", "") == FOREIGN


@given(st.text(alphabet=st.characters(blacklist_characters="\0\n\r", blacklist_categories=["Cs"]), min_size=1))
def test_fstab_takes_its_own_line_away_whatever_the_path(name):
    path = f"/mnt/{name}"
    line = fstab.line("u-1", path, "ext4", "ro")
    assert fstab.with_line(fstab.with_line(FOREIGN, path, line), path, "") == FOREIGN


def test_fstab_keeps_mode_and_is_whole(tmp_path):
    file = tmp_path / "fstab"
    file.write_text("UUID=1 / ext4 defaults 0 1")
    file.chmod(0o640)
    fstab.change("/mnt/a", fstab.line("u", "/mnt/a", "xfs", "ro"), str(file))
    assert file.read_text().splitlines()[0] == "UUID=1 / ext4 defaults 0 1"
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["fstab"]


def test_losetup_of_old_and_new_util_linux():
    new = {"name": "/dev/loop0", "back-file": "/a", "back-ino": 5, "back-maj:min": "  254:0  ", "ro": True}
    old = {"name": "/dev/loop1", "back-file": "/b", "back-ino": "6", "back-maj:min": "254:0", "ro": "0"}
    torn = {"name": "/dev/loop2", "back-file": None, "back-ino": None, "back-maj:min": None, "ro": False}
    host = Host(Answering((json.dumps({"loopdevices": [new, old, torn]}), 0)))
    found = losetup.listed(host)
    assert [(loop.path, loop.id.ino, loop.writes) for loop in found] == [
        ("/a", 5, False),
        ("/b", 6, True),
        ("", 0, True),
    ]
    assert losetup.listed(Host(Answering(("", 0)))) == []


def test_blkid_escapes_and_ambivalence():
    text = 'DEVNAME=/dev/x1\nLABEL=we^[ird\\\\x\\ \\"l\nTYPE=ext4\n\nDEVNAME=/dev/x2\nPART_ENTRY_NUMBER=2\n'
    host = Host(Answering((text, 0), ("", 8), ("", 2)))
    found = partitions.probe(host, ["/dev/x1", "/dev/x2", "/dev/x3", "/dev/x4"])
    assert found == {
        "/dev/x1": {"LABEL": 'we^[ird\\x "l', "TYPE": "ext4"},
        "/dev/x2": {"PART_ENTRY_NUMBER": "2"},
        "/dev/x3": {"TYPE": "ambivalent"},
    }


@pytest.mark.parametrize(
    ("fstype", "access", "extra", "want"),
    [
        ("ext2", "r", "", "ro,nodev,nosuid"),
        ("ext4", "r", "", "ro,noload,nodev,nosuid"),
        ("ext4", "w", "", "rw,nodev,nosuid"),
        ("xfs", "r", "", "ro,norecovery,nouuid,nodev,nosuid"),
        ("xfs", "w", "", "rw,nouuid,nodev,nosuid"),
        ("btrfs", "r", "subvol=@", "ro,rescue=nologreplay,nodev,nosuid,subvol=@"),
        ("vfat", "r", "", "ro,nodev,nosuid"),
    ],
)
def test_mount_options(fstype, access, extra, want):
    assert filesystems.options(fstype, access, extra) == want


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        (["etc/os-release"], True),
        (["usr/lib/os-release"], True),
        (["Windows/System32/config/SYSTEM"], True),
        (["WINDOWS/system32/config/system"], True),
        (["Windows/explorer.exe"], False),
        (["home/user"], False),
        ([], False),
    ],
)
def test_operating_system_is_recognised(tmp_path, files, holds):
    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.touch()
    assert filesystems.holds_os(str(tmp_path)) is holds


DISK = [
    Partition(1, "/dev/x1", 1, "vfat", "EFI", "AAAA-BBBB", "p-1", "esp"),
    Partition(2, "/dev/x2", 1, "ext4", "root", "u-2", "p-2", "same"),
    Partition(3, "/dev/x3", 1, "ext4", "3", "u-3", "p-3", "same"),
]


@pytest.mark.parametrize(
    ("selector", "number"),
    [
        ("2", 2),
        ("3", 3),
        ("AAAA-BBBB", 1),
        ("u-2", 2),
        ("p-3", 3),
        ("EFI", 1),
        ("esp", 1),
        ("root-not", None),
        ("same", None),
    ],
)
def test_partition_by_name(selector, number):
    if number is None:
        with pytest.raises(InvalidRequest, match="there are 1: vfat 'EFI'"):
            selection.named("/srv/a", selector, DISK)
    else:
        assert selection.named("/srv/a", selector, DISK).number == number
