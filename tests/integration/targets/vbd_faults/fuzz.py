# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Hostile qcow2 images: some that are made to measure, and a few hundred by chance, the same ones each time.

What is opened is told by the kernel (inotify(7)): a file outside the images' directory must never be, by nobody.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import shutil
import struct
import subprocess
import time
import typing as t
from pathlib import Path

import play
from world import Case, World

SEED, MUTANTS, AT_ONCE = 4, 120, 30
# Seconds that one hostile image may take, until it is refused or attached; the machine may be busy.
LONGEST = 15.0
IN_OPEN, IN_NONBLOCK = 0x20, 0o4000
# Offsets in a qcow2 header (QEMU, docs/interop/qcow2.rst).
BACKING, BACKING_SIZE, BITS, SIZE, CRYPT, L1_SIZE, L1, REFCOUNT, CLUSTERS, SNAPSHOTS, SNAPSHOT_TABLE = (
    *(8, 16, 20, 24, 32, 36, 40, 48),
    *(56, 60, 64),
)
FEATURES, LENGTH = 72, 100
WORDS = range(4, 104, 4)
EXTREMES = (0, 1, 3, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 16, 104, 112)
SNAPSHOT_COUNT, SNAPSHOT_HEAD = 10_000, ">QIHHIIQII"


@contextlib.contextmanager
def watched(path: Path) -> t.Iterator[t.Callable[[], bool]]:
    """A function that tells whether anybody has opened a file since it was asked last."""
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.inotify_init1(IN_NONBLOCK)
    if fd < 0 or libc.inotify_add_watch(fd, os.fsencode(path), IN_OPEN) < 0:
        raise OSError(ctypes.get_errno(), "inotify", str(path))

    def opened() -> bool:
        try:
            return bool(os.read(fd, 4096))
        except BlockingIOError:
            return False

    try:
        yield opened
    finally:
        os.close(fd)


class Nursery:
    """Images to begin with, and a file that is none of theirs."""

    def __init__(self, world: World) -> None:
        self.place = world.directory / "hostile"
        self.secret = world.directory / "outside" / "secret.raw"
        self.secret.parent.mkdir()
        self.secret.write_bytes(b"secret".ljust(1 << 20, b"\0"))
        self.place.mkdir()
        (self.place / "base.raw").write_bytes(b"\0" * (1 << 20))
        for name, options in {
            "plain": "1M",
            "old": "-o compat=0.10 1M",
            "backed": "-b base.raw -F raw",
            "data": f"-o data_file={self.place}/data.raw,data_file_raw=on 1M",
            "small": "-o cluster_size=512 1M",
        }.items():
            argv = f"qemu-img create -q -f qcow2 {name}.qcow2 {options}".split()
            subprocess.run(argv, cwd=self.place, check=True)
        subprocess.run(["qemu-img", "snapshot", "-c", "one", self.place / "plain.qcow2"], check=True)

    def sources(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.place.glob("*.qcow2"))]

    def names(self) -> list[bytes]:
        """What a hostile header may name: the secret in many spellings."""
        path = str(self.secret)
        spelled = [path, f"file:{path}", "../outside/secret.raw", f"./{path}", f"raw:{path}", f"{path}\0.raw"]
        spelled += [
            f'json:{{"driver":"raw","file":{{"driver":"file","filename":"{path}"}}}}',
            f"nbd+unix:///?socket={path}",
        ]
        spelled += ["base.raw", "self.qcow2", "", "/dev/zero", f"fat:{self.secret.parent}", "x" * 1023]
        return [name.encode() for name in spelled]


def mutant(source: bytes, names: t.Sequence[bytes], dice: random.Random) -> bytes:
    data = bytearray(source)
    for _change in range(dice.randint(1, 3)):
        kind = dice.randrange(5)
        if kind == 0:
            struct.pack_into(">I", data, dice.choice(WORDS), dice.choice(EXTREMES))
        elif kind == 1:
            data[dice.randrange(4, min(len(data), 600))] ^= 1 << dice.randrange(8)
        elif kind == 2:
            _name(data, dice.choice(names), dice.randrange(300, 480))
        elif kind == 3:
            _extension(data, dice.choice((0xE2792ACA, 0x44415441, 0x6803F857, 0x23852875)), dice.choice(names), dice)
        else:
            data[FEATURES + 7] ^= dice.choice((1, 2, 4, 8, 16))
    return bytes(data)


def _name(data: bytearray, name: bytes, place: int) -> None:
    data[place : place + len(name)] = name
    struct.pack_into(">QI", data, BACKING, place, len(name))


def _extension(data: bytearray, kind: int, content: bytes, dice: random.Random) -> None:
    """In the place of the first one, or of the second."""
    (first,) = struct.unpack_from(">I", data, LENGTH)
    place = min(first, 128) + 8 * dice.randrange(3)
    length = dice.choice((len(content), len(content), 8, 0xFFFFFFFF))
    data[place : place + 8] = struct.pack(">II", kind, length)
    data[place + 8 : place + 8 + len(content)] = content


def by_chance(world: World) -> Case:
    nursery, dice = Nursery(world), random.Random(SEED)
    sources, names = nursery.sources(), nursery.names()
    attached = refused = 0
    with watched(nursery.secret) as opened:
        _must_be_seen(nursery, opened)
        for first in range(0, MUTANTS, AT_ONCE):
            images = [nursery.place / f"mutant-{number}.qcow2" for number in range(first, first + AT_ONCE)]
            for image in images:
                image.write_bytes(mutant(dice.choice(sources), names, dice))
            wanted = [play.disk(image, backend="nbdfuse") for image in images]
            began = time.monotonic()
            outcome = play.call("attach", *wanted, on_error="keep_good", timeout=LONGEST)
            assert time.monotonic() - began < LONGEST * AT_ONCE / 10, "hostile images hold the host up"
            assert outcome.result, outcome
            assert not outcome.result.get("not_rolled_back"), outcome
            attached += len(outcome.result.get("kept", images))
            refused += len(outcome.result.get("failed_disks", ()))
            assert not opened(), f"one of {images[0].name} and the following had a file outside opened"
            play.done("detach", *wanted)
            world.nothing_left()
            for image in images:
                image.unlink()
    shutil.rmtree(nursery.place)
    shutil.rmtree(nursery.secret.parent)
    assert attached and refused
    return Case(
        f"{MUTANTS} qcow2 headers changed by chance (seed {SEED})",
        f"{refused} refused, {attached} attached; no file outside was opened, and nothing hung",
        world.nothing_left(),
    )


def _must_be_seen(nursery: Nursery, opened: t.Callable[[], bool]) -> None:
    """That the watch works, and that QEMU by itself would open the secret."""
    image = nursery.place / "seen.qcow2"
    argv = ["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", nursery.secret, "-F", "raw", image, "1M"]
    subprocess.run(argv, check=True)
    subprocess.run(["qemu-img", "info", "--backing-chain", image], check=True, stdout=subprocess.DEVNULL)
    assert opened(), "the watch sees nothing"
    image.unlink()


def _plain(world: World, name: str) -> tuple[Path, bytearray]:
    path = world.directory / name
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, "1M"], check=True)
    return path, bytearray(path.read_bytes())


def made_to_measure(world: World) -> Case:
    """Each has to be refused, or attached, in good time."""
    told = []
    for name, (make, expected) in MEASURED.items():
        path, data = _plain(world, "measured.qcow2")
        path.write_bytes(make(data))
        began = time.monotonic()
        outcome = play.call("attach", play.disk(path, backend="nbdfuse"), timeout=LONGEST)
        took = time.monotonic() - began
        assert took < LONGEST, f"{name}: {took:.1f} seconds"
        assert (expected in outcome.error) if expected else not outcome.error, f"{name}: {outcome.error}"
        if not outcome.error:
            play.done("detach", play.disk(path))
        told.append(f"{name}: {'refused' if expected else 'attached'}")
        world.nothing_left()
        path.unlink()
    return Case("qcow2 images made to measure", "; ".join(told), world.nothing_left())


def _with(*fields: tuple[int, str, int]) -> t.Callable[[bytearray], bytes]:
    def make(data: bytearray) -> bytes:
        for offset, form, value in fields:
            struct.pack_into(form, data, offset, value)
        return bytes(data)

    return make


def _snapshots(data: bytearray) -> bytes:
    """Ten thousand, each of an empty disk, in a table behind all else."""
    table = (len(data) + 65535) // 65536 * 65536
    entries = b""
    for number in range(SNAPSHOT_COUNT):
        text = str(number).encode()
        head = struct.pack(SNAPSHOT_HEAD, 0, 0, len(text), len(text), 0, 0, 0, 0, 16)
        entries += _padded(head + struct.pack(">QQ", 0, 1 << 20) + text + text)
    struct.pack_into(">IQ", data, SNAPSHOTS, SNAPSHOT_COUNT, table)
    return bytes(data).ljust(table, b"\0") + entries


def _padded(entry: bytes) -> bytes:
    return entry.ljust((len(entry) + 7) // 8 * 8, b"\0")


def _itself(data: bytearray) -> bytes:
    _name(data, b"measured.qcow2", 400)
    (extensions,) = struct.unpack_from(">I", data, LENGTH)
    struct.pack_into(">IIQ", data, extensions, 0xE2792ACA, 5, int.from_bytes(b"qcow2\0\0\0", "big"))
    return bytes(data)


MEASURED: dict[str, tuple[t.Callable[[bytearray], bytes], str]] = {
    "10,000 snapshots": (_snapshots, ""),
    "a backing file that is itself": (_itself, "its chain of backing files comes back to itself"),
    "a size of eight exabytes": (_with((SIZE, ">Q", 1 << 63)), "did not serve it"),
    "a size of a petabyte, without tables for it": (_with((SIZE, ">Q", 1 << 50)), "did not serve it"),
    "a table of 2^31 entries": (_with((L1_SIZE, ">I", 1 << 31)), "did not serve it"),
    "clusters of 2^63 bytes": (_with((BITS, ">I", 63)), "did not serve it"),
    "a header of 2^32 bytes": (_with((LENGTH, ">I", 0xFFFFFFFF)), "did not serve it"),
    "four thousand million snapshots": (_with((SNAPSHOTS, ">I", 0xFFFFFFFF)), "did not serve it"),
    "a data file without a name": (_with((FEATURES, ">Q", 4)), "needs a data file whose name it does not hold"),
    "features that nobody knows": (_with((FEATURES, ">Q", 1 << 40)), "did not serve it"),
}


def cases() -> list[t.Callable[[World], Case]]:
    return [made_to_measure, by_chance]
