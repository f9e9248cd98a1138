# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The backends there are, and which of them serves a disk on this host."""

from __future__ import annotations

import typing as t

from .._common.errors import Refused
from .._common.host import Host
from .._common.runner import require
from .backend import Backend
from .backend_loop import LoopBackend
from .backend_nbd import NbdBackend
from .backend_nbdfuse import NbdfuseBackend
from .diskspec import DiskRequest

# The order in which ``auto`` tries them: the fewest layers first.
ORDER: tuple[Backend, ...] = (LoopBackend(), NbdBackend(), NbdfuseBackend())
BACKENDS: t.Mapping[str, Backend] = {backend.name: backend for backend in ORDER}


def choose(host: Host, wanted: DiskRequest) -> Backend:
    """The backend for a disk. Raises Refused with every backend's reason, or ToolMissing."""
    candidates = ORDER if wanted.backend == "auto" else (BACKENDS[wanted.backend],)
    reasons = []
    for backend in candidates:
        reason = backend.serves(wanted) or backend.usable(host)
        if not reason:
            require(host.runner, backend.programs)
            return backend
        reasons.append(f"{backend.name}: {reason}")
    raise Refused(wanted.image, "; ".join(reasons), "choose another backend, or leave it at auto")


__all__ = ["BACKENDS", "choose"]
