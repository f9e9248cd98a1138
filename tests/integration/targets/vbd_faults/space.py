# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""No room, and places that cannot be written to."""

from __future__ import annotations

import contextlib
import os
import typing as t
from pathlib import Path

import play
from world import SCRATCH, Case, World, sh


@contextlib.contextmanager
def small_file_system(world: World, options: str) -> t.Iterator[Path]:
    place = world.directory / "small"
    place.mkdir()
    sh(f"mount -t tmpfs -o {options} {SCRATCH} small", world.directory)
    try:
        yield place
    finally:
        sh("umount small", world.directory)
        place.rmdir()


def no_room_for_a_layer(world: World) -> Case:
    with small_file_system(world, "size=8m") as place:
        wanted = play.disk(world.image("gpt.qcow2"), overlay=True, overlay_dir=str(place))
        for check in (True, False):
            outcome = play.call("attach", wanted, check=check)
            assert f"{place}: 8 MiB are free there, and the throwaway layer may need 32 MiB." in outcome.error, outcome
            assert "rolled_back" not in outcome.result
        two = [wanted, play.disk(world.image("gpt.raw"), overlay=True, overlay_dir=str(place), overlay_space=5 << 20)]
        outcome = play.call("attach", two[0]._replace(overlay_space=5 << 20), two[1])
        assert "2 throwaway layers may need 10 MiB" in outcome.error, outcome
        assert not os.listdir(place)
    return Case(
        "a directory with too little room for a throwaway layer",
        "refused before anything is done, with the directory, what is free and what all layers of the call need",
        world.nothing_left(),
    )


def layer_runs_full(world: World) -> Case:
    with small_file_system(world, "size=4m") as place:
        path = world.directory / "mnt"
        layer = {"overlay": True, "overlay_dir": str(place), "overlay_space": 1 << 20, "backend": "nbdfuse"}
        wanted = play.mount(world.image("gpt.qcow2"), path, **layer)
        play.done("mount", wanted)
        assert _fill(path / "too-much"), "sixteen megabytes found room in four"
        result = play.done("unmount", wanted)
        assert result["changed"]
        assert not os.listdir(place)
        world.untouched("gpt.qcow2")
        play.done("mount", wanted)
        assert not (path / "too-much").exists()
        play.done("unmount", wanted)
    world.untouched("gpt.qcow2")
    return Case(
        "the directory of a throwaway layer runs full while it is written to",
        "the writer gets an I/O error, the image stays as it is; unmounting and attaching anew work",
        world.nothing_left(),
    )


def _fill(path: Path) -> bool:
    """Whether writing failed, as it must."""
    try:
        with open(path, "wb") as stream:
            for _megabyte in range(16):
                stream.write(os.urandom(1 << 20))
                stream.flush()
                os.fsync(stream.fileno())
    except OSError:
        return True
    return False


def no_room_for_records(world: World) -> Case:
    """/run is full: a private one, so that nobody else's play is disturbed."""
    wanted = play.mount(world.image("gpt.raw"), world.directory / "mnt")
    place = Path("/run/homevirt.fleet")
    place.mkdir(mode=0o700, exist_ok=True)
    sh(f"mount -t tmpfs -o size=16k {SCRATCH} {place}", world.directory)
    try:
        sh(f"head -c 1M /dev/zero > {place}/ballast || true", world.directory)
        outcome = play.call("mount", wanted)
        assert "No space left on device" in outcome.error, outcome
        assert not outcome.result.get("not_rolled_back"), outcome
        (place / "ballast").unlink()
        world.nothing_left()
        play.done("mount", wanted)
        play.done("unmount", wanted)
        world.nothing_left()
    finally:
        sh(f"umount {place}", world.directory)
    return Case(
        "no room in /run for the record",
        "an error that says so; nothing is attached that is not written down",
        world.nothing_left(),
    )


def read_only_directories(world: World) -> Case:
    with small_file_system(world, "size=48m") as place:
        world.copy("gpt.qcow2", "small/fixed.qcow2")
        world.copy("whole.raw", "small/fixed.raw")
        sh("mount -o remount,ro small", world.directory)
        path = world.directory / "mnt"
        for name, partition in (("fixed.qcow2", "1"), ("fixed.raw", "0")):
            play.done("mount", play.mount(place / name, path, partition))
            play.done("unmount", play.mount(place / name, path, partition))
            outcome = play.call("mount", play.mount(place / name, path, partition, access="w"))
            assert "lies on a read-only file system" in outcome.error, outcome
            world.nothing_left()
        outcome = play.call("mount", play.mount(world.image("gpt.raw"), place / "mnt"))
        assert "Read-only file system" in outcome.error, outcome
        outcome = play.call("attach", play.disk(place / "fixed.qcow2", overlay=True, overlay_dir=str(place)))
        assert f"{place}: overlay_dir lies on a read-only file system" in outcome.error, outcome
        layer = play.mount(place / "fixed.qcow2", path, overlay=True, overlay_dir=str(world.layers))
        play.done("mount", layer)
        (path / "thrown-away").write_bytes(b"x")
        play.done("unmount", layer)
    return Case(
        "images, a mount point, and overlay_dir on a read-only file system",
        "reading works, and writing into a throwaway layer elsewhere; the rest is refused, with the reason",
        world.nothing_left(),
    )


def cases() -> list[t.Callable[[World], Case]]:
    return [no_room_for_a_layer, layer_runs_full, no_room_for_records, read_only_directories]
