# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The device-mapper of a modelled host: dmsetup, cryptsetup, and what sysfs shows of their devices.

volumes:   {end of a device's name: blkid's tags} of what they show.
passwords: {passphrase or path of a key file} that opens every encrypted device.
"""

from __future__ import annotations

import pathlib


class FakeMapper:
    """What FakeHost has on top of disks and partitions."""

    def __init__(self):
        self.volumes = {}
        self.passwords = set()
        self.tables = {}
        self.shown_at = {}

    def _dmsetup(self, argv):
        if argv[0] == "remove":
            return self._unmap(argv[-1])
        table = self.given
        below = [word for line in table.splitlines() for word in line.split() if word.startswith(str(self.root))]
        self.tables[argv[-1]] = self.shown(table)
        return self._map(argv[-1], below)

    def _cryptsetup(self, argv):
        if argv[0] == "close":
            return self._unmap(argv[-1])
        key = argv[argv.index("--key-file") + 1]
        if (self.given if key == "-" else key) not in self.passwords:
            return "", 2
        return self._map(argv[-1], [argv[-2]])

    def _udevadm(self, argv):
        return None

    def _map(self, name, below):
        if any((place / "dm/name").read_text().strip() == name for place in self._mapped()):
            return "", 1
        node = f"dm-{next(self.minors)}"
        place = self.root / f"sys/block/{node}"
        for directory in ("dm", "holders", "slaves"):
            (place / directory).mkdir(parents=True)
        (place / "dm/name").write_text(f"{name}\n")
        (place / "dev").write_text(f"252:{node[3:]}\n")
        (place / "size").write_text("64\n")
        for device in dict.fromkeys(below):
            lower = self._node(device).parent
            (lower / "holders" / node).touch()
            (place / "slaves" / lower.name).touch()
        (self.root / f"dev/{node}").touch()
        return None

    def _unmap(self, name):
        for place in self._mapped():
            if (place / "dm/name").read_text().strip() == name:
                if any((place / "holders").iterdir()) or f"/dev/{place.name} " in self._table():
                    return "", 1
                for lower in (self.root / "sys/block").rglob(f"holders/{place.name}"):
                    lower.unlink()
                self._remove_disk(place.name)
                return None
        return "", 1

    def _mapped(self):
        return list((self.root / "sys/block").glob("dm-*"))

    def _table(self):
        return (self.root / "proc/self/mountinfo").read_text()

    def _fill(self, device, path):
        """Show the files of a file system where it is mounted; a directory is one whose text is None."""
        if device.startswith("dm-"):
            device = (self.root / f"sys/block/{device}/dm/name").read_text().strip()
        for end, files in self.trees.items():
            if device.endswith(end):
                self.shown_at[str(path)] = []
                for name, text in files.items():
                    file = path / name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.mkdir(exist_ok=True) if text is None else file.write_text(text)
                    self.shown_at[str(path)].append(name)

    def _empty(self, path):
        """And take them away again, with the directories that nothing is in any more."""
        for name in reversed(self.shown_at.pop(path, [])):
            file = pathlib.Path(path) / name
            file.rmdir() if file.is_dir() else file.unlink()
            for parent in file.relative_to(path).parents:
                if str(parent) != "." and not any((pathlib.Path(path) / parent).iterdir()):
                    (pathlib.Path(path) / parent).rmdir()

    def _tags_of(self, node):
        """blkid's tags of one of these devices."""
        name = (self.root / f"sys/block/{node}/dm/name").read_text().strip()
        return next((tags for end, tags in self.volumes.items() if name.endswith(end)), None)
