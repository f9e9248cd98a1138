# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter for qemu-nbd(8)."""

from __future__ import annotations

from .._common.host import Host
from .._common.runner import checked
from .ledger import Record

PROGRAM = "qemu-nbd"


def serve(host: Host, record: Record) -> list[str]:
    """The command that serves an image. The path is absolute, so QEMU takes no part of it for a protocol."""
    return [
        # nbdfuse runs it by the caller's PATH, which is not ours.
        host.runner.find(PROGRAM) or PROGRAM,
        f"--format={record.format}",
        *(["--snapshot"] if record.overlay else []),
        *(["--read-only"] if record.access == "r" else []),
        record.image,
    ]


def environment(record: Record) -> dict[str, str]:
    """Where ``--snapshot`` keeps its layer: a nameless file, so that nothing is left whatever happens."""
    return {"TMPDIR": record.layer} if record.overlay else {}


def disconnect(host: Host, device: str) -> None:
    """Take a /dev/nbdX away. It can fail without a word: look at the device afterwards."""
    checked(
        host.runner, [PROGRAM, "--disconnect", device], host.timeout, device, "see what holds it with lsblk and fuser"
    )


def connect(host: Host, record: Record, device: str) -> list[str]:
    """The command that serves an image on a /dev/nbdX, in the foreground."""
    program, *options = serve(host, record)
    # Without --verbose it goes into the background by itself, and systemd takes that for its end.
    return [program, "--verbose", f"--connect={device}", *options]


__all__ = ["PROGRAM", "connect", "disconnect", "environment", "serve"]
