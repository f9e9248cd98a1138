# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reboots, full directories, other versions and cut images leave, and what the next run makes of it."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest, Refused, TimedOut
from ansible_collections.homevirt.fleet.plugins.module_utils._common.lock import exclusive
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import info, ledger, mountinfo, overlay
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down


def reboot(fake):
    """What is in /run and the kernel is gone, what is on the disk is not."""
    (fake.root / "proc/self/mountinfo").write_text("")
    for name in ("nbdfuse", "qemu-nbd"):
        fake.kill(name)
    for device in list(fake.loops):
        fake._losetup(["--detach", device])
    shutil.rmtree(fake.root / "run/homevirt.fleet")


@pytest.mark.parametrize("kept", [None, "mnt/deep/file"])
def test_directories_made_before_a_reboot_go_with_the_next_run(kept, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2}, path="mnt/deep/er/a")
    before = fake.snapshot()
    bring_up(fake, wanted)
    reboot(fake)
    assert (tmp_path / "mnt/deep/er/a").is_dir()
    if kept:
        (tmp_path / kept).touch()
    take_down(fake, wanted, check=True)
    assert (tmp_path / "mnt/deep/er/a").is_dir()
    assert take_down(fake, wanted)["changed"] is False
    if kept:
        assert (tmp_path / kept).exists() and not (tmp_path / "mnt/deep/er").exists()
    else:
        assert fake.snapshot() == before


def test_directory_mounted_upon_or_noted_in_a_way_that_cannot_be_read_stays(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2}, path="mnt/made")
    bring_up(fake, wanted)
    reboot(fake)
    (note,) = (tmp_path / "lib/homevirt.fleet/vbd").iterdir()
    note.write_text("no list")
    take_down(fake, wanted)
    assert (tmp_path / "mnt/made").is_dir() and not note.exists()


def test_record_of_another_version_stops_its_own_image_only(tmp_path):
    fake = FakeHost(tmp_path)
    wanted, other = request(fake, {}), request(fake, {"name": "b.qcow2"})
    owner = bring_up(fake, wanted)["disks"][0]["owner"]
    place = tmp_path / "run/homevirt.fleet/vbd" / owner.partition(":")[2]
    record = json.loads((place / "record.json").read_text())
    (place / "record.json").write_text(json.dumps({**record, "version": 77}))
    for operation in (bring_up, take_down):
        with pytest.raises(Refused, match="not a record that can be read .written by another version"):
            operation(fake, wanted)
        result = operation(fake, other)
        assert result["changed"] and "it is left alone" in result["warnings"][0]
    assert info.gather(fake.host, [], [])["warnings"]
    (place / "record.json").write_text(json.dumps(record))
    assert take_down(fake, wanted)["changed"] and info.gather(fake.host, [], [])["warnings"] == []


def test_image_cut_while_attached_is_told_and_attached_anew(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {})
    bring_up(fake, wanted)
    length = os.path.getsize(wanted.image)
    os.truncate(wanted.image, length - 512)
    for check in (True, False):
        result = bring_up(fake, wanted, check=check)
        assert f"its image was cut from {length} to {length - 512} bytes" in result["cleaned"][0]
    with open(wanted.image, "ab") as stream:
        stream.write(b"\0" * 4096)
    assert bring_up(fake, wanted)["changed"] is False


def test_reading_waits_for_who_is_at_work(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {})
    bring_up(fake, wanted, check=True)
    assert not (tmp_path / "run/homevirt.fleet").exists()
    with exclusive(fake.host, ledger.lock_path(fake.host)):
        with pytest.raises(TimedOut, match="another play that changes disks"):
            bring_up(fake, wanted, check=True)
        with pytest.raises(TimedOut, match="another play that changes disks"):
            info.gather(fake.host, [], [])


def test_mount_that_was_led_elsewhere_is_taken_away(tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    wanted = request(fake, {"partition": 2})
    before = fake.snapshot()
    mount = fake._mount
    monkeypatch.setattr(fake, "_mount", lambda argv: mount([*argv[:-1], f"{tmp_path}/mnt"]))
    with pytest.raises(Refused, match="replaced by something else while it was being mounted upon"):
        bring_up(fake, wanted)
    assert fake.snapshot() == before and mountinfo.read(fake.host) == []


def layered(fake, **options):
    (fake.root / "layers").mkdir(exist_ok=True)
    disk = {"overlay": True, "access": "w", "overlay_dir": f"{fake.root}/layers", **options}
    return request(fake, {"disk": {"format": "qcow2", **disk}})


def test_directory_of_a_layer_is_there_only_while_it_is_being_made(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = layered(fake)
    left = overlay.place(wanted.overlay_dir, ledger.tag_of(overlay_id(wanted), 0))
    os.mkdir(left, 0o700)
    # Of a server that was killed just then.
    open(f"{left}/vl.AbCdEf", "ab").close()
    bring_up(fake, wanted)
    assert os.listdir(wanted.overlay_dir) == []
    take_down(fake, wanted)


def overlay_id(wanted):
    status = os.stat(wanted.image)
    return ledger.FileId(status.st_dev, status.st_ino)


@pytest.mark.parametrize("kind", ["link", "others"])
def test_what_others_put_in_the_place_of_a_layer_is_refused_and_left(kind, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = layered(fake)
    place = overlay.place(wanted.overlay_dir, ledger.tag_of(overlay_id(wanted), 0))
    if kind == "link":
        os.symlink(tmp_path / "srv", place)
    else:
        os.mkdir(place, 0o777)
        os.chmod(place, 0o777)
    with pytest.raises(Refused, match="not ours, but in the way of the throwaway layer"):
        bring_up(fake, wanted)
    assert os.path.lexists(place) and os.path.exists(wanted.image)


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"overlay_dir": "/no/such/place"}, InvalidRequest, "overlay_dir is not a directory"),
        ({"overlay_dir": "here"}, InvalidRequest, "overlay_dir is not an absolute path"),
        ({}, Refused, r"/layers: 512 KiB are free there, and the throwaway layer may need 1 MiB\."),
        ({"overlay_space": 600 << 10}, Refused, "may need 600 KiB"),
        ({"overlay_space": 500 << 10}, None, ""),
        ({"overlay_space": 0}, None, ""),
    ],
)
def test_room_for_a_layer_is_asked_for_before(options, error, why, tmp_path, monkeypatch):
    fake = FakeHost(tmp_path)
    wanted = layered(fake, **options)
    real = os.statvfs
    # f_bavail is the fifth.
    monkeypatch.setattr(
        os, "statvfs", lambda path: os.statvfs_result((4096, 4096, 0, 0, 128, 0, 0, 0, real("/").f_flag, 255))
    )
    if error is None:
        assert bring_up(fake, wanted, check=True)["changed"]
        return
    for check in (True, False):
        with pytest.raises(error, match=why) as caught:
            bring_up(fake, wanted, check=check)
        assert "rolled_back" not in caught.value.details


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1 << 20, "1 MiB"), (3 << 29, "1.5 GiB"), (1 << 52, "4096 TiB")],
)
def test_sizes_in_words(size, words):
    assert overlay.in_words(size) == words
