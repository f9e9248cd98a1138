# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sysfs and /dev of a modelled host show of its disks and their partitions."""

from __future__ import annotations


class FakeDisks:
    """root, contents, raw, minors and kernel_parses are those of FakeHost."""

    def _node(self, device):
        name = device.rpartition("/")[2]
        return next(path for path in (self.root / "sys/block").rglob(f"{name}/dev"))

    def _disk(self, name, major, minor, size):
        place = self.root / f"sys/block/{name}"
        (place / "holders").mkdir(parents=True)
        (place / "size").write_text(f"{size // 512}\n")
        (place / "dev").write_text(f"{major}:{minor}\n")
        (place / "diskseq").write_text(f"{next(self.minors)}\n")
        (place / "stat").write_text("7 0 56 1 0 0 0 0 0 1 1 0 0 0 0 0 0\n")
        (self.root / f"dev/{name}").touch()
        if self.kernel_parses and size:
            self._partition(name)

    def _partition(self, name):
        for number in self.contents:
            part = f"{name}{'' if name.startswith('xvd') else 'p'}{number}"
            place = self.root / f"sys/block/{name}/{part}"
            (place / "holders").mkdir(parents=True)
            (place / "partition").write_text(f"{number}\n")
            (place / "size").write_text("64\n")
            (place / "dev").write_text(f"259:{next(self.minors)}\n")
            (self.root / f"dev/{part}").write_bytes(self.raw.get(number, b""))

    def _remove_disk(self, name):
        place = self.root / f"sys/block/{name}"
        for path in sorted(place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        place.rmdir()
        for node in (self.root / "dev").glob(f"{name}*"):
            node.unlink()
