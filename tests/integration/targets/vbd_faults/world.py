# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""The directory of images that the cases work on, and the independent reader of what the host has to do with it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from build_images import FIRST
from file_systems import PLANTED, PLANTED_BYTES

SETUP = Path(__file__).resolve().parent.parent / "setup_vbd/files"
KINDS = ("loops", "mounts", "processes", "records", "fstab")
PATIENCE = 20.0


class Case(t.NamedTuple):
    """One line of the table: what was done to it, what was seen, what was left."""

    fault: str
    seen: str
    left: str


def sh(script: str, place: Path, check: bool = True) -> str:
    done = subprocess.run(["bash", "-euc", script], cwd=place, check=check, capture_output=True, text=True)
    return done.stdout.strip()


class World:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.layers = directory / "layers"
        subprocess.run(
            [sys.executable, SETUP / "build_images.py", directory, "raw", "qcow2", "whole"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        self.layers.mkdir()
        self.digests = {path.name: sha256(path) for path in directory.iterdir() if path.is_file()}

    def image(self, name: str) -> Path:
        return self.directory / name

    def copy(self, name: str, new: str) -> Path:
        shutil.copyfile(self.directory / name, self.directory / new)
        return self.directory / new

    def look(self, sweep: bool = False) -> dict[str, t.Any]:
        argv = [sys.executable, SETUP / "look.py", self.directory, *(["--sweep"] if sweep else [])]
        return json.loads(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)

    def nothing_left(self) -> str:
        """Fail where anything is left. A server that was cut off while it started may take a moment to end."""
        await_true(lambda: not self._left(), lambda: f"left behind: {json.dumps(self._left())}")
        return "nothing"

    def _left(self) -> dict[str, t.Any]:
        found = self.look()
        left = {kind: found[kind] for kind in KINDS if found[kind]}
        layers = sorted(os.listdir(self.layers))
        return {**left, **({"layers": layers} if layers else {})}

    def untouched(self, *names: str) -> None:
        for name in names:
            assert sha256(self.directory / name) == self.digests[name], f"{name} was changed"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def await_true(condition: t.Callable[[], t.Any], why: t.Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


def planted(path: Path) -> bool:
    """Whether the file system that is mounted there is the one with the planted file."""
    return (path / PLANTED).read_bytes() == PLANTED_BYTES


def file_in(image: Path, name: str, scratch: Path) -> bytes:
    """A file of an image's first partition, read with qemu-img and debugfs, without the kernel."""
    raw, target = scratch / "read.raw", scratch / "read.out"
    try:
        subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
        argv = ["debugfs", "-R", f"dump /{name} {target}", f"{raw}?offset={FIRST}"]
        subprocess.run(argv, check=True, capture_output=True)
        return target.read_bytes()
    finally:
        raw.unlink(missing_ok=True)
        target.unlink(missing_ok=True)


def check_file_system(image: Path, scratch: Path) -> None:
    """qemu-img check, then e2fsck of the first partition, on copies and without mending anything."""
    raw = scratch / "check.raw"
    try:
        subprocess.run(["qemu-img", "check", "-q", image], check=True)
        subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
        fsck = subprocess.run(["e2fsck", "-fn", f"{raw}?offset={FIRST}"], capture_output=True, text=True, check=False)
        assert fsck.returncode == 0, fsck.stdout + fsck.stderr
    finally:
        raw.unlink(missing_ok=True)
