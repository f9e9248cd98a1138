# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: run_faults.py [WORD…]: let real faults happen while disks are attached, and print the table of docs/faults.md.

WORD: only the cases of these files.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from world import World

FILES = ("killing", "servers", "space", "races", "images", "swapped", "names", "fuzz", "role")


def run(words: list[str], world: World) -> int:
    failed = 0
    print("| fault | what was seen | what was left | seconds |\n|---|---|---|---|")
    for name in words or FILES:
        for case in importlib.import_module(name).cases():
            began = time.monotonic()
            try:
                line = case(world)
                print(f"| {line.fault} | {line.seen} | {line.left} | {time.monotonic() - began:.1f} |", flush=True)
            except (AssertionError, LookupError, OSError, TypeError, ValueError, subprocess.SubprocessError):
                failed += 1
                traceback.print_exc()
                print(f"| {name}: {case} | FAILED | {list(world.sweep())} | |")
    return failed


def main() -> None:
    # Not under /tmp, which may be small and in memory.
    directory = Path(tempfile.mkdtemp(prefix="homevirt-fleet-faults-", dir="/var/tmp"))
    try:
        world = World(directory)
        failed = run(sys.argv[1:], world)
        left = world.sweep()
        assert not left, left
    finally:
        shutil.rmtree(directory)
    sys.exit(f"{failed} cases failed" if failed else 0)


if __name__ == "__main__":
    main()
