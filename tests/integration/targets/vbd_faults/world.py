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

import look
from build_images import FIRST
from file_systems import PLANTED, PLANTED_BYTES

SETUP = Path(__file__).resolve().parent.parent / "setup_vbd/files"
# What the cases themselves mount.
SCRATCH = "faults-of-vbd"
MADE = Path("/var/lib/homevirt.fleet/vbd")
# Status of qemu-img check for clusters that nothing uses: wasted room, and no damage (qemu-img(1)).
ONLY_LEAKS = 3
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
        subprocess.run(["cp", "--sparse=always", self.directory / name, self.directory / new], check=True)
        return self.directory / new

    def nothing_left(self) -> str:
        """Fail where anything is left. A server that was cut off while it started may take a moment to end."""
        await_true(lambda: not self.left(), lambda: f"left behind: {json.dumps(self.left())}")
        return "nothing"

    def left(self) -> dict[str, t.Any]:
        """What the reader finds, as far as it finds anything; without the sums of all images, which take long."""
        reader = look.Host(self.directory)
        found = {
            "loops": reader.loops(),
            "mounts": [mount for mount in reader.mounts() if mount["source"] != SCRATCH],
            "processes": reader.processes(),
            "records": reader.record_files(),
            "fstab": [line for line in reader.fstab().splitlines() if f"{self.directory}/" in line],
            "layers": sorted(os.listdir(self.layers)),
            "made": sorted(set(os.listdir(MADE)) & reader.tags) if MADE.is_dir() else [],
        }
        return {kind: things for kind, things in found.items() if things}

    def sweep(self) -> dict[str, t.Any]:
        """Take away whatever a case that failed has left."""
        left = self.left()
        if left:
            look.Host(self.directory).sweep()
            shutil.rmtree(self.layers)
            self.layers.mkdir()
        return left

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
    """qemu-img check, then e2fsck of the first partition, without mending anything."""
    raw = scratch / "check.raw"
    try:
        checked = subprocess.run(["qemu-img", "check", "-q", image], check=False, stderr=subprocess.DEVNULL)
        assert checked.returncode in (0, ONLY_LEAKS), f"qemu-img check ended with {checked.returncode}"
        subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
        fsck = subprocess.run(["e2fsck", "-fn", f"{raw}?offset={FIRST}"], capture_output=True, text=True, check=False)
        assert fsck.returncode == 0, fsck.stdout + fsck.stderr
    finally:
        raw.unlink(missing_ok=True)
