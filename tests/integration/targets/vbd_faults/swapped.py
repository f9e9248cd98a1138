# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Somebody puts another file, or a link, in the place of what was looked at, between any two commands of the work."""

from __future__ import annotations

import functools
import os
import typing as t
from pathlib import Path

import play
from build_images import SECOND
from world import Case, World

MARK = b"this is the other one"


def image_swapped(name: str, world: World) -> Case:
    """The name leads to another image from that point on; a link to it is made to lead elsewhere, too."""
    other = _other(world, name)
    refused = attached = point = 0
    while True:
        point += 1
        image, link = world.copy(name, f"swapped{Path(name).suffix}"), world.directory / f"link{Path(name).suffix}"
        mine = world.copy(other.name, f"mine{Path(name).suffix}")
        link.symlink_to(image)
        identity = image.stat().st_ino

        def swap(image: Path = image, mine: Path = mine, link: Path = link) -> None:
            os.rename(image, f"{image}.away")
            os.rename(mine, image)
            link.unlink()
            link.symlink_to(image)

        wanted = play.disk(link, format=Path(name).suffix[1:], backend="loop" if name.endswith("raw") else "nbdfuse")
        outcome = play.call("attach", wanted, point=point, happen=swap, changes=play.COMMANDS)
        swapped = not mine.exists()
        if outcome.error:
            refused += 1
            assert not outcome.result.get("not_rolled_back"), outcome
            world.nothing_left()
        else:
            attached += 1
            with open(outcome.result["disks"][0]["device"], "rb") as stream:
                stream.seek(SECOND)
                # Swapped before it was looked at, the other one is what was asked for.
                right = MARK if str(outcome.result["disks"][0]["owner"]).split("-")[1] != f"{identity:x}" else b"\0"
                assert stream.read(len(MARK)).startswith(right), f"point {point}: another image than was looked at"
            play.done("detach", wanted)
        world.nothing_left()
        for path in (image, mine, link, Path(f"{image}.away")):
            path.unlink(missing_ok=True)
        if not swapped:
            break
    other.unlink()
    assert point > 5
    return Case(
        f"another file put in place of {name} before and after each of {(point - 1) // 2} commands that attach it",
        f"refused in {refused}; in the other {attached} what is attached is the file that was looked at",
        world.nothing_left(),
    )


def _other(world: World, name: str) -> Path:
    raw = world.copy("gpt.raw", "other.raw")
    with open(raw, "r+b") as stream:
        stream.seek(SECOND)
        stream.write(MARK)
    if name.endswith("raw"):
        return raw
    play.subprocess.run(["qemu-img", "convert", "-O", "qcow2", raw, world.directory / "other.qcow2"], check=True)
    raw.unlink()
    return world.directory / "other.qcow2"


def mount_point_swapped(world: World) -> Case:
    path, elsewhere = world.directory / "mnt", world.directory / "elsewhere"
    elsewhere.mkdir()
    wanted = play.mount(world.image("whole.raw"), path, "0")
    refused = point = 0
    while True:
        point += 1
        path.mkdir()

        def swap() -> None:
            try:
                path.rmdir()
                path.symlink_to(elsewhere)
            except OSError:
                # Mounted upon already.
                pass

        outcome = play.call("mount", wanted, point=point, happen=swap, changes=play.COMMANDS)
        if path.is_symlink():
            targets = [mount["target"] for mount in world.left().get("mounts", ())]
            if outcome.error:
                refused += 1
                assert not targets, f"point {point}: {targets}, {outcome}"
                assert not outcome.result.get("not_rolled_back"), outcome
            else:
                # A link that was there when it was looked at is the user's own.
                assert targets == [str(elsewhere)], f"point {point}: {targets}"
        play.done("unmount", wanted)
        world.nothing_left()
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            path.rmdir()
        if outcome.points < point:
            break
    elsewhere.rmdir()
    return Case(
        f"a link put in place of the mount point before and after each of {(point - 1) // 2} commands that mount",
        f"refused in {refused}, and nothing is mounted where the link leads",
        world.nothing_left(),
    )


def cases() -> list[t.Callable[[World], Case]]:
    return [
        *(functools.partial(image_swapped, name) for name in ("gpt.raw", "gpt.qcow2")),
        mount_point_swapped,
    ]
