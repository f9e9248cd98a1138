# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Several plays at once."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import play
from world import Case, World

PLAYS = 4
# linux/loop.h; a number that nobody gets who asks for any that is free.
LOOP_CTL_ADD, LOOP_CTL_REMOVE, FAR = 0x4C80, 0x4C81, 1 << 10
# A /dev in which there is nothing but one loop device: losetup finds no other, and cannot make one.
ONE_DEVICE = """
mkdir dev && mount -t tmpfs none dev
mknod dev/null c 1 3 && mknod dev/urandom c 1 9 && mknod dev/loop{number} b {major} {minor}
mount --bind dev /dev
exec "$1" "$2" "$3"
"""


def for_one_image(world: World) -> Case:
    wanted = play.mount(world.image("gpt.qcow2"), world.directory / "mnt", access="w")
    for verb, back in (("mount", False), ("unmount", True)):
        outcomes = [ended() for ended in [play.start(verb, wanted) for _number in range(PLAYS)]]
        assert not [outcome.error for outcome in outcomes if outcome.error], outcomes
        assert sorted(outcome.changed for outcome in outcomes) == [False] * (PLAYS - 1) + [True], outcomes
        assert bool(world.left()) is not back
    return Case(
        f"{PLAYS} plays mount one image for writing at once, then {PLAYS} unmount it",
        "one does it, the others find it done",
        world.nothing_left(),
    )


def in_opposite_directions(world: World) -> Case:
    wanted = play.mount(world.image("gpt.qcow2"), world.directory / "mnt")
    verbs = ["mount", "unmount"] * PLAYS
    outcomes = [ended() for ended in [play.start(verb, wanted) for verb in verbs]]
    assert not [outcome.error for outcome in outcomes if outcome.error], outcomes
    play.done("unmount", wanted)
    return Case(
        f"{PLAYS} plays mount an image while {PLAYS} unmount it",
        "each finds the host as another one left it, never half-way",
        world.nothing_left(),
    )


def looked_at_half_way(world: World) -> Case:
    """Check mode and vbd_info wait for who is at work, so they see all of it or nothing."""
    wanted = [play.mount(world.image(name), world.directory / name[:-4]) for name in ("gpt.raw",)]
    wanted += [play.mount(world.image("gpt.qcow2"), world.directory / "mnt")]
    at_work = play.start("mount", *wanted)
    seen = [len(play.done("mount", *wanted, check=True)["steps"]) for _number in range(PLAYS)]
    assert not at_work().error
    assert set(seen) <= {0, 4}, f"check mode saw a half-made state: {seen}"
    play.done("unmount", *wanted)
    return Case("check mode while another play mounts", "it sees all of that or nothing", world.nothing_left())


def for_the_last_device(world: World) -> Case:
    second = world.copy("whole.raw", "second.raw")
    with open("/dev/loop-control", "rb") as control:
        fcntl.ioctl(control, LOOP_CTL_ADD, FAR)
        try:
            node = os.stat(f"/dev/loop{FAR}").st_rdev
            script = ONE_DEVICE.format(number=FAR, major=os.major(node), minor=os.minor(node))
            argv = ["unshare", "--mount", "bash", "-euc", script, "one", sys.executable, __file__, world.directory]
            done = subprocess.run(argv, cwd=world.directory, capture_output=True, text=True, check=False)
        finally:
            fcntl.ioctl(control, LOOP_CTL_REMOVE, FAR)
    assert done.returncode == 0, done.stdout + done.stderr
    second.unlink()
    (world.directory / "dev").rmdir()
    return Case(
        "two plays race for the last free loop device",
        f"one gets it; the other says '{done.stdout.strip()}', and gets it when it is free",
        world.nothing_left(),
    )


def race(directory: Path) -> None:
    """What runs where there is one device only."""
    wanted = [play.disk(directory / name) for name in ("whole.raw", "second.raw")]
    outcomes = [ended() for ended in [play.start("attach", disk) for disk in wanted]]
    (first,) = [number for number, outcome in enumerate(outcomes) if not outcome.error]
    second = 1 - first
    assert outcomes[first].changed and not outcomes[second].result.get("not_rolled_back"), outcomes
    play.done("detach", wanted[first])
    assert play.done("attach", wanted[second])["changed"]
    assert not play.done("attach", wanted[second])["changed"]
    play.done("detach", wanted[second])
    print(outcomes[second].error)


def cases() -> list[t.Callable[[World], Case]]:
    return [for_one_image, in_opposite_directions, looked_at_half_way, for_the_last_device]


if __name__ == "__main__":
    race(Path(sys.argv[1]))
