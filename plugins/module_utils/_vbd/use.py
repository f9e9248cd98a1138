# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Somebody who uses an image."""

from __future__ import annotations

import typing as t


class Use(t.NamedTuple):
    """One user.

    who:    e.g. ``qemu-system-x86 (pid 4711)``, ``/dev/loop3``, ``domain web (7) as xvda``.
    pid:    0 where it is no process.
    device: "" where it is none of this host.
    vbd:    the place of a Xen domain's disk, (domid, devid); () for none.
    hint:   what to do about it, where that is not what usually is to be done.
    """

    who: str
    writes: bool
    pid: int = 0
    device: str = ""
    vbd: tuple[int, ...] = ()
    hint: str = ""

    def public(self) -> dict[str, t.Any]:
        """As modules return it."""
        return {"who": self.who, "writes": self.writes, "pid": self.pid, "device": self.device}


__all__ = ["Use"]
