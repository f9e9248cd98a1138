# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Our lines in /etc/fstab (fstab(5)). Each is marked by an option that mount ignores, so ours are told from others'."""

from __future__ import annotations

import os
import re
import typing as t

PATH = "/etc/fstab"
MARK = "x-homevirt.fleet"
# Without these a boot waits for a disk that is not attached, and stops.
NEVER_AT_BOOT = "noauto,nofail"


def line(uuid: str, path: str, fstype: str, options: str) -> str:
    """One line for a file system by UUID, since device names change from one attachment to the next."""
    return f"UUID={uuid} {_escaped(path)} {fstype} {options},{NEVER_AT_BOOT},{MARK} 0 0\n"


def with_line(content: str, path: str, new: str) -> str:
    """The file's text with our line for this path replaced, added, or (new="") taken out; others stay as they are."""
    # Not splitlines(): only a newline ends a line of fstab, and a path may hold any other character.
    lines = re.findall(r"[^\n]*\n|[^\n]+", content)
    kept = [old for old in lines if not _is_ours(old, path)]
    if kept and not kept[-1].endswith("\n"):
        kept[-1] += "\n"
    return "".join(kept) + new


def change(path: str, new: str, file: str = PATH) -> None:
    """Rewrite the file with our line for a mount point changed; whole or not at all, mode and owner kept."""
    before = _content(file)
    after = with_line(before, path, new)
    if after == before:
        return
    draft = f"{file}.homevirt.fleet"
    with open(draft, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
        stream.write(after)
        stream.flush()
        os.fsync(stream.fileno())
    _copy_status(file, draft)
    os.replace(draft, file)


def has_line(path: str, file: str = PATH) -> bool:
    """Whether there is a line of ours for a mount point."""
    content = _content(file)
    return with_line(content, path, "") != content


def _content(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape", newline="\n") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def _copy_status(source: str, target: str) -> None:
    status: t.Optional[os.stat_result] = os.stat(source) if os.path.exists(source) else None
    os.chmod(target, status.st_mode & 0o7777 if status else 0o644)
    if status:
        os.chown(target, status.st_uid, status.st_gid)


def _is_ours(text: str, path: str) -> bool:
    fields = re.split("[ \t]+", text.strip(" \t\n"))
    return len(fields) >= 4 and fields[1] == _escaped(path) and MARK in fields[3].split(",")


def _escaped(path: str) -> str:
    return "".join(f"\\{ord(char):03o}" if char in " \t\n\\#" else char for char in path)


__all__ = ["MARK", "change", "has_line", "line", "with_line"]
