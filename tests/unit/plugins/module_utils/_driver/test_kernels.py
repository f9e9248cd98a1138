# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of modules as files, people and depmod write them, and the kernels of a guest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import kernels
from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import FakeLinux

NAMES = st.text("abcxyz0189-_", min_size=1, max_size=12)
ENDINGS = st.sampled_from([".ko", ".ko.xz", ".ko.zst", ".ko.gz"])
PLACES = st.sampled_from(["", "kernel/drivers/block/", "extra/", "updates/dkms/", "/lib/modules/6.1.0/kernel/"])


@given(NAMES, ENDINGS, PLACES)
def test_a_module_is_the_same_however_its_file_is_called(name, ending, place):
    assert kernels.module_of(f"{place}{name}{ending}") == name.replace("-", "_")
    assert kernels.module_of(f"{place}{name.replace('-', '_')}{ending}") == kernels.normal(name)


@given(st.text(max_size=40))
def test_any_text_is_read_without_an_error(text):
    assert all(kernels.normal(name) == name for name in kernels.dependencies(text))
    assert kernels.module_of(text) == kernels.normal(kernels.module_of(text))
    assert "" not in kernels.builtins(text)


@given(st.dictionaries(NAMES.map(kernels.normal), st.lists(NAMES.map(kernels.normal), max_size=3), max_size=6), ENDINGS)
def test_dependencies_are_read_back(needs, ending):
    text = "".join(
        f"a/{name}{ending}: {' '.join(f'b/{other}{ending}' for other in others)}\n" for name, others in needs.items()
    )
    assert kernels.dependencies(text) == {name: tuple(others) for name, others in needs.items()}


@pytest.mark.parametrize("path", ["modules.dep", "virtio_blk.kooo", "virtio.c", "", "a.ko/b", "virtio.ko.lzma"])
def test_what_is_no_module(path):
    assert kernels.module_of(path) == ""


def test_the_newest_kernel_is_last(tmp_path):
    guest = FakeLinux(tmp_path)
    for release in ("6.1.0-10-amd64", "6.1.0-9-amd64", "5.10.0-30-amd64", "6.1.0-9-cloud-amd64"):
        guest.kernel(release)
    found = [kernel.release for kernel in kernels.installed(str(tmp_path))]
    assert found == ["5.10.0-30-amd64", "6.1.0-9-amd64", "6.1.0-9-cloud-amd64", "6.1.0-10-amd64"]


@given(st.lists(st.text(max_size=10), min_size=2, max_size=4))
def test_any_names_can_be_sorted(releases):
    assert sorted(sorted(releases, key=kernels.age)) == sorted(releases)


def test_modules_without_a_kernel_are_not_one(tmp_path):
    guest = FakeLinux(tmp_path)
    guest.kernel("6.1.0-1")
    guest.kernel("6.1.0-2")
    (tmp_path / "boot/vmlinuz-6.1.0-1").unlink()
    assert [kernel.release for kernel in kernels.installed(str(tmp_path))] == ["6.1.0-2"]


@pytest.mark.parametrize(
    "image",
    ["boot/initrd.img-6.1", "boot/initramfs-6.1.img", "boot/initrd-6.1", "boot/abc/6.1/initrd", "efi/abc/6.1/initrd"],
)
def test_where_distributions_keep_an_initramfs(tmp_path, image):
    guest = FakeLinux(tmp_path)
    guest.kernel("6.1", image=None)
    guest.write("etc/machine-id", "abc\n")
    guest.write(image, "")
    assert kernels.installed(str(tmp_path))[0].image == f"/{image}"
