# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that vanish while they are read: the kernel removes a partition's files before its directory."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import partitions
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost


@pytest.fixture(name="disk")
def a_disk(tmp_path):
    """(host, its directory in sysfs) of a disk with two partitions, of which dm-0 holds the second."""
    place = tmp_path / "sys/block/nbd9"
    host = FakeHost(tmp_path).host
    for number in (1, 2):
        part = place / f"nbd9p{number}"
        (part / "holders").mkdir(parents=True)
        (part / "partition").write_text(f"{number}\n")
        (part / "dev").write_text(f"43:{number}\n")
    (place / "holders").mkdir()
    (place / "dev").write_text("43:0\n")
    (place / "nbd9p2/holders/dm-0").mkdir()
    return host, place


@pytest.mark.parametrize("went", ["partition", "dev", "holders"])
def test_partition_on_its_way_out(disk, went):
    host, place = disk
    gone = place / "nbd9p1" / went
    if gone.is_dir():
        shutil.rmtree(gone)
    else:
        gone.unlink()
    assert partitions.holders(host, "/dev/nbd9") == [f"{host.dev}/dm-0"]
    assert partitions.nodes(host, "/dev/nbd9").get(2) == "nbd9p2"
    assert {(43, 0), (43, 2)} <= set(partitions.numbers(host, "/dev/nbd9"))


def test_what_is_not_a_partition_going_is_an_error(disk):
    host, place = disk
    (place / "nbd9p1/partition").unlink()
    (place / "nbd9p1/partition").mkdir()
    with pytest.raises(IsADirectoryError):
        partitions.nodes(host, "/dev/nbd9")


def test_time_that_one_command_for_many_disks_may_take(disk, monkeypatch):
    host, _place = disk
    allowed = []
    monkeypatch.setattr(
        host.runner, "run", lambda argv, timeout: allowed.append(timeout) or Result(tuple(argv), 0, "", "")
    )
    for count in (1, 10, 11, 100):
        partitions._blkid(host, ["/dev/nbd9"] * count)
    assert allowed == [host.timeout * factor for factor in (1, 1, 2, 10)]
