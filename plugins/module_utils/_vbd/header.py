# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What an image's own header says: its format, its size, and the other files that opening it would open.

Read here and not by ``qemu-img info``, because that opens those files before anybody has looked at their names
(CVE-2024-4467, CVE-2024-32498). Layouts: QEMU, docs/interop/qcow2.rst, block/{qcow,vdi,vpc,vhdx,vmdk}.c.
"""

from __future__ import annotations

import os
import re
import struct
import typing as t

SECTOR = 512
LONGEST_NAME = 1023
LONGEST_DESCRIPTOR = 1 << 20
MOST_EXTENSIONS = 64
# An offset from a header may be any 64-bit number, but a file ends before this one.
FARTHEST = 1 << 62

QCOW_MAGIC = b"QFI\xfb"
VPC_MAGIC = b"conectix"
VDI_SIGNATURE = struct.pack("<I", 0xBEDA107F)
EXT_BACKING_FORMAT = 0xE2792ACA
EXT_DATA_FILE = 0x44415441
QCOW2_CORRUPT = 1 << 1
QCOW2_DATA_FILE = 1 << 2

VMDK_EXTENT = re.compile(
    r'(?:RW|RDONLY|NOACCESS) [0-9]+ (?:FLAT|SPARSE|ZERO|VMFS|VMFSSPARSE|SESPARSE)(?: "([^"]*)"(?: [0-9]+)?)?'
)
VMDK_OTHER = re.compile(r"(?:#.*|\s*|[\w.]+\s*=\s*\S.*)")
# QEMU looks for this word anywhere, whatever stands around it.
VMDK_PARENT = "parentFileNameHint"

# Formats nobody asks for here, but which must not be mistaken for a raw disk.
FOREIGN = ((b"QED\0", "qed"), (b"WithoutFreeSpace", "parallels"), (b"WithouFreSpacExt", "parallels"))


class Reference(t.NamedTuple):
    """Another file that an image opens. kind: backing, data or extent; format: as recorded, or None."""

    kind: str
    name: str
    format: t.Optional[str]


class Header(t.NamedTuple):
    """format: what the header is of; size: bytes of the disk inside (None: not told); flaws: why not to open it."""

    format: str
    size: t.Optional[int]
    references: tuple[Reference, ...] = ()
    flaws: tuple[str, ...] = ()


def read(path: str) -> Header:
    """Read the header of a file or block device. Raises OSError."""
    with open(path, "rb") as stream:
        return parse(stream)


def parse(stream: t.BinaryIO) -> Header:
    """As read(), from an open binary stream that can seek."""
    # Padded, so that a header that is cut short reads as zeros.
    start = stream.read(SECTOR).ljust(SECTOR, b"\0")
    length = stream.seek(0, os.SEEK_END)
    if start[:4] == QCOW_MAGIC:
        return _qcow(stream, start)
    if start[:4] in (b"KDMV", b"COWD") or start.startswith(b"# Disk DescriptorFile"):
        return _vmdk(stream, start)
    if start[0x40:0x44] == VDI_SIGNATURE:
        return Header("vdi", struct.unpack_from("<Q", start, 0x170)[0])
    if start.startswith(b"vhdxfile"):
        return Header("vhdx", None)
    if start.startswith(VPC_MAGIC):
        return _vpc(start)
    for magic, name in FOREIGN:
        if start.startswith(magic):
            return Header(name, None)
    footer = _at(stream, max(0, length - SECTOR), SECTOR).ljust(SECTOR, b"\0")
    if footer.startswith(VPC_MAGIC):
        return _vpc(footer)
    return Header("raw", length)


def _at(stream: t.BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(min(offset, FARTHEST))
    return stream.read(length)


def _name(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _qcow(stream: t.BinaryIO, start: bytes) -> Header:
    version = struct.unpack_from(">I", start, 4)[0]
    if version not in (1, 2, 3):
        return Header("qcow2", None, (), (f"its qcow header has the unknown version {version}",))
    offset, length = struct.unpack_from(">QI", start, 8)
    backing = _name(_at(stream, offset, min(length, LONGEST_NAME))) if offset else ""
    if version == 1:
        size, _bits, crypt = struct.unpack_from(">QHxxI", start, 24)
        references = (Reference("backing", backing, None),) if backing else ()
        return Header("qcow", size, references, _crypt_flaw(crypt))
    size, crypt = struct.unpack_from(">QI", start, 24)
    incompatible = struct.unpack_from(">Q", start, 72)[0] if version == 3 else 0
    header_length = struct.unpack_from(">I", start, 100)[0] if version == 3 else 72
    extensions, flaws = _qcow2_extensions(stream, header_length)
    backing_format = extensions.get(EXT_BACKING_FORMAT)
    references = []
    if backing:
        references.append(Reference("backing", backing, _name(backing_format) if backing_format else None))
    if incompatible & QCOW2_DATA_FILE or EXT_DATA_FILE in extensions:
        references.append(Reference("data", _name(extensions.get(EXT_DATA_FILE, b"")), "raw"))
    flaws += _crypt_flaw(crypt)
    if incompatible & QCOW2_CORRUPT:
        flaws += ("QEMU marked it as corrupt",)
    return Header("qcow2", size, tuple(references), flaws)


def _crypt_flaw(method: int) -> tuple[str, ...]:
    return ("the image itself is encrypted",) if method else ()


def _qcow2_extensions(stream: t.BinaryIO, offset: int) -> tuple[dict[int, bytes], tuple[str, ...]]:
    """{kind: data}, and flaws: QEMU takes the last of two, and reads on for ever."""
    found: dict[int, bytes] = {}
    for _number in range(MOST_EXTENSIONS):
        head = _at(stream, offset, 8)
        kind, length = struct.unpack(">II", head.ljust(8, b"\0"))
        if kind == 0:
            return found, ()
        if kind in found:
            return found, ("its header says something twice",)
        found[kind] = stream.read(min(length, LONGEST_NAME + 1))
        offset += 8 + (length + 7) // 8 * 8
    return found, ("its header has more extensions than any program writes",)


def _vpc(footer: bytes) -> Header:
    kind = struct.unpack_from(">I", footer, 60)[0]
    flaws = ("it is a differencing disk, which QEMU cannot open",) if kind == 4 else ()
    # By who made it, QEMU takes one of two sizes in it, so neither is told here.
    return Header("vpc", None, (), flaws)


def _vmdk(stream: t.BinaryIO, start: bytes) -> Header:
    # A sparse file may have a descriptor, whose place QEMU takes from the header or knows.
    text = _name(_at(stream, 0, LONGEST_DESCRIPTOR)) if start.startswith(b"#") else ""
    # In a sparse file QEMU looks in twenty sectors after the first, wherever the header says the descriptor is.
    parent = VMDK_PARENT in text or VMDK_PARENT.encode() in _at(stream, SECTOR, 20 * SECTOR)
    flaws = ("it is a snapshot with a parent, or says so",) if parent else ()
    if start[:4] == b"COWD":
        return Header("vmdk", struct.unpack_from("<I", start, 12)[0] * SECTOR, (), flaws)
    if start[:4] == b"KDMV":
        capacity = struct.unpack_from("<Q", start, 12)[0]
        if capacity == 0:
            # QEMU then takes it for a descriptor in disguise.
            flaws += ("its header tells no capacity",)
        return Header("vmdk", capacity * SECTOR, (), flaws)
    return _vmdk_descriptor(text, flaws)


def _vmdk_descriptor(text: str, flaws: tuple[str, ...]) -> Header:
    """Every line must be one that is known, for QEMU reads more kinds of lines as extents than anybody writes."""
    references = []
    for line in text.replace("\r", "\n").split("\n"):
        extent = VMDK_EXTENT.fullmatch(line.rstrip())
        if extent and extent[1] is not None:
            references.append(Reference("extent", extent[1], None))
        elif not extent and not VMDK_OTHER.fullmatch(line):
            flaws += ("its descriptor has a line that cannot be read",)
            break
    return Header("vmdk", None, tuple(references), flaws)


__all__ = ["Header", "Reference", "parse", "read"]
