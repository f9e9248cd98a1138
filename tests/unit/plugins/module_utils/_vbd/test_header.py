# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of images, well-made and hostile."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import header
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.header import Header, Reference
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.images import MIB

MAGICS = [b"QFI\xfb", b"KDMV", b"COWD", b"# Disk DescriptorFile\n", b"vhdxfile", b"conectix", b"QED\0"]
BACKING = Reference("backing", "base.raw", "raw")

CASES = {
    "raw": (b"\x55\xaa" * 512, Header("raw", 1024)),
    "empty": (b"", Header("raw", 0)),
    "qcow2 v3": (images.qcow2(), Header("qcow2", MIB)),
    "qcow2 v2": (images.qcow2(version=2), Header("qcow2", MIB)),
    "backing": (images.qcow2(backing="base.raw", backing_format="raw"), Header("qcow2", MIB, (BACKING,))),
    "backing in v2": (
        images.qcow2(version=2, backing="base.raw", backing_format="raw"),
        Header("qcow2", MIB, (BACKING,)),
    ),
    "backing without format": (
        images.qcow2(backing="base.raw"),
        Header("qcow2", MIB, (Reference("backing", "base.raw", None),)),
    ),
    "data file": (
        images.qcow2(data_file="/etc/shadow"),
        Header("qcow2", MIB, (Reference("data", "/etc/shadow", "raw"),)),
    ),
    "encrypted": (images.qcow2(crypt=2), Header("qcow2", MIB, (), ("the image itself is encrypted",))),
    "corrupt": (images.qcow2(incompatible=2), Header("qcow2", MIB, (), ("QEMU marked it as corrupt",))),
    "qcow1": (images.qcow1(), Header("qcow", MIB)),
    "qcow1 backing": (images.qcow1(backing="b"), Header("qcow", MIB, (Reference("backing", "b", None),))),
    "vdi": (images.vdi(), Header("vdi", MIB)),
    "vhdx": (b"vhdxfile".ljust(1024, b"\0"), Header("vhdx", None)),
    "vpc dynamic": (images.vpc_footer() + b"\0" * 512, Header("vpc", None)),
    "vpc fixed": (b"\0" * 1024 + images.vpc_footer(kind=2), Header("vpc", None)),
    "vpc differencing": (
        images.vpc_footer(kind=4),
        Header("vpc", None, (), ("it is a differencing disk, which QEMU cannot open",)),
    ),
    "vmdk sparse": (images.vmdk_sparse(), Header("vmdk", MIB)),
    "vmdk parent": (
        images.vmdk_sparse(descriptor=b' parentFileNameHint="p.vmdk"'),
        Header("vmdk", MIB, (), ("it is a snapshot with a parent, or says so",)),
    ),
    "vmdk descriptor": (
        images.vmdk_descriptor(extents=["a-flat.vmdk", "/etc/shadow"]),
        Header("vmdk", None, (Reference("extent", "a-flat.vmdk", None), Reference("extent", "/etc/shadow", None))),
    ),
    "vmdk without capacity": (
        images.vmdk_sparse(capacity=0, descriptor=images.vmdk_descriptor(extents=["/etc/shadow"])),
        Header("vmdk", 0, (), ("its header tells no capacity",)),
    ),
    **{
        f"vmdk line {line!r}": (
            images.vmdk_descriptor() + line + b"\n",
            Header("vmdk", None, (), ("its descriptor has a line that cannot be read",)),
        )
        for line in (
            b' RW 64 FLAT "/p" 0',
            b'RW +64 FLAT "/p" 0',
            b'RW 64 VMFS "/p',
            b'RW\t64 FLAT "/p" 0',
            b'rw 64 FLAT "/p"',
        )
    },
    "qcow2 with an extension twice": (
        images.qcow2(extra=[(0xE2792ACA, b"raw"), (0xE2792ACA, b"vmdk")]),
        Header("qcow2", MIB, (), ("its header says something twice",)),
    ),
    "qcow2 with very many extensions": (
        images.qcow2(extra=[(kind, b"") for kind in range(1, 100)]),
        Header("qcow2", MIB, (), ("its header has more extensions than any program writes",)),
    ),
    "qed": (b"QED\0".ljust(1024, b"\0"), Header("qed", None)),
}


@pytest.mark.parametrize("name", CASES)
def test_header(name):
    content, want = CASES[name]
    assert header.parse(io.BytesIO(content)) == want


@given(st.sampled_from(MAGICS), st.binary(max_size=2048))
def test_hostile_bytes_are_read_to_an_end(magic, rest):
    found = header.parse(io.BytesIO(magic + rest))
    assert found.format in ("qcow", "qcow2", "vmdk", "vhdx", "vpc", "qed", "raw")


@given(st.binary(max_size=2048))
def test_hostile_extensions_are_read_to_an_end(rest):
    assert header.parse(io.BytesIO(images.qcow2()[:104] + rest)).format == "qcow2"
