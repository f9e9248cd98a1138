# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems that could be mounted and must not be: NTFS as mkntfs and ntfsfix left it, and clones of a btrfs."""

from __future__ import annotations

import functools
import gzip
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import Refused, ToolMissing
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import mounts, ntfs
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.partitions import Partition
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost


@functools.cache
def recorded(name):
    with gzip.open(os.path.join(os.path.dirname(__file__), "fixtures", f"ntfs-{name}.gz")) as stream:
        return stream.read()


@pytest.mark.parametrize(("name", "dirty"), [("clean", False), ("dirty", True)])
def test_mark_of_windows(name, dirty):
    assert ntfs.is_dirty(io.BytesIO(recorded(name))) is dirty


@given(st.binary(min_size=1, max_size=80), st.integers(0, 24000))
def test_damaged_volume_is_no_crash(noise, place):
    raw = bytearray(recorded("clean"))
    raw[place : place + len(noise)] = noise
    try:
        assert ntfs.is_dirty(io.BytesIO(bytes(raw))) in (True, False)
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("name", "probed", "why"),
    [
        ("clean", 14, "Windows is hibernated"),
        ("clean", 15, "not shut down properly"),
        ("clean", 13, "damaged"),
        ("clean", 21, "ended with status 21"),
        ("dirty", 0, "marked it to be checked"),
        ("clean", 0, ""),
    ],
)
def test_writing_to_ntfs(name, probed, why, tmp_path, monkeypatch):
    host = FakeHost(tmp_path).host
    monkeypatch.setattr(host.runner, "run", lambda argv, timeout: Result(tuple(argv), probed, "", ""))
    (tmp_path / "dev/x1").write_bytes(recorded(name))
    partition = Partition(1, f"{tmp_path}/dev/x1", 1, "ntfs")
    mounts.refuse_unfit(host, partition, "/srv/a", "r")
    if why:
        with pytest.raises(Refused, match=f"cannot be mounted for writing: .*{why}"):
            mounts.refuse_unfit(host, partition, "/srv/a", "w")
    else:
        mounts.refuse_unfit(host, partition, "/srv/a", "w")


def test_driver_that_is_missing_is_named(tmp_path):
    fake = FakeHost(tmp_path)
    fake.absent = {"ntfs-3g"}
    with pytest.raises(ToolMissing) as caught:
        mounts.refuse_unfit(fake.host, Partition(1, "/dev/x1", 1, "ntfs"), "/srv/a", "r")
    assert caught.value.details["missing_programs"] == ["ntfs-3g"]


def test_clone_of_a_mounted_btrfs(tmp_path):
    host = FakeHost(tmp_path).host
    (tmp_path / "sys/fs/btrfs/u-1/devices/loop0p1").mkdir(parents=True)
    mounts.refuse_unfit(host, Partition(1, "/dev/loop0p1", 1, "btrfs", "", "u-1"), "/srv/a", "w")
    mounts.refuse_unfit(host, Partition(1, "/dev/loop1p1", 1, "btrfs", "", "u-2"), "/srv/b", "w")
    with pytest.raises(Refused, match="a btrfs with the same UUID u-1 is mounted from loop0p1"):
        mounts.refuse_unfit(host, Partition(1, "/dev/loop1p1", 1, "btrfs", "", "u-1"), "/srv/b", "r")
