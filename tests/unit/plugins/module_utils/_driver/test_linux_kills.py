# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in a Linux guest that is killed between its steps, or while an initramfs is being made."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import FakeLinux

WANTED = {"virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"}


class Killed(BaseException):
    """As kill -9: nobody rolls back."""


def go_on_and_back(guest, before):
    """Whatever a kill left: every image is whole, and both ways are open."""
    for release in ("6.1.0-9", "6.1.0-10"):
        assert guest.holds(release) >= {"ata_piix"}
    guest.apply()
    assert guest.holds("6.1.0-9") & guest.holds("6.1.0-10") >= WANTED
    guest.apply("restored")
    assert guest.snapshot() == before


@pytest.mark.parametrize("done", range(6))
def test_a_kill_between_steps(guest, done):
    before = guest.snapshot()
    plan, _part = guest.plan()
    for step in plan.steps[:done]:
        step.do()
    go_on_and_back(guest, before)


@pytest.mark.parametrize("which", [1, 2])
@pytest.mark.parametrize("made", [False, True])
def test_a_kill_while_an_image_is_made(guest, monkeypatch, which, made):
    """Before the guest's program has put the new one in its place, and after."""
    before = guest.snapshot()
    plan, _part = guest.plan()
    real, seen = guest.run, []

    def run(argv, timeout):
        if argv[5] not in ("dracut", "update-initramfs"):
            return real(argv, timeout)
        seen.append(argv)
        if len(seen) < which:
            return real(argv, timeout)
        if made:
            real(argv, timeout)
        raise Killed

    monkeypatch.setattr(guest, "run", run)
    with pytest.raises(Killed):
        for step in plan.steps:
            step.do()
    monkeypatch.undo()
    go_on_and_back(guest, before)


def test_the_draft_of_a_killed_dracut_is_named_and_replaced(tmp_path):
    guest = FakeLinux(tmp_path, dracut=True)
    guest.kernel("6.1")
    guest.write("boot/initramfs-6.1.img.homevirt-new", "half")
    _plan, part = guest.apply()
    assert part["leftovers"] == ["/boot/initramfs-6.1.img.homevirt-new is left of an initramfs that was being made"]
    assert not (tmp_path / "boot/initramfs-6.1.img.homevirt-new").exists()
