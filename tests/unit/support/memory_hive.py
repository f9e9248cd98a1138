# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry hive in memory, read and changed as hivex does it."""

from __future__ import annotations


class Memory:
    """A hive: {path: values}, names without regard to case. Changes are made in their order, as hivex makes them."""

    def __init__(self, keys):
        self.keys = {(): {}}
        for path, values in keys.items():
            for length in range(1, len(path)):
                self.keys.setdefault(folded(path[:length]), {})
            self.keys[folded(path)] = dict(values)

    def values(self, path):
        return self.keys.get(folded(path))

    def children(self, path):
        start = folded(path)
        return [each[-1] for each in self.keys if len(each) == len(start) + 1 and each[: len(start)] == start]

    def write(self, changes):
        for change in changes:
            path = folded(change.path)
            if change.name is None and change.after:
                assert path[:-1] in self.keys and path not in self.keys
                self.keys[path] = {}
            elif change.name is None:
                assert not self.keys[path] and not self.children(path)
                del self.keys[path]
            elif change.after is None:
                del self.keys[path][change.name]
            else:
                self.keys[path][change.name] = change.after


def folded(path):
    return tuple(part.casefold() for part in path)
