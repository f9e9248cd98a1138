# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A guest's own /etc/fstab (fstab(5)) and /etc/crypttab (crypttab(5)): which line means which file system here."""

from __future__ import annotations

import re
import typing as t

from .._common import rooted
from . import selection
from .partitions import Partition

OCTAL = re.compile(r"\\([0-7]{3})")
HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
TAGS = ("UUID", "LABEL", "PARTUUID", "PARTLABEL")
# A disk's name in a guest, and the number of the partition: sda1, xvda1, nvme0n1p1, mmcblk0p1.
NODE = re.compile(r"/dev/((?:[shv]|xv)d[a-z]+|(?:nvme\d+n|mmcblk)\d+(?=p))p?(\d+)")
FIRST = re.compile(r"(?:[shv]|xv)da|nvme0n1|mmcblk0")
NETWORK = ("nfs", "nfs4", "cifs", "smb3", "sshfs", "fuse.sshfs", "ceph", "glusterfs", "9p", "virtiofs")


class Line(t.NamedTuple):
    """spec: what is mounted, as written; path: where, inside the guest."""

    spec: str
    path: str
    fstype: str
    options: tuple[str, ...]

    @property
    def subvolume(self) -> str:
        """The options that say which subvolume of a btrfs, to be passed on; all others are the guest's own affair."""
        return ",".join(word for word in self.options if word.startswith(("subvol=", "subvolid=")))


def read(root: str) -> list[Line]:
    """The lines of the fstab of a guest that is mounted at root, those nearer to its root first."""
    lines = [_line(text) for text in rooted.text(root, "/etc/fstab").split("\n")]
    found = [line for line in lines if line is not None]
    return sorted(found, key=lambda line: len([part for part in line.path.split("/") if part]))


def _line(text: str) -> t.Optional[Line]:
    words = text.split()
    if len(words) < 2 or words[0].startswith("#"):
        return None
    spec, path, fstype, options = (*words, "auto", "defaults")[:4] if len(words) == 2 else (*words, "defaults")[:4]
    plain = [OCTAL.sub(lambda match: chr(int(match[1], 8)), word) for word in (spec, path)]
    return Line(plain[0], plain[1], fstype, tuple(options.split(",")))


def why_skipped(line: Line) -> str:
    """Why a line is not for a file system of a disk; "" where it is."""
    if line.fstype == "swap" or line.path in ("none", "swap"):
        return "it is swap space"
    if line.fstype in NETWORK or ":/" in line.spec:
        return "it is on the network"
    if {"bind", "rbind"} & set(line.options):
        return "it is a directory shown a second time (bind)"
    if not line.spec.startswith(("/dev/", *(f"{tag}=" for tag in TAGS))):
        return f"it is on no disk ({line.fstype})"
    return "the guest mounts it only when asked to (noauto)" if "noauto" in line.options else ""


def crypttab(root: str) -> dict[str, str]:
    """{name below /dev/mapper: what is encrypted}."""
    found = {}
    for text in rooted.text(root, "/etc/crypttab").split("\n"):
        words = text.split()
        if len(words) >= 2 and not words[0].startswith("#"):
            found[words[0]] = words[1]
    return found


def meant(
    spec: str, found: t.Sequence[Partition], names: t.Mapping[str, str], root: tuple[str, int]
) -> t.Optional[Partition]:
    """The file system on this disk that a guest's word stands for; None where it is not one of them, or several.

    names: the guest's crypttab; root: its root file system, as its fstab writes it, and the number of its partition.
    """
    matches = {selection.innermost(partition, found) for partition in found if _stands(spec, partition, names, root)}
    if not matches and spec.rpartition("/")[2] in names and spec.startswith("/dev/mapper/"):
        return meant(names[spec.rpartition("/")[2]], found, {}, root)
    return next(iter(matches)) if len(matches) == 1 else None


def _stands(spec: str, partition: Partition, names: t.Mapping[str, str], root: tuple[str, int]) -> bool:
    tag, value = _tag(spec)
    if tag:
        said = {
            "UUID": partition.uuid,
            "LABEL": partition.label,
            "PARTUUID": partition.partuuid,
            "PARTLABEL": partition.partlabel,
        }[tag]
        return bool(said) and (said.lower() == value.lower() if tag.endswith("UUID") else said == value)
    if partition.volume:
        group, name = partition.volume.split("/", 1)
        mapped = f"{group.replace('-', '--')}-{name.replace('-', '--')}"
        return spec in (f"/dev/{group}/{name}", f"/dev/mapper/{mapped}")
    return partition.number != 0 and partition.number == _number(spec, root)


def _tag(spec: str) -> tuple[str, str]:
    tag, equals, value = spec.partition("=")
    if equals and tag in TAGS:
        return tag, value.strip("\"'")
    for name in TAGS:
        prefix = f"/dev/disk/by-{name.lower()}/"
        if spec.startswith(prefix):
            return name, HEX.sub(lambda match: chr(int(match[1], 16)), spec[len(prefix) :])
    return "", ""


def _number(spec: str, root: tuple[str, int]) -> int:
    """The partition that a node of the guest stands for; 0 where it need not be of this disk.

    It is of this disk where the root file system, which is, has the same disk's name; or where it is the first.
    """
    match = NODE.fullmatch(spec)
    if not match:
        return 0
    own = NODE.fullmatch(root[0])
    same = own is not None and own[1] == match[1] and int(own[2]) == root[1]
    return int(match[2]) if same or (own is None and FIRST.fullmatch(match[1])) else 0


__all__ = ["Line", "crypttab", "meant", "read", "why_skipped"]
