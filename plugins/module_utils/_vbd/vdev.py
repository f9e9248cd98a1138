# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Xen's names and numbers of virtual disks, as in xen-vbd-interface(7)."""

from __future__ import annotations

import re
import typing as t

NAME = re.compile(r"(?:/dev/)?(xvd|sd|hd)([a-z]{1,4})([1-9][0-9]{0,2})?")
XVD_MAJOR, SD_MAJOR = 202, 8
# IDE has two disks a major number.
HD_MAJORS = (3, 22)
EXTENDED = 1 << 28
# The highest disk and partition that the old numbering of xvd and sd has room for.
LAST_SHORT = 15
LAST_PARTITION = 255
LETTERS = 26


class Vdev(t.NamedTuple):
    """kind: xvd, sd or hd; disk: 0 is a, 26 is aa; partition: 0 is the whole disk."""

    kind: str
    disk: int
    partition: int

    @property
    def name(self) -> str:
        """E.g. ``xvda`` or ``xvdaa3``."""
        return self.kind + _letters(self.disk) + (str(self.partition) if self.partition else "")

    @property
    def devid(self) -> int:
        """The number that names it in xenstore."""
        if self.kind == "hd":
            return HD_MAJORS[self.disk // 2] << 8 | (self.disk % 2) << 6 | self.partition
        if self.disk <= LAST_SHORT and self.partition <= LAST_SHORT:
            return (XVD_MAJOR if self.kind == "xvd" else SD_MAJOR) << 8 | self.disk << 4 | self.partition
        return EXTENDED | self.disk << 8 | self.partition


def parse(text: str) -> t.Optional[Vdev]:
    """Read ``xvda``, ``/dev/xvda1``, ``sdb`` or ``hda``; None where it is no name that Xen has a number for."""
    match = NAME.fullmatch(text)
    if match is None:
        return None
    found = Vdev(match[1], _number(match[2]), int(match[3] or 0))
    small = {"xvd": (EXTENDED >> 8, LAST_PARTITION), "sd": (LAST_SHORT, LAST_SHORT), "hd": (3, 63)}
    last_disk, last_partition = small[found.kind]
    return found if found.disk <= last_disk and found.partition <= last_partition else None


def of_devid(devid: int) -> t.Optional[Vdev]:
    """The reverse of Vdev.devid; None for a number of no disk."""
    if devid & EXTENDED:
        return Vdev("xvd", (devid ^ EXTENDED) >> 8, devid & 0xFF)
    major, minor = devid >> 8, devid & 0xFF
    if major in HD_MAJORS:
        return Vdev("hd", HD_MAJORS.index(major) * 2 + (minor >> 6), minor & 0x3F)
    kind = {XVD_MAJOR: "xvd", SD_MAJOR: "sd"}.get(major)
    return Vdev(kind, minor >> 4, minor & 0xF) if kind else None


def shown(devid: int) -> str:
    """A device number as a person knows it."""
    found = of_devid(devid)
    return found.name if found else str(devid)


def first_free(taken: t.Iterable[int]) -> Vdev:
    """The first whole xvd disk beside these device numbers, whatever kind they are: a guest may call sda xvda too."""
    disks = {found.disk for found in map(of_devid, taken) if found}
    return Vdev("xvd", next(number for number in range(len(disks) + 1) if number not in disks), 0)


def _letters(number: int) -> str:
    word = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, LETTERS)
        word = chr(ord("a") + rest) + word
    return word


def _number(word: str) -> int:
    number = 0
    for letter in word:
        number = number * LETTERS + ord(letter) - ord("a") + 1
    return number - 1


__all__ = ["Vdev", "first_free", "of_devid", "parse", "shown"]
