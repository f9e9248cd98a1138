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


class Chooser:
    """Chooses a backend for each disk; asks a backend only once whether this host can use it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.unusable: dict[str, str] = {}

    def choose(self, wanted: DiskRequest) -> Backend:
        """The backend for a disk. Raises Refused with every backend's reason, or ToolMissing."""
        reasons = []
        for backend in ORDER if wanted.backend == "auto" else (BACKENDS[wanted.backend],):
            reason = backend.serves(wanted) or self._why_unusable(backend)
            if not reason:
                return backend
            reasons.append(f"{backend.name}: {reason}")
        raise Refused(wanted.image, "; ".join(reasons), "choose another backend, or leave it at auto")

    def _why_unusable(self, backend: Backend) -> str:
        if backend.name not in self.unusable:
            self.unusable[backend.name] = backend.usable(self.host)
            if not self.unusable[backend.name]:
                require(self.host.runner, backend.programs)
        return self.unusable[backend.name]


__all__ = ["BACKENDS", "Chooser"]
