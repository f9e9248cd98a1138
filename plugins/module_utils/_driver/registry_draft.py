# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A hive as it is to become: planners change the draft, and what differs from the hive in the end is what is written.

So a plan that brings nothing new has no changes, whatever it consisted of.
"""

from __future__ import annotations

import contextlib
import typing as t

from .registry import Change, Path, Reader, RegValue

Folded = tuple[str, ...]


class Entry(t.NamedTuple):
    """What a planner did to a key or value, as it is written down so that it can be taken back."""

    hive: str
    path: Path
    name: t.Optional[str]
    before: t.Union[RegValue, bool, None]
    after: t.Union[RegValue, bool, None]


class _Key:
    def __init__(self, path: Path, values: t.Optional[dict[str, RegValue]], children: t.Sequence[str]) -> None:
        self.path = path
        self.existed = self.exists = values is not None
        self.old = {name.casefold(): (name, value) for name, value in (values or {}).items()}
        self.new = dict(self.old)
        self.children = {child.casefold(): child for child in children}


class Draft:
    """One hive's draft. name: of the hive, such as SYSTEM."""

    def __init__(self, name: str, reader: Reader) -> None:
        self.name = name
        self._reader = reader
        self._keys: dict[Folded, _Key] = {}
        self._entries: t.Optional[list[Entry]] = None

    @contextlib.contextmanager
    def recording(self) -> t.Iterator[list[Entry]]:
        """Collect what is changed while the block runs."""
        self._entries = entries = []
        try:
            yield entries
        finally:
            self._entries = None

    def exists(self, path: Path) -> bool:
        return self._key(path).exists

    def get(self, path: Path, name: str) -> t.Optional[RegValue]:
        found = self._key(path).new.get(name.casefold())
        return found[1] if found else None

    def values(self, path: Path) -> t.Optional[dict[str, RegValue]]:
        """As registry.Reader has it, so that a draft is read as a hive is."""
        key = self._key(path)
        return dict(key.new.values()) if key.exists else None

    def names(self, path: Path) -> list[str]:
        """Names of a key's values."""
        return [name for name, _value in self._key(path).new.values()]

    def children(self, path: Path) -> list[str]:
        return list(self._key(path).children.values())

    def ensure(self, path: Path) -> None:
        """Make a key and those above it, where missing."""
        key = self._key(path)
        if key.exists:
            return
        if path:
            self.ensure(path[:-1])
            self._key(path[:-1]).children.setdefault(path[-1].casefold(), path[-1])
        key.exists = True
        self._note(key.path, None, False, True)

    def set(self, path: Path, name: str, value: RegValue) -> None:
        self.ensure(path)
        key = self._key(path)
        old = key.new.get(name.casefold())
        if old is None or old[1] != value:
            key.new[name.casefold()] = (old[0] if old else name, value)
            self._note(key.path, old[0] if old else name, old[1] if old else None, value)

    def unset(self, path: Path, name: str) -> None:
        key = self._key(path)
        old = key.new.pop(name.casefold(), None)
        if old is not None:
            self._note(key.path, old[0], old[1], None)

    def remove(self, path: Path) -> None:
        """Take a key away with all that is in it."""
        key = self._key(path)
        if not key.exists:
            return
        for child in list(key.children.values()):
            self.remove((*path, child))
        for name in self.names(path):
            self.unset(path, name)
        key.exists = False
        self._key(path[:-1]).children.pop(path[-1].casefold(), None)
        self._note(key.path, None, True, False)

    def changes(self) -> list[Change]:
        """What differs from the hive, in the order in which it can be done."""
        gone: list[Change] = []
        come: list[Change] = []
        for folded in sorted(self._keys):
            key = self._keys[folded]
            if key.exists and not key.existed:
                come.append(Change(key.path, None, False, True))
            for each in sorted({*key.old, *key.new}):
                old, new = key.old.get(each), key.new.get(each)
                if (old and old[1]) != (new and new[1]):
                    name = (new or old or ("",))[0]
                    change = Change(key.path, name, old[1] if old else None, new[1] if new else None)
                    (come if new else gone).append(change)
            if key.existed and not key.exists:
                gone.append(Change(key.path, None, True, False))
        # The deepest first, and a key after its values.
        gone.sort(key=lambda change: (-len(change.path), change.name is None))
        return gone + come

    def _key(self, path: Path) -> _Key:
        folded = tuple(part.casefold() for part in path)
        if folded not in self._keys:
            values = self._reader.values(path)
            self._keys[folded] = _Key(path, values, self._reader.children(path) if values is not None else ())
        return self._keys[folded]

    def _note(
        self,
        path: Path,
        name: t.Optional[str],
        before: t.Union[RegValue, bool, None],
        after: t.Union[RegValue, bool, None],
    ) -> None:
        if self._entries is not None:
            self._entries.append(Entry(self.name, path, name, before, after))


def take_back(drafts: t.Mapping[str, Draft], entries: t.Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Undo entries in drafts, the last first.

    What somebody else has changed since stays; returned are the entries of keys that could not go yet because
    something is in them, and sentences about values that were left.
    """
    kept: list[Entry] = []
    left: list[str] = []
    for entry in reversed(entries):
        draft = drafts[entry.hive]
        if entry.name is None:
            if entry.before:
                draft.ensure(entry.path)
            elif draft.exists(entry.path) and (draft.names(entry.path) or draft.children(entry.path)):
                kept.insert(0, entry)
            else:
                draft.remove(entry.path)
            continue
        now = draft.get(entry.path, entry.name)
        if now == entry.after and isinstance(entry.before, RegValue):
            draft.set(entry.path, entry.name, entry.before)
        elif now == entry.after:
            draft.unset(entry.path, entry.name)
        elif now != entry.before:
            left.append(f"{entry.hive}\\{chr(92).join(entry.path)}: {entry.name or '@'} was changed since and stays")
    return kept, left


__all__ = ["Draft", "Entry", "take_back"]
