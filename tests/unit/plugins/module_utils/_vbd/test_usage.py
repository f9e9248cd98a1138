# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses an image: real open files and real OFD locks of this process's children."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InUse
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import SystemRunner
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import image, usage
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.losetup import Loop
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mountinfo import Mount
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.seen import Seen
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.use import Use

HOST = Host(SystemRunner())
HOLD = "import sys; stream = open(sys.argv[1], sys.argv[2]); print('ready', flush=True); sys.stdin.read()"


@pytest.fixture(name="disk")
def a_disk(tmp_path):
    path = tmp_path / "disk.raw"
    path.write_bytes(b"\0" * 4096)
    return str(path)


def survey(path, loops=(), mounts=()):
    identity = image.identify(path)
    return usage.survey(HOST, {identity: path}, Seen(loops, None), mounts)[identity]


@pytest.mark.parametrize(("mode", "writes"), [("rb", False), ("r+b", True), ("ab", True)])
def test_program_with_the_image_open(disk, mode, writes):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, disk, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "ready\n"
        (use,) = survey(disk)
        child.stdin.close()
    assert (use.pid, use.writes) == (child.pid, writes)
    assert survey(disk) == []


@pytest.mark.parametrize(
    ("byte", "found"),
    [
        (101, [Use("a QEMU process out of sight (by its lock)", True)]),
        (100, [Use("a QEMU process out of sight (by its lock)", False)]),
        (201, [Use("a QEMU process out of sight (by its lock)", False)]),
        (99, []),
    ],
)
def test_lock_without_a_visible_holder(disk, byte, found):
    fd = os.open(disk, os.O_RDWR)
    try:
        request = usage.FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, byte, 1, 0)
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request)
        # The survey leaves this process out, so its lock stands for one that /proc does not show.
        assert survey(disk) == found
    finally:
        os.close(fd)


def test_loop_device(disk):
    identity = image.identify(disk)
    loop = Loop("/dev/loop7", identity, disk, False)
    assert survey(disk, loops=[loop]) == [Use("/dev/loop7", False, device="/dev/loop7")]


def test_block_device_and_its_partitions(tmp_path):
    place = tmp_path / "dev/block/8:0"
    for name, number in ((".", "8:0"), ("sda1", "8:1"), ("sda2", "8:2")):
        (place / name / "holders").mkdir(parents=True)
        (place / name / "dev").write_text(f"{number}\n")
        if name != ".":
            (place / name / "partition").write_text("1\n")
    (place / "sda2/holders/dm-0").touch()
    mount = Mount((8, 1), "/", "ext4", "/dev/sda1", ("rw",))
    found = usage._block_uses(Host(SystemRunner(), sys=str(tmp_path)), image.FileId(8, 0, True), "/dev/null", [mount])
    assert found == [Use("the mount on /", True), Use("/dev/dm-0", True, device="/dev/dm-0")]


READS, WRITES = Use("cat (pid 7)", False, pid=7), Use("qemu-system-x86 (pid 8)", True, pid=8)


@pytest.mark.parametrize(
    ("access", "top", "base", "why"),
    [
        ("r", [READS], [READS], None),
        ("r", [WRITES], [], "qemu-system-x86 .pid 8. has it open for writing"),
        ("r", [], [WRITES], "backing file /srv/base.*for writing"),
        ("w", [], [READS], None),
        ("w", [READS], [], "cat .pid 7. has it open for reading, so nobody may write"),
        ("w", [], [WRITES], "backing file"),
    ],
)
def test_conflicts(access, top, base, why):
    ids = [image.FileId(1, 1), image.FileId(1, 2)]
    members = (image.Member("/srv/top", ids[0], "image"), image.Member("/srv/base", ids[1], "backing"))
    found = image.Image("/srv/top", ids[0], None, members)
    uses = dict(zip(ids, (top, base)))
    if why is None:
        usage.refuse_conflicts(found, access, uses, lambda use: False, "/srv/top")
        return
    with pytest.raises(InUse, match=why):
        usage.refuse_conflicts(found, access, uses, lambda use: False, "/srv/top")
    usage.refuse_conflicts(found, access, uses, lambda use: True, "/srv/top")
