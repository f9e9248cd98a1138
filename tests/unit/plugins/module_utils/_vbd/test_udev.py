# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""udev is told of a disk before it appears, and only of ours. What the rule does, the scenario inside shows."""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import losetup, udev
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.work import working
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down


def with_udev(tmp_path, **options):
    fake = FakeHost(tmp_path, **options)
    (tmp_path / "run/udev").mkdir()
    (tmp_path / "run/udev/control").touch()
    return fake


def marks(tmp_path):
    return sorted(path.name for path in (tmp_path / "run/homevirt.fleet/udev").glob("*"))


def test_marked_while_attached_and_not_after(tmp_path):
    fake = with_udev(tmp_path, nbd=True)
    wanted = request(fake, {})
    seen = []
    start = fake._serve
    fake._serve = lambda argv, log: (seen.append(marks(tmp_path)), start(argv, log))[1]
    bring_up(fake, wanted)
    assert seen == [["nbd0"]] and marks(tmp_path) == ["nbd0"]
    assert ["udevadm", "control", "--reload"] in fake.commands
    take_down(fake, wanted)
    assert marks(tmp_path) == []
    fake.commands.clear()
    bring_up(fake, wanted)
    # The rule is there already.
    assert not any("udevadm" in words for words in fake.commands)


def test_rule_concerns_only_what_is_marked(tmp_path):
    fake = with_udev(tmp_path)
    udev.hush(fake.host, "/dev/nbd3")
    rule = (tmp_path / f"run/udev/rules.d/{udev.RULES}").read_text()
    assert f'TEST=="{tmp_path}/run/homevirt.fleet/udev/%k"' in rule
    assert rule.index("ID_FS_TYPE") < rule.index("TEST==")
    assert "{{" not in rule


def test_without_udev_nothing_is_written(tmp_path):
    fake = FakeHost(tmp_path)
    before = fake.snapshot()
    udev.hush(fake.host, "/dev/nbd3")
    assert fake.snapshot() == before and fake.commands == []


def test_mark_of_a_killed_run_goes_with_the_next(tmp_path):
    fake = with_udev(tmp_path)
    udev.hush(fake.host, "/dev/nbd7")
    with working(fake.host, "vbd", force=False, check=True):
        assert marks(tmp_path) == ["nbd7"]
    with working(fake.host, "vbd", force=False, check=False):
        assert marks(tmp_path) == []


def test_loop_device_is_known_before_it_is_used(tmp_path):
    fake = with_udev(tmp_path)
    fake.host.ioctl = lambda fd, request: 5
    marked = []
    fake._losetup = lambda argv: (marked.append(marks(tmp_path)), ("", 0))[1]
    assert losetup.attach(fake.host, "/srv/a.raw", read_only=True, direct_io=False) == f"{tmp_path}/dev/loop5"
    assert marked == [["loop5"]]
    assert fake.commands[-1] == ["losetup", "--partscan", "--read-only", "/dev/loop5", "/srv/a.raw"]


def test_mark_of_a_loop_device_that_somebody_else_takes_first_does_not_stay(tmp_path):
    fake = with_udev(tmp_path)
    fake.loop_rival = fake.image("theirs.raw", b"\0" * 512)
    device = losetup.attach(fake.host, fake.image("a.raw", b"\0" * 512), read_only=True, direct_io=False)
    assert list(fake.loops) == [f"{tmp_path}/dev/loop0", device] and marks(tmp_path) == ["loop1"]


def test_loop_device_that_somebody_is_just_taking_is_given_up_for_the_next(tmp_path):
    fake = with_udev(tmp_path)
    free, path = iter([5, 6]), fake.image("a.raw", b"\0" * 512)
    fake.host.ioctl = lambda fd, request: next(free)
    attach = fake._losetup
    # It has no file behind it yet.
    busy = (f"losetup: {path}: failed to set up loop device: Device or resource busy\n", 1)
    fake._losetup = lambda argv: busy if f"{tmp_path}/dev/loop5" in argv else attach(argv)
    assert losetup.attach(fake.host, path, read_only=True, direct_io=False) == f"{tmp_path}/dev/loop6"
    assert list(fake.loops) == [f"{tmp_path}/dev/loop6"] and marks(tmp_path) == ["loop6"]
