# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of disk images, byte by byte, so that unit tests need no qemu-img."""

from __future__ import annotations

import struct

MIB = 1 << 20


def qcow2(*, version=3, size=MIB, backing="", backing_format="", data_file=None, crypt=0, incompatible=0, extra=()):
    extensions = b"".join(_extension(kind, data) for kind, data in extra)
    if backing_format:
        extensions += _extension(0xE2792ACA, backing_format.encode())
    if data_file is not None:
        extensions += _extension(0x44415441, data_file.encode())
        incompatible |= 4
    extensions += struct.pack(">II", 0, 0)
    length = 104 if version == 3 else 72
    name = backing.encode("utf-8", "surrogateescape")
    offset = length + len(extensions) if name else 0
    head = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", version, offset, len(name), 16, size, crypt, 0, 0, 0, 0, 0, 0)
    if version == 3:
        head += struct.pack(">QQQII", incompatible, 0, 0, 4, length)
    return (head + extensions + name).ljust(2048, b"\0")


def _extension(kind, data):
    return struct.pack(">II", kind, len(data)) + data.ljust((len(data) + 7) // 8 * 8, b"\0")


def qcow1(*, size=MIB, backing=""):
    name = backing.encode()
    head = struct.pack(">4sIQIIQBBHI", b"QFI\xfb", 1, 512 if name else 0, len(name), 0, size, 12, 9, 0, 0)
    return head.ljust(512, b"\0") + name.ljust(512, b"\0")


def vdi(*, size=MIB):
    data = bytearray(1024)
    struct.pack_into("<I", data, 0x40, 0xBEDA107F)
    struct.pack_into("<Q", data, 0x170, size)
    return bytes(data)


def vpc_footer(*, size=MIB, kind=3):
    return b"conectix".ljust(48, b"\0") + struct.pack(">QII", size, 0, kind).ljust(464, b"\0")


def vmdk_descriptor(*, parent="", extents=()):
    lines = ["# Disk DescriptorFile", "version=1", "CID=fffffffe"]
    lines += [f'parentFileNameHint="{parent}"'] if parent else []
    lines += [f'RW 2048 FLAT "{name}" 0' for name in extents]
    return "\n".join(lines).encode() + b"\n"


def vmdk_sparse(*, capacity=2048, descriptor=b""):
    head = struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, capacity, 128, 1 if descriptor else 0, 1 if descriptor else 0)
    return head.ljust(512, b"\0") + descriptor.ljust(512, b"\0")
