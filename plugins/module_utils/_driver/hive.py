# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Registry hive files through hivex, the only module that knows its words."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import LibraryMissing, ToolFailed
from .hive_file import header
from .registry import Change, Path, RegValue

try:
    import hivex
except ImportError:
    hivex = None


class Hive:
    """A hive that is read, as registry.Reader. Raises LibraryMissing, ToolFailed."""

    def __init__(self, path: str, *, write: bool = False) -> None:
        if hivex is None:
            raise LibraryMissing(
                "hivex",
                "this Python has no module of that name",
                "install the distribution's package (Debian and Fedora: python3-hivex) and use its own Python",
            )
        self.path = path
        try:
            self._hive = hivex.Hivex(path, write=write)
            self._root = self._hive.root()
        except RuntimeError as error:
            raise self._failed(error) from None

    def values(self, path: Path) -> t.Optional[dict[str, RegValue]]:
        node = self._node(path)
        if node is None:
            return None
        try:
            found = self._hive.node_values(node)
            return {self._hive.value_key(each): RegValue(*self._hive.value_value(each)) for each in found}
        except RuntimeError as error:
            raise self._failed(error) from None

    def children(self, path: Path) -> list[str]:
        node = self._node(path)
        if node is None:
            return []
        try:
            return [self._hive.node_name(each) for each in self._hive.node_children(node)]
        except RuntimeError as error:
            raise self._failed(error) from None

    def write(self, changes: t.Sequence[Change]) -> None:
        """Make the changes in the file, in their order."""
        try:
            for change in changes:
                self._write(change)
            self._hive.commit(None)
        except RuntimeError as error:
            raise self._failed(error) from None

    def _write(self, change: Change) -> None:
        if change.name is None:
            if change.after:
                self._hive.node_add_child(self._there(change.path[:-1]), change.path[-1])
            else:
                self._hive.node_delete_child(self._there(change.path))
            return
        node = self._there(change.path)
        if isinstance(change.after, RegValue):
            self._hive.node_set_value(node, {"key": change.name, "t": change.after.type, "value": change.after.data})
            return
        # hivex takes no single value away: all others are set anew.
        kept = [
            {"key": name, "t": value.type, "value": value.data}
            for name, value in (self.values(change.path) or {}).items()
            if name.casefold() != change.name.casefold()
        ]
        self._hive.node_set_values(node, kept)

    def _there(self, path: Path) -> int:
        node = self._node(path)
        if node is None:
            raise ToolFailed(self.path, f"the key {chr(92).join(path)} is not there", "run again")
        return node

    def _node(self, path: Path) -> t.Optional[int]:
        node: t.Optional[int] = self._root
        try:
            for part in path:
                node = self._hive.node_get_child(node, part)
                if not node:
                    return None
        except RuntimeError as error:
            raise self._failed(error) from None
        return node

    def _failed(self, error: Exception) -> ToolFailed:
        return ToolFailed(
            self.path, f"hivex cannot do that: {error}", "start the guest once so that Windows mends its registry"
        )


def change(path: str, changes: t.Sequence[Change]) -> None:
    """Change a hive file and put it onto the disk. Raises ToolFailed."""
    Hive(path, write=True).write(changes)
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def check(path: str, changes: t.Sequence[Change], shown: str) -> None:
    """Open a hive file anew and look whether the changes are in it. Raises ToolFailed."""
    found = header(path)
    hive = Hive(path)
    wrong = "" if found.sound and found.first == found.second else "its header is not what it should be"
    for each in changes:
        values = hive.values(each.path)
        if each.name is None:
            now: t.Any = values is not None
        else:
            now = next(
                (value for name, value in (values or {}).items() if name.casefold() == each.name.casefold()), None
            )
        if now != each.after:
            wrong = f"{chr(92).join(each.path)} {each.name or ''} is not as it was written"
    if wrong:
        raise ToolFailed(shown, f"hivex wrote it without an error, but {wrong}", "report this; the guest is as it was")


__all__ = ["Hive", "change", "check"]
