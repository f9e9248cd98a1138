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
from .backend_xen import BELOW
from .backend_xl import XlBackend
from .backend_xm import XmBackend
from .diskspec import DiskRequest

# The order in which ``auto`` tries them: Xen's own tools where there are any, then the fewest layers first.
ORDER: tuple[Backend, ...] = (XlBackend(), XmBackend(), LoopBackend(), *BELOW.values())
BACKENDS: t.Mapping[str, Backend] = {backend.name: backend for backend in ORDER}


class Chooser:
    """Chooses a backend for each disk; asks a backend only once whether this host can use it."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.unusable: dict[str, str] = {}

    def choose(self, wanted: DiskRequest) -> Backend:
        """The backend for a disk. Raises Refused with every backend's reason, or ToolMissing."""
        return self._first(wanted, ORDER if wanted.backend == "auto" else (BACKENDS[wanted.backend],))

    def below(self, backend: Backend, wanted: DiskRequest) -> str:
        """The name of the backend that has to serve the image to this one; "" where none has. Raises as choose()."""
        if not backend.needs_below(self.host, wanted):
            return ""
        # It serves this host, whichever domain the disk goes to then.
        return self._first(wanted._replace(domid=0, backend="auto"), tuple(BELOW.values())).name

    def _first(self, wanted: DiskRequest, candidates: t.Sequence[Backend]) -> Backend:
        reasons = []
        for backend in candidates:
            reason = _out_of_reach(backend, wanted) or backend.serves(wanted) or self._why_unusable(backend)
            if not reason:
                return backend
            reasons.append(f"{backend.name}: {reason}")
        raise Refused(wanted.image, "; ".join(reasons), "choose another backend, or leave it at auto")

    def _why_unusable(self, backend: Backend) -> str:
        if backend.name not in self.unusable:
            reason = backend.usable(self.host)
            if not reason:
                require(self.host.runner, backend.programs)
            self.unusable[backend.name] = reason
        return self.unusable[backend.name]


def _out_of_reach(backend: Backend, wanted: DiskRequest) -> str:
    return "it attaches to this host only" if wanted.domid and not backend.reaches_guests else ""


__all__ = ["BACKENDS", "Chooser"]
