# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a benchmark may write, and that nothing is left of it."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._bench import place
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError

SIZE = (1 << 20) + 4096


def wanted(directory="", device="", size=SIZE, keep_free=0, accept=""):
    return place.Place(str(directory), str(device), size, keep_free, str(accept))


def test_the_file_has_no_name_and_every_block_is_written(tmp_path):
    (tmp_path / "other").write_text("mine")
    descriptor = place.acquire(wanted(tmp_path))
    try:
        written = list(place.fill(descriptor, wanted(tmp_path)))
        status = os.fstat(descriptor)
        content = os.pread(descriptor, SIZE, 0)
    finally:
        os.close(descriptor)
    assert (written[-1], status.st_size, status.st_nlink) == (SIZE, SIZE, 0)
    # Not sparse, and no two blocks alike: neither holes, nor compression, nor shared blocks make reading it cheap.
    blocks = [content[offset : offset + 4096] for offset in range(0, SIZE, 4096)]
    assert status.st_blocks * 512 >= SIZE and len(set(blocks)) == len(blocks)
    assert [path.name for path in tmp_path.iterdir()] == ["other"] and (tmp_path / "other").read_text() == "mine"


def refusals(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "file").touch()
    return {
        "is a symbolic link to": wanted(tmp_path / "link"),
        "is no directory": wanted(tmp_path / "file"),
        "No such file": wanted(tmp_path / "none"),
        "is no absolute path": wanted("relative"),
        "would be left": wanted(tmp_path, keep_free=1 << 60),
        "exactly one of them": wanted(),
        "destroys what is on a device": wanted(device="/dev/null"),
        "is no block device": wanted(device="/dev/null", accept="/dev/null"),
        "destroys what is on a device. Measure in a directory": wanted(device="/dev/null", accept="/dev/zero"),
    }


def test_refused(tmp_path):
    for reason, request in refusals(tmp_path).items():
        with pytest.raises(FleetError) as caught:
            place.check(request)
        assert reason in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.parametrize(
    ("number", "hint"), [(errno.ENOSPC, "Free some space"), (errno.EIO, "Look at the kernel's log")]
)
def test_what_cannot_be_written_is_said(tmp_path, monkeypatch, number, hint):
    def fails(*_arguments):
        raise OSError(number, os.strerror(number))

    descriptor = place.acquire(wanted(tmp_path))
    monkeypatch.setattr(place.os, "pwrite", fails)
    with pytest.raises(FleetError, match=f"could not be written: .*{hint}"):
        list(place.fill(descriptor, wanted(tmp_path)))
    os.close(descriptor)
