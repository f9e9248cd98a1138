# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: copy_collection.py FROM TO: mirror what git knows or would take; prints nothing.

ansible-test resolves a symbolic link away and then misses the directory names it wants, and a clone would lack what is
not committed yet. Files that did not change keep their times, so that caches which look at them stay warm.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def names_known_to_git(source: Path) -> set[str]:
    command = ["git", "-C", str(source), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    names = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    # The index still lists what was deleted and not yet committed. ansible-test takes a PDF for text, and no use of the
    # collection needs those in docs/.
    return {name for name in names if os.path.lexists(source / name) and not name.endswith(".pdf")}


def same(source: Path, target: Path) -> bool:
    if not os.path.lexists(target) or source.is_symlink() or target.is_symlink():
        return False
    ours, theirs = source.stat(), target.stat()
    return (ours.st_size, ours.st_mtime_ns, ours.st_mode) == (theirs.st_size, theirs.st_mtime_ns, theirs.st_mode)


def copy(source: Path, target: Path) -> None:
    if same(source, target):
        return
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def remove_others(target: Path, names: set[str]) -> None:
    for folder, folders, files in os.walk(target, topdown=False):
        for name in files + [name for name in folders if (Path(folder) / name).is_symlink()]:
            path = Path(folder) / name
            relative = str(path.relative_to(target))
            if relative not in names and not relative.startswith("tests/output/"):
                path.unlink()
        if not os.listdir(folder):
            os.rmdir(folder)


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    # Mirroring removes what the source does not name, and through a link that would be the clone's own history.
    if target.is_symlink() or target.resolve() in (source.resolve(), *source.resolve().parents):
        sys.exit(f"error: {target} is the clone itself or a link to it: name a directory of its own to copy to")
    names = names_known_to_git(source)
    # First the removals: a file may have become a directory.
    if target.exists():
        remove_others(target, names)
    for name in names:
        copy(source / name, target / name)


if __name__ == "__main__":
    main()
