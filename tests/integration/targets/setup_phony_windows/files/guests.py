# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of guest_driver do with phony guests: make them, ask for drivers, and read them back independently.

Run by the system's own Python, which has hivex; the reader runs under another one, which has dissect.regf.
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import driver_packages
import phony_windows

HERE = pathlib.Path(__file__).resolve().parent
# The engine under test, from the collection that this file is a part of.
COLLECTION = next(path for path in HERE.parents if (path / "galaxy.yml").exists())
sys.path.insert(0, str(COLLECTION.parent.parent.parent))

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import SystemRunner  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import engine  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.request import Request  # noqa: E402

HIVES = ("SYSTEM", "SOFTWARE")


class Lab:
    """A directory full of guests. reader: command that starts hive_reader.py's Python."""

    def __init__(self, place: pathlib.Path, reader: str) -> None:
        self.place = place
        self._templates: dict[str, pathlib.Path] = {}
        self._count = 0
        self._reader = subprocess.Popen(
            [reader, HERE / "hive_reader.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        self._reader.stdin.close()
        self._reader.wait()

    def source(self, layout: str, version: str = driver_packages.VIRTIO_VERSION, signer: str | None = None) -> str:
        """A directory of drivers; ``virtio.iso`` and ``virtio.zip`` are the ISO layout packed."""
        name = f"drivers-{layout}-{version}-{signer}"
        path = self.place / name
        if not path.exists():
            more = {} if signer is None else {"signer": signer}
            path.mkdir()
            driver_packages.MAKERS[layout](path, version, layout, **more)
        return str(path)

    def packed(self, kind: str) -> str:
        source, target = self.source("iso"), self.place / f"virtio.{kind}"
        if not target.exists():
            if kind == "iso":
                command = ["genisoimage", "-quiet", "-J", "-r", "-o", str(target), source]
                subprocess.run(command, check=True)
            else:
                shutil.make_archive(str(target.with_suffix("")), "zip", source)
        return str(target)

    def guest(self, kind: str, reg: str = "") -> str:
        """A fresh guest. reg: further .reg text for its SYSTEM hive."""
        key = f"{kind}-{hashlib.sha256(reg.encode()).hexdigest()[:8]}"
        if key not in self._templates:
            template = self.place / f"template-{key}"
            phony_windows.make_tree(phony_windows.KINDS[kind], template, reg)
            self._templates[key] = template
        self._count += 1
        root = self.place / f"guest-{self._count}"
        shutil.copytree(self._templates[key], root)
        return str(root)

    def registry(self, root: str) -> dict[str, dict]:
        """Both hives, every key."""
        return {name: self.hive(hive_path(root, name)) for name in HIVES}

    def hive(self, path: str) -> dict:
        self._reader.stdin.write(f"{path}\n")
        self._reader.stdin.flush()
        return json.loads(self._reader.stdout.readline())


def hive_path(root: str, name: str) -> str:
    return f"{root}/Windows/System32/config/{name}"


def ask(root: str | list[str], *, check: bool = False, **wanted: object) -> dict:
    roots = [root] if isinstance(root, str) else root
    return engine.plan_and_apply(Host(SystemRunner()), [Request(each, **wanted) for each in roots], check=check)


def files(root: str) -> dict[str, str]:
    """Digest of every file by its path, and the directories."""
    found = {}
    for directory, _below, names in os.walk(root):
        found[os.path.relpath(directory, root)] = "directory"
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as stream:
                found[os.path.relpath(path, root)] = hashlib.sha256(stream.read()).hexdigest()
    return found


def besides_hives(root: str) -> dict[str, str]:
    return {name: digest for name, digest in files(root).items() if not name.endswith(HIVES)}


__all__ = ["HIVES", "FleetError", "Lab", "ask", "besides_hives", "files", "hive_path"]
