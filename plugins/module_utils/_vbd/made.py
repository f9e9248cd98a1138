# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Directories that were made as mount points, remembered where a reboot leaves them, as it leaves the directories.

One file per attachment. After a reboot its record in /run is gone; then the directories go too, where they are empty.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from .._common.host import Host
from . import ledger
from .ledger import Record


def _base(host: Host) -> str:
    return f"{host.lib}/{ledger.OWNER}/vbd"


def of(record: t.Optional[Record]) -> list[list[str]]:
    """[mount point, topmost directory made for it] for each of a record's mounts that needed any."""
    return [[entry.path, entry.made] for entry in (record.mounts if record else ()) if entry.made]


def remember(host: Host, record: Record) -> None:
    """Write down what was, or is about to be, made; whole or not at all."""
    path = f"{_base(host)}/{record.tag}"
    pairs = of(record)
    if not pairs:
        forget(host, record.tag)
        return
    os.makedirs(_base(host), mode=0o700, exist_ok=True)
    draft = f"{path}.new"
    with open(draft, "w", encoding="utf-8", errors="surrogateescape") as stream:
        json.dump(pairs, stream)
    os.replace(draft, path)


def forget(host: Host, tag: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{_base(host)}/{tag}")


def sweep(host: Host) -> None:
    """Remove what was made for attachments that a reboot has ended. Needs the lock."""
    for tag in os.listdir(_base(host)) if os.path.isdir(_base(host)) else ():
        if not os.path.exists(f"{ledger.base(host)}/{tag}"):
            for path, made in _read(f"{_base(host)}/{tag}"):
                _remove(path, made)
            forget(host, tag)


def _read(path: str) -> list[list[str]]:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return [[str(place), str(made)] for place, made in json.load(stream)]
    except (ValueError, TypeError):
        # It only keeps things tidy, so nothing fails for it.
        return []


def _remove(path: str, made: str) -> None:
    """From the mount point up to what was made. What is not empty, or is mounted upon, is somebody else's by now."""
    while path == made or path.startswith(f"{made}/"):
        try:
            os.rmdir(path)
        except FileNotFoundError:
            pass
        except OSError:
            return
        path = os.path.dirname(path)


__all__ = ["forget", "of", "remember", "sweep"]
