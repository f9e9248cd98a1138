# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: build_images.py DIRECTORY KIND…: build disk images of guests, print what is on them as JSON.

Everything is made in plain files, so a fault of the collection under test cannot hide in how its images came about.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import typing as t
from pathlib import Path

from boot_sector import program
from file_systems import MIB, PENDING, PLANTED, PLANTED_BYTES, btrfs, ext4, leave_journal_dirty, run, sized, xfs

DISK = 32 * MIB
FIRST, FIRST_SIZE = 1 * MIB, 20 * MIB
SECOND, SECOND_SIZE = 21 * MIB, 8 * MIB
SECTOR = 512

ROOT_UUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3c0001"
DATA_UUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3c0002"
XFS_UUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3c0003"
BTRFS_UUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3c0004"
FIRST_PARTUUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3cff01"
SECOND_PARTUUID = "6f0e0a52-8f0c-4d52-9f5b-0a1f5a3cff02"
ROOT_LABEL, DATA_LABEL, XFS_LABEL, BTRFS_LABEL = "planted-root", "planted-data", "plantedxfs", "planted-btrfs"

# File name, format as the collection names it, qemu-img's options. Each becomes a copy of gpt.raw.
FORMATS = (
    ("gpt.qcow2", "qcow2", ()),
    ("gpt.qcow", "qcow", ()),
    ("gpt.vmdk", "vmdk", ("-o", "subformat=monolithicSparse")),
    ("split.vmdk", "vmdk", ("-o", "subformat=twoGbMaxExtentSparse")),
    ("flat.vmdk", "vmdk", ("-o", "subformat=twoGbMaxExtentFlat")),
    ("gpt.vdi", "vdi", ()),
    ("dynamic.vhd", "vpc", ("-o", "subformat=dynamic,force_size=on")),
    ("fixed.vpc", "vpc", ("-o", "subformat=fixed,force_size=on")),
    ("gpt.vhdx", "vhdx", ()),
)


def put(disk: Path, offset: int, content: Path) -> None:
    with open(disk, "r+b") as target, open(content, "rb") as source:
        target.seek(offset)
        while chunk := source.read(MIB):
            # Holes stay holes: what is all zero is there already.
            if chunk.count(0) == len(chunk):
                target.seek(len(chunk), 1)
            else:
                target.write(chunk)


def table(disk: Path, script: str) -> None:
    with tempfile.NamedTemporaryFile("w+", encoding="ascii", suffix=".sfdisk") as orders:
        orders.write(script)
        orders.seek(0)
        run("sfdisk", "--quiet", disk, stdin=orders)


def gpt(disk: Path, first: t.Optional[Path], second: t.Optional[Path] = None) -> Path:
    sized(disk, DISK)
    table(
        disk,
        "label: gpt\n"
        f'start={FIRST // SECTOR}, size={FIRST_SIZE // SECTOR}, type=L, uuid={FIRST_PARTUUID}, name="guest root"\n'
        f'start={SECOND // SECTOR}, size={SECOND_SIZE // SECTOR}, type=L, uuid={SECOND_PARTUUID}, name="second"\n',
    )
    for offset, content in ((FIRST, first), (SECOND, second)):
        if content is not None:
            put(disk, offset, content)
    return disk


def convert(source: Path, target: Path, target_format: str, options: t.Sequence[str] = ()) -> None:
    run("qemu-img", "convert", "-f", "raw", "-O", target_format, *options, source, target)


class Builder:
    """One method a kind; each leaves files in the directory."""

    def __init__(self, directory: Path, scratch: Path) -> None:
        self.directory, self.scratch = directory, scratch

    def root(self) -> Path:
        path = self.scratch / "root.ext4"
        return path if path.exists() else ext4(path, FIRST_SIZE, ROOT_LABEL, ROOT_UUID)

    def disk(self) -> Path:
        path = self.scratch / "gpt.raw"
        return path if path.exists() else gpt(path, self.root())

    def raw(self) -> None:
        run("cp", "--sparse=always", self.disk(), self.directory / "gpt.raw")

    def qcow2(self) -> None:
        convert(self.disk(), self.directory / "gpt.qcow2", "qcow2")

    def formats(self) -> None:
        for name, image_format, options in FORMATS:
            convert(self.disk(), self.directory / name, image_format, options)

    def mbr_xfs(self) -> None:
        disk = sized(self.directory / "mbr-xfs.raw", DISK)
        table(disk, f"label: dos\nstart={FIRST // SECTOR}, size={24 * MIB // SECTOR}, type=83, bootable\n")
        put(disk, FIRST, xfs(self.scratch / "xfs", 24 * MIB, XFS_LABEL, XFS_UUID))
        run("cp", "--sparse=always", disk, self.directory / "mbr-xfs-clone.raw")

    def whole(self) -> None:
        ext4(self.directory / "whole.raw", 16 * MIB, ROOT_LABEL, ROOT_UUID)

    def two_systems(self) -> None:
        second = ext4(self.scratch / "second.ext4", SECOND_SIZE, DATA_LABEL, DATA_UUID)
        convert(gpt(self.scratch / "two.raw", self.root(), second), self.directory / "two-systems.qcow2", "qcow2")

    def with_data(self) -> None:
        second = ext4(self.scratch / "data.ext4", SECOND_SIZE, DATA_LABEL, DATA_UUID, system=False)
        convert(gpt(self.scratch / "with-data.raw", self.root(), second), self.directory / "with-data.qcow2", "qcow2")

    def no_system(self) -> None:
        first = ext4(self.scratch / "no-system.ext4", FIRST_SIZE, DATA_LABEL, DATA_UUID, system=False)
        convert(gpt(self.scratch / "no-system.raw", first), self.directory / "no-system.qcow2", "qcow2")

    def dirty(self) -> None:
        first = ext4(self.scratch / "dirty.ext4", FIRST_SIZE, ROOT_LABEL, ROOT_UUID)
        leave_journal_dirty(first)
        disk = gpt(self.directory / "dirty.raw", first)
        convert(disk, self.directory / "dirty.qcow2", "qcow2")

    def btrfs(self) -> None:
        disk = sized(self.scratch / "btrfs.raw", 48 * MIB)
        table(disk, f'label: gpt\nstart={FIRST // SECTOR}, size={40 * MIB // SECTOR}, type=L, name="guest root"\n')
        put(disk, FIRST, btrfs(self.scratch / "btrfs", 40 * MIB, BTRFS_LABEL, BTRFS_UUID))
        convert(disk, self.directory / "btrfs.qcow2", "qcow2")

    def counting(self) -> None:
        """A guest that writes for as long as it runs, into a sector that is there already."""
        disk = self.scratch / "counting.raw"
        run("cp", "--sparse=always", self.disk(), disk)
        with open(disk, "r+b") as stream:
            stream.write(program(SECOND // SECTOR))
            stream.seek(SECOND)
            stream.write(b"x" * SECTOR)
        convert(disk, self.directory / "counting.qcow2", "qcow2")

    def empty(self) -> None:
        run("qemu-img", "create", "-q", "-f", "qcow2", self.directory / "empty.qcow2", DISK)


def facts(directory: Path) -> dict[str, t.Any]:
    return {
        "directory": str(directory),
        "planted": PLANTED,
        "planted_sha256": hashlib.sha256(PLANTED_BYTES).hexdigest(),
        "pending": PENDING,
        "root_uuid": ROOT_UUID,
        "root_label": ROOT_LABEL,
        "data_uuid": DATA_UUID,
        "data_label": DATA_LABEL,
        "xfs_uuid": XFS_UUID,
        "xfs_label": XFS_LABEL,
        "btrfs_uuid": BTRFS_UUID,
        "btrfs_label": BTRFS_LABEL,
        "first_partuuid": FIRST_PARTUUID,
        "second_partuuid": SECOND_PARTUUID,
        "second_offset": SECOND,
        "images": sorted(path.name for path in directory.iterdir()),
    }


def main() -> None:
    directory = Path(sys.argv[1])
    scratch = Path(tempfile.mkdtemp(dir=directory, prefix="scratch-"))
    try:
        builder = Builder(directory, scratch)
        for kind in sys.argv[2:]:
            getattr(builder, kind)()
    finally:
        shutil.rmtree(scratch)
    print(json.dumps(facts(directory)))


if __name__ == "__main__":
    main()
