# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""File systems with a known content, made in plain files. Nothing here is mounted and no kernel driver is asked."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import typing as t
from pathlib import Path

MIB = 1 << 20
PLANTED = "srv/planted"
PENDING = "srv/pending"
PLANTED_BYTES = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(4096))
BLOCK = 1024
# mkfs.xfs refuses what is smaller than 300 MiB unless its own test suite asks; older ones ignore these variables.
XFS_SMALL = {"TEST_DIR": "/nowhere", "TEST_DEV": "/nowhere", "QA_CHECK_FS": "/nowhere"}


def run(*argv: object, stdin: t.Optional[t.IO[str]] = None, env: t.Optional[dict[str, str]] = None) -> str:
    done = subprocess.run(
        [str(word) for word in argv],
        check=True,
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    return done.stdout


# Of a guest whose second partition is its /srv/data, and which knows of more than this disk.
FSTAB = "LABEL=planted-root / ext4\nPARTLABEL=second /srv/data ext4\n/dev/sdb1 /mnt ext4\n"


def tree(place: Path, system: bool) -> Path:
    """What lies on every file system here; system: it is a guest's root, too."""
    (place / "srv").mkdir(parents=True)
    (place / PLANTED).write_bytes(PLANTED_BYTES)
    (place / PENDING).write_bytes(b"old " * (BLOCK // 4))
    if system:
        (place / "etc").mkdir()
        (place / "etc/os-release").write_text("ID=planted\n", encoding="ascii")
        (place / "etc/fstab").write_text(FSTAB, encoding="ascii")
        (place / "etc/hostname").write_text("guest.example\n", encoding="ascii")
        (place / "srv/data").mkdir()
    return place


def sized(path: Path, size: int) -> Path:
    with open(path, "wb") as stream:
        stream.truncate(size)
    return path


def ext4(path: Path, size: int, label: str, uuid: str, system: bool = True) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        content = tree(Path(scratch) / "tree", system)
        # Nothing is left for the kernel to do later: what it wrote by itself would pass for a change of ours.
        finished = ("-E", "lazy_itable_init=0,lazy_journal_init=0")
        run("mkfs.ext4", "-q", "-F", *finished, "-b", BLOCK, "-L", label, "-U", uuid, "-d", content, sized(path, size))
    return path


def leave_journal_dirty(path: Path) -> None:
    """Commit to an ext4's journal, and only there, that PENDING reads 'new', as after a loss of power."""
    with tempfile.TemporaryDirectory() as scratch:
        content, orders = Path(scratch) / "content", Path(scratch) / "orders"
        content.write_bytes(b"new " * (BLOCK // 4))
        block = run("debugfs", "-R", f"blocks /{PENDING}", path).split()[0]
        orders.write_text(f"journal_open\njournal_write -b {block} {content}\njournal_close\n", encoding="ascii")
        run("debugfs", "-w", "-f", orders, path)
    if "needs_recovery" not in run("dumpe2fs", "-h", path):
        raise SystemExit(f"{path}: debugfs left no dirty journal")


def xfs(path: Path, size: int, label: str, uuid: str) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        content = tree(Path(scratch) / "tree", True)
        prototype = Path(scratch) / "prototype"
        prototype.write_text(
            "/nowhere\n0 0\nd--755 0 0\n"
            f"etc d--755 0 0\nos-release ---644 0 0 {content}/etc/os-release\n$\n"
            f"srv d--755 0 0\nplanted ---644 0 0 {content}/{PLANTED}\n$\n$\n",
            encoding="ascii",
        )
        run(
            "mkfs.xfs", "-q", "-f", "-L", label, "-m", f"uuid={uuid}", "-p", prototype, sized(path, size), env=XFS_SMALL
        )
    return path


def btrfs(path: Path, size: int, label: str, uuid: str) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        content = tree(Path(scratch) / "tree", True)
        run("mkfs.btrfs", "-q", "-f", "-M", "-L", label, "-U", uuid, "-r", content, sized(path, size))
    return path
