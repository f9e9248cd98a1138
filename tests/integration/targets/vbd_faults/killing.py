# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""The module is killed at every point of its work, one after another, and the next run has to heal it; or asked to end,
and has to leave nothing."""

from __future__ import annotations

import functools
import typing as t

import play
from world import Case, World, planted


class Way(t.NamedTuple):
    """verb and back: what is killed, and what takes away what it makes; before: what has to stand first."""

    name: str
    verb: str
    back: str
    before: str
    wanted: t.Callable[[World], t.Any]


WAYS = (
    Way("mount, with a throwaway layer", "mount", "unmount", "", lambda world: _mount(world, overlay=True)),
    Way("unmount, written to", "unmount", "unmount", "mount", lambda world: _mount(world, access="w")),
    Way("attach, raw", "attach", "detach", "", lambda world: play.disk(world.image("gpt.raw"))),
    Way("detach, raw", "detach", "detach", "attach", lambda world: play.disk(world.image("gpt.raw"))),
)


def _mount(world: World, **options: t.Any) -> t.Any:
    layer = {"overlay_dir": str(world.layers)} if options.get("overlay") else {}
    # Written to, it is no longer what the other cases begin with.
    image = world.image("gpt.qcow2") if layer else world.copy("gpt.qcow2", "killed.qcow2")
    return play.mount(image, world.directory / "mnt", backend="nbdfuse", **options, **layer)


def killed_everywhere(way: Way, world: World) -> Case:
    wanted = way.wanted(world)
    point, said = 1, 0
    while True:
        if way.before:
            play.done(way.before, wanted)
        outcome = play.call(way.verb, wanted, point=point)
        if not outcome.killed:
            assert not outcome.error, outcome.error
            break
        said += _heal(way, world, wanted, point)
        point += 1
    if way.verb != way.back:
        play.done(way.back, wanted)
    world.nothing_left()
    assert point > 5, f"only {point} points were reached"
    return Case(
        f"killed with -9 at each of {point - 1} points of {way.name}",
        f"the next run heals, and says so in {said} of them",
        world.nothing_left(),
    )


def _heal(way: Way, world: World, wanted: t.Any, point: int) -> int:
    """At every other point by doing the same once more, else by the opposite; whether the next run told of it."""
    told = 0
    if way.verb != way.back and point % 2:
        result = play.done(way.verb, wanted)
        told += bool(result["cleaned"])
        assert all(found["device"] for found in result["disks"])
        if way.verb == "mount":
            assert planted(world.directory / "mnt")
        assert not play.done(way.verb, wanted)["changed"], "a second run found something to do"
    result = play.done(way.back, wanted)
    told += bool(result["cleaned"])
    assert not play.done(way.back, wanted)["changed"], "a second run found something to do"
    world.nothing_left()
    assert not (world.directory / "mnt").exists(), "the directory that was made for the mount is left"
    return told


def ended_everywhere(world: World) -> Case:
    """SIGTERM, as of a controller that is stopped: nothing is left to the next run."""
    wanted = [play.disk(world.image(name)) for name in ("gpt.raw", "whole.raw")]
    wanted += [play.disk(world.image("gpt.qcow2"), backend="nbdfuse")]
    point = 1
    while True:
        outcome = play.call("attach", *wanted, point=point, happen=play.end)
        if not outcome.error:
            break
        assert outcome.error.startswith("SIGTERM came, and what was begun was undone."), outcome
        world.nothing_left()
        point += 1
    # It came when all was done, or not at all.
    assert outcome.changed and not play.done("attach", *wanted)["changed"]
    play.done("detach", *wanted)
    assert point > 20, f"only {point} points were reached"
    return Case(
        f"SIGTERM at each of {point - 1} points of attaching three disks",
        "the module takes back what it had attached, and says so",
        world.nothing_left(),
    )


def cases() -> list[t.Callable[[World], Case]]:
    return [*(functools.partial(killed_everywhere, way) for way in WAYS), ended_everywhere]
