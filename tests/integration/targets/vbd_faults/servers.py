# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""The process that serves a disk is killed while somebody writes."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

import play
from world import Case, World, await_true, check_file_system, file_in

# A file each, on the disk before its name is said.
WRITER = """
import os, sys
for number in range(10000):
    with open(f"{sys.argv[1]}/kept-{number}", "wb") as stream:
        stream.write(b"%d " % number * 4096)
        stream.flush()
        os.fsync(stream.fileno())
    parent = os.open(sys.argv[1], os.O_RDONLY)
    os.fsync(parent)
    os.close(parent)
    print(number, flush=True)
"""
ENOUGH = 8


def killed_while_written_to(victim: str, world: World) -> Case:
    image, path = world.copy("gpt.qcow2", "written.qcow2"), world.directory / "mnt"
    wanted = play.mount(image, path, access="w", backend="nbdfuse")
    play.done("mount", wanted)
    written = _write_until_killed(world, victim, path)
    result = play.done("mount", wanted)
    assert "is gone; what it left" in result["cleaned"][0], result
    lost = [number for number in range(written + 1) if not _is_whole((path / f"kept-{number}").read_bytes(), number)]
    assert not lost, f"lost although they were synchronised: {lost}"
    assert not play.done("mount", wanted)["changed"]
    play.done("unmount", wanted)
    world.nothing_left()
    check_file_system(image, world.directory)
    assert _is_whole(file_in(image, f"kept-{written}", world.directory), written)
    image.unlink()
    return Case(
        f"{victim} killed with -9 while files are written",
        f"the next run says that its server is gone, and attaches anew; all {written + 1} files that were synchronised "
        "before are whole, and the file system is clean",
        world.nothing_left(),
    )


def _is_whole(content: bytes, number: int) -> bool:
    return content == b"%d " % number * 4096


def _write_until_killed(world: World, victim: str, path: Path) -> int:
    """The number of the last file that was synchronised."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as writer:
        assert writer.stdout
        said = [int(writer.stdout.readline()) for _number in range(ENOUGH)]
        (pid,) = [process["pid"] for process in world.left()["processes"] if process["name"] == victim]
        os.kill(pid, signal.SIGKILL)
        await_true(lambda: not _lives(pid), lambda: f"{victim} did not end")
        # What it says from here on went to a dead disk; what it said before it did not.
        said += [int(line) for line in writer.stdout.read().split() if line.isdigit()] if writer.wait() else []
    return said[ENOUGH - 1]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def throwaway_layer_of_a_killed_server(world: World) -> Case:
    wanted = play.mount(
        world.image("gpt.qcow2"),
        world.directory / "mnt",
        overlay=True,
        overlay_dir=str(world.layers),
        backend="nbdfuse",
    )
    play.done("mount", wanted)
    (world.directory / "mnt/thrown-away").write_bytes(b"x" * 4096)
    for process in world.left()["processes"]:
        os.kill(process["pid"], signal.SIGKILL)
    await_true(lambda: not world.left().get("processes"), lambda: "the servers did not end")
    assert not os.listdir(world.layers)
    result = play.done("mount", wanted)
    assert result["cleaned"] and not (world.directory / "mnt/thrown-away").exists()
    play.done("unmount", wanted)
    world.untouched("gpt.qcow2")
    return Case(
        "both servers of a throwaway layer killed with -9",
        "the layer went with them, for it has no name; the next run attaches with an empty one",
        world.nothing_left(),
    )


def cases() -> list[t.Callable[[World], Case]]:
    killed = [functools.partial(killed_while_written_to, victim) for victim in ("qemu-nbd", "nbdfuse")]
    return [*killed, throwaway_layer_of_a_killed_server]
