# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a disk holds is read again exactly when it may have changed."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import ledger
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request

# More sectors written, and more discarded, than FakeHost's disks start with.
WRITTEN = "7 0 56 1 2 0 16 0 0 1 1 0 0 0 0 0 0\n"
DISCARDED = "7 0 56 1 0 0 0 0 0 1 1 1 0 64 0 0 0\n"


@pytest.fixture(name="attached")
def an_attached_disk(tmp_path):
    """(host, what is wanted, its directory in sysfs, what is kept of it)."""
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"disk": {"format": "raw"}})
    bring_up(fake, wanted)
    ((record,), _unreadable) = ledger.read_all(fake.host)
    return (
        fake,
        wanted,
        tmp_path / "sys/block/loop0",
        pathlib.Path(ledger.directory(fake.host, record)) / "contents.json",
    )


def reads(fake, wanted, *, check=False):
    """How many times another run reads the disk; what it returns is what is on it."""
    fake.commands.clear()
    disk = bring_up(fake, wanted, check=check)["disks"][0]
    assert [part["label"] for part in disk["partitions"]] == [tags.get("LABEL", "") for tags in fake.contents.values()]
    return [words[0] for words in fake.commands].count("blkid")


def test_unchanged_disk_is_read_once(attached):
    fake, wanted, _place, _kept = attached
    assert reads(fake, wanted) == 0


@pytest.mark.parametrize(
    ("file", "text"), [("stat", WRITTEN), ("stat", DISCARDED), ("diskseq", "99\n"), ("size", "4096\n")]
)
def test_changed_disk_is_read_again(file, text, attached):
    fake, wanted, place, _kept = attached
    (place / file).write_text(text)
    fake.contents[2]["LABEL"] = "changed"
    assert reads(fake, wanted) == 1
    assert reads(fake, wanted) == 0


@pytest.mark.parametrize("file", ["diskseq", "stat"])
def test_kernel_that_does_not_tell(file, attached):
    fake, wanted, place, kept = attached
    (place / file).unlink()
    kept.unlink()
    assert reads(fake, wanted) == 1
    assert not kept.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"mark": [], "partitions": [[1]]}'])
def test_what_is_kept_is_damaged(text, attached):
    fake, wanted, _place, kept = attached
    kept.write_text(text)
    assert reads(fake, wanted) == 1


def test_check_mode_keeps_nothing(attached):
    fake, wanted, _place, kept = attached
    kept.unlink()
    assert reads(fake, wanted, check=True) == 1
    assert not kept.exists()


def test_no_room_to_keep_it_fails_nothing(attached):
    fake, wanted, _place, kept = attached
    kept.unlink()
    kept.with_name("contents.json.new").mkdir()
    assert reads(fake, wanted) == 1
