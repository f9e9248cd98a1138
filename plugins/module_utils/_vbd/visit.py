# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Images that are attached and mounted for a run of another module, and gone with it.

Others may attach and mount meanwhile, but not these images. What a run that is killed leaves is cleaned by the next run
of whichever module, for its record names the process that it was for.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common import interrupts
from .._common.errors import FleetError, InUse
from .._common.host import Host
from . import engine, ledger, mounting, processes
from .mounting import MountRequest
from .work import Work, working


def place(host: Host, by: str, number: int) -> str:
    """Where the run of a module mounts a guest; another run's places are others."""
    return f"{host.run}/{ledger.OWNER}/{by}/{os.getpid()}-{number}"


@contextlib.contextmanager
def visiting(host: Host, by: str, wanted: t.Sequence[MountRequest]) -> t.Iterator[list[str]]:
    """Mount all of it while the block runs; give sentences about what a crash had left and was cleaned up.

    by: the module. Raises FleetError, and then nothing is attached that was not before.
    """
    run = processes.lookup(host, os.getpid())
    begun = False
    try:
        with working(host, by, force=False, check=False, run=run) as work:
            _refuse_standing(work, wanted)
            mounting.plan_mounted(work, wanted)
            begun = True
            engine.apply(work)
        yield [*work.cleaned, *work.warnings]
    except FleetError as error:
        try:
            _leave(host, by, wanted, run, begun=begun)
        except FleetError as another:
            # The first error is the reason of it all.
            stuck = t.cast("list[str]", error.details.get("not_rolled_back", []))
            error.details["not_rolled_back"] = [*stuck, str(another)]
        raise
    except BaseException:
        # An interrupt or a mistake of ours too leaves nothing attached; it is raised again, never swallowed.
        _leave(host, by, wanted, run, begun=begun)
        raise
    try:
        _leave(host, by, wanted, run, begun=begun)
    except OSError as error:
        # Something may have been changed in it by now, so this is no error from before the beginning.
        why = f"{error.strerror} (while it was to be detached)"
        raise FleetError(str(error.filename or "this host"), why, "mend that, then run again") from error


def _leave(
    host: Host, by: str, wanted: t.Sequence[MountRequest], run: t.Optional[processes.Process], *, begun: bool
) -> None:
    """Unmount and detach; nothing where it did not come to that. A signal must not have it mounted again half-way."""
    if begun:
        with interrupts.held(), working(host, by, force=False, check=False, run=run) as work:
            mounting.plan_unmounted(work, wanted)
            engine.apply(work)


def _refuse_standing(work: Work, wanted: t.Sequence[MountRequest]) -> None:
    """An attachment that somebody made to stay is not to be changed or taken away here."""
    for request in wanted:
        record = engine.record_of(work, request.disk)
        if record is not None and not work.state.attachments[record.tag].trouble:
            at = f", mounted on {record.mounts[0].path}" if record.mounts else ""
            raise InUse(
                request.disk.image,
                f"attached already as {record.device or record.vdev}{at}, by {record.by}",
                "unmount and detach it first, or name the place where it is mounted as root",
            )


__all__ = ["place", "visiting"]
