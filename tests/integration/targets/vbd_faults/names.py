# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Labels and names of partitions that a guest chose to mislead its host."""

from __future__ import annotations

import functools
import json
import struct
import subprocess
import typing as t
import zlib
from pathlib import Path

import play
from build_images import FIRST
from world import Case, World, planted

SECTOR = 512
# Of a GPT header: its own sum, the place of the entries, how many of what size, and their sum.
OWN_SUM, ENTRIES, COUNTS, SUM = 16, 72, 80, 88
NAME, NAME_LENGTH = 56, 72
# name of a partition, label of a file system (16 bytes at most)
HOSTILE = {
    "a newline": ("a\nDEVNAME=/dev/sda\nTYPE=swap", "x\nTYPE=swap"),
    "an escape sequence for terminals": ("\x1b]0;owned\x07\x1b[31mred", "\x1b[2J\x1b[31mred"),
    "a path": ("../../../../etc/cron.d/x", "../../etc/passwd"),
    "a quote, a blank and a backslash": ("' \" \\ $(id) `id`", "' \" \\ $(id) `"),
    "what is no UTF-8": ("\ud800\udfff", b"\xff\xfe\x80x"),
}


def hostile_names(kind: str, world: World) -> Case:
    name, label = HOSTILE[kind]
    image, path = world.copy("gpt.raw", "named.raw"), world.directory / "mnt"
    _rename_first(image, name)
    _relabel(image, label if isinstance(label, bytes) else label.encode())
    found = play.done("attach", play.disk(image))["disks"][0]
    assert [partition["number"] for partition in found["partitions"]] == [1, 2], found
    for partition in found["partitions"]:
        assert partition["device"] == f"{found['device']}p{partition['number']}", found
    first = found["partitions"][0]
    assert first["fstype"] == "ext4", found
    assert first["label"].isprintable() or "\\" in ascii(first["label"]), found
    # Whoever prints it prints no control characters.
    assert not [char for char in json.dumps(found, ensure_ascii=False) if ord(char) < 32 or 127 <= ord(char) < 160], (
        found
    )
    for selector in filter(None, ("1", first["label"], first["partlabel"])):
        play.done("mount", play.mount(image, path, selector))
        assert planted(path)
        play.done("unmount", play.mount(image, path, selector))
    error = play.call("mount", play.mount(image, path, "no such label")).error
    assert error.isprintable(), error
    play.done("detach", play.disk(image))
    image.unlink()
    return Case(
        f"{kind} in the name of a partition and in a label",
        "shown without control characters; it is found by number and by what is shown, and nothing else is",
        world.nothing_left(),
    )


def _rename_first(disk: Path, name: str) -> None:
    """As any partition editor of the guest could; the table's sums are right."""
    with open(disk, "r+b") as stream:
        stream.seek(SECTOR)
        header = bytearray(stream.read(92))
        (place,) = struct.unpack_from("<Q", header, ENTRIES)
        count, size = struct.unpack_from("<II", header, COUNTS)
        stream.seek(place * SECTOR)
        entries = bytearray(stream.read(count * size))
        entries[NAME : NAME + NAME_LENGTH] = name.encode("utf-16-le", "surrogatepass").ljust(NAME_LENGTH, b"\0")
        struct.pack_into("<I", header, SUM, zlib.crc32(entries))
        struct.pack_into("<I", header, OWN_SUM, 0)
        struct.pack_into("<I", header, OWN_SUM, zlib.crc32(header))
        stream.seek(SECTOR)
        stream.write(header)
        stream.seek(place * SECTOR)
        stream.write(entries)


def _relabel(disk: Path, label: bytes) -> None:
    """debugfs writes what it is told, where tune2fs would judge it."""
    argv = ["tune2fs", "-L", label, f"{disk}?offset={FIRST}"]
    subprocess.run(argv, check=True, capture_output=True)


def cases() -> list[t.Callable[[World], Case]]:
    return [functools.partial(hostile_names, kind) for kind in HOSTILE]
