# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Images that are damaged, before and while they are attached, and one among many that is."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import typing as t
from pathlib import Path

import play
from world import Case, World, planted

MANY = 20
RECORDS = Path("/run/homevirt.fleet/vbd")
# Incompatible features of a qcow2 header; the bit by which QEMU remembers that it found the image corrupt.
FEATURES, CORRUPT = 79, b"\2"


def cut_while_attached(name: str, backend: str, world: World) -> Case:
    image, path = world.copy(name, f"cut{Path(name).suffix}"), world.directory / "mnt"
    wanted = play.mount(image, path, backend=backend)
    play.done("mount", wanted)
    length = image.stat().st_size
    os.truncate(image, length // 2)
    foretold = play.call("mount", wanted, check=True)
    outcome = play.call("mount", wanted)
    told = f"its image was cut from {length} to {length // 2} bytes"
    for found in (foretold, outcome):
        assert found.error or told in found.result["cleaned"][0], found
    if outcome.error:
        world.nothing_left()
    play.done("unmount", wanted)
    world.nothing_left()
    assert image.stat().st_size == length // 2
    world.copy(name, image.name)
    play.done("mount", wanted)
    assert planted(path)
    play.done("unmount", wanted)
    image.unlink()
    then = "an error, and nothing is attached" if outcome.error else "what is left of it can be mounted"
    return Case(
        f"{name} cut to half its length while it is mounted",
        f"the next run says so, and takes it away; then {then}; whole again, it is mounted as ever",
        world.nothing_left(),
    )


def marked_corrupt(world: World) -> Case:
    image = world.copy("gpt.qcow2", "corrupt.qcow2")
    wanted = play.disk(image)
    play.done("attach", wanted)
    with open(image, "r+b") as stream:
        stream.seek(FEATURES)
        stream.write(CORRUPT)
    assert not play.done("attach", wanted)["changed"]
    play.done("detach", wanted)
    before = image.read_bytes()
    for access in ("r", "w"):
        outcome = play.call("attach", play.disk(image, access=access))
        assert "QEMU marked it as corrupt" in outcome.error, outcome
    assert image.read_bytes() == before
    subprocess.run(["qemu-img", "check", "-q", "-r", "all", image], check=True)
    play.done("attach", wanted)
    play.done("detach", wanted)
    image.unlink()
    return Case(
        "a qcow2 marked corrupt, before and while it is attached",
        "what is attached can be detached; attaching it is refused until qemu-img check has repaired it",
        world.nothing_left(),
    )


def one_bad_among_many(world: World) -> Case:
    images = [world.copy("gpt.qcow2", f"many-{number}.qcow2") for number in range(MANY)]
    wanted = [play.mount(image, world.directory / f"many/{image.stem}") for image in images]
    # One that its header gives away, one that QEMU finds out, one whose partition is not there.
    for number, broken in ((3, b"\0\0\0\1"), (9, b"\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\7")):
        with open(images[number], "r+b") as stream:
            stream.seek(4)
            stream.write(broken)
    wanted[14] = wanted[14]._replace(partition="77")
    bad = {str(images[number]) for number in (3, 9, 14)}
    outcome = play.call("mount", *wanted)
    assert any(image in outcome.error for image in bad), outcome
    assert not outcome.result.get("not_rolled_back")
    world.nothing_left()
    outcome = play.call("mount", *wanted, on_error="keep_good")
    assert {entry["image"] for entry in outcome.result["failed_disks"]} == bad, outcome
    assert sorted(outcome.result["kept"]) == sorted({str(image) for image in images} - bad)
    mounted = [mount["target"] for mount in world.left()["mounts"] if mount["fstype"] == "ext4"]
    assert sorted(mounted) == sorted(one.path for one in wanted if one.disk.image not in bad)
    assert all(planted(Path(path)) for path in mounted)
    again = play.call("mount", *wanted, on_error="keep_good")
    assert again.error and not [step for step in again.result["steps"] if "77" not in step and "many-14" not in step]
    play.done("unmount", *wanted)
    for image in images:
        image.unlink()
    return Case(
        f"3 of {MANY} images damaged, each in its way",
        "rollback_all: an error names one of them, and nothing is attached; keep_good: the error names all three, "
        f"and the other {MANY - 3} are mounted",
        world.nothing_left(),
    )


def record_of_another_version(world: World) -> Case:
    image = world.image("gpt.raw")
    status = image.stat()
    place = RECORDS / f"{status.st_dev:x}-{status.st_ino:x}-host"
    place.mkdir(parents=True)
    (place / "record.json").write_text(json.dumps({"version": 2, "image": str(image)}), encoding="utf-8")
    for verb in ("attach", "detach"):
        outcome = play.call(verb, play.disk(image))
        assert "written by another version of homevirt.fleet" in outcome.error, outcome
    other = play.disk(world.image("gpt.qcow2"))
    for verb in ("attach", "detach"):
        result = play.done(verb, other)
        assert result["changed"] and str(place) in result["warnings"][0], result
    (place / "record.json").unlink()
    place.rmdir()
    return Case(
        "a record in /run that another version wrote",
        "its image is refused, with what to do; all others are served, with a warning",
        world.nothing_left(),
    )


def cases() -> list[t.Callable[[World], Case]]:
    cut = [functools.partial(cut_while_attached, *which) for which in (("gpt.qcow2", "nbdfuse"), ("gpt.raw", "loop"))]
    return [*cut, marked_corrupt, one_bad_among_many, record_of_another_version]
