# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the real programs print, cut down from recordings, and what is written for them."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import initramfs
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.chroot import Guest
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import FakeLinux

FIXTURES = pathlib.Path(__file__).parent / "fixtures"


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("lsinitramfs-0.142.txt", {"ata_piix", "libata", "sd_mod", "ext4"}),
        # virtiofs is a file system, and the directory of its dracut module is none of the kernel's.
        ("lsinitrd-059.txt", {"ata_piix", "libata", "sd_mod", "ext4", "virtiofs", "xhci_hcd", "xhci_pci"}),
    ],
)
def test_what_the_real_programs_list(name, held):
    assert initramfs.listed_modules((FIXTURES / name).read_text(encoding="utf-8")) >= held
    assert not initramfs.listed_modules((FIXTURES / name).read_text(encoding="utf-8")) & {"virtio_blk", "modules", ""}


@given(st.text())
def test_any_listing_is_read(text):
    assert "" not in initramfs.listed_modules(text)


@pytest.mark.parametrize("dracut", [False, True])
@pytest.mark.parametrize("before", ["", "# comment\nata_piix\n", "no end of line"])
def test_what_was_told_is_read_back_and_leaves_no_trace(tmp_path, dracut, before):
    fake = FakeLinux(tmp_path, dracut=dracut)
    if not dracut:
        fake.write("etc/initramfs-tools/modules", before)
    guest = Guest(fake.host, str(tmp_path))
    generator = initramfs.generator_of(guest)
    for path, text in generator.configure(guest, ["virtio_blk", "virtio_net"]).items():
        fake.write(path.lstrip("/"), text)
    assert generator.configured(guest) == ["virtio_blk", "virtio_net"]
    again = generator.configure(guest, ["xen_blkfront"])
    assert all("virtio" not in text for text in again.values())
    gone = generator.configure(guest, [])
    assert gone[generator.files[0]] in (None, before, f"{before}\n")


def test_dracuts_update_initramfs_is_not_taken_for_debians(tmp_path):
    fake = FakeLinux(tmp_path, dracut=True)
    fake.write("usr/sbin/update-initramfs", "#!/bin/sh\nexec dracut\n")
    assert initramfs.generator_of(Guest(fake.host, str(tmp_path))).name == "dracut"
