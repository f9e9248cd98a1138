# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Calls of the engine, each in a process of its own, to which something may happen at a point of its work.

A point is reached just before each thing that it does to the host (Python's audit events tell), and once more just
after each process that it starts. Nothing in the collection knows of this.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.homevirt.fleet.plugins.module_utils._common import interrupts
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import SystemRunner
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest

# What is written into a file counts when it is given its name.
CHANGES = ("os.mkdir", "os.rename", "os.rmdir", "os.remove", "subprocess.Popen")
COMMANDS = ("subprocess.Popen",)
WAITS = 20.0


class Outcome(t.NamedTuple):
    """Of one call: its result; or the error and its details; killed; points: that were reached."""

    result: dict[str, t.Any]
    error: str
    killed: bool
    points: int

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))


class Points:
    """Counts the points of this process, and does something when the wanted one is reached (0: never).

    changes: audit events that are points.
    """

    def __init__(self, wanted: int, happen: t.Callable[[], None], changes: t.Container[str]) -> None:
        self.count, self.wanted, self.happen, self.changes = 0, wanted, happen, changes

    def watch(self) -> None:
        points = self

        class Popen(subprocess.Popen):
            def __init__(self, *args: t.Any, **options: t.Any) -> None:
                super().__init__(*args, **options)
                points.reach()

        subprocess.Popen = Popen  # type: ignore[misc]
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _args: tuple[t.Any, ...]) -> None:
        if event in self.changes:
            self.reach()

    def reach(self) -> None:
        self.count += 1
        if self.count == self.wanted:
            self.happen()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def disk(image: Path, **options: t.Any) -> DiskRequest:
    options = {"format": image.suffix[1:], **options}
    return DiskRequest(str(image), **{"access": "w" if options.get("overlay") else "r", **options})


def mount(image: Path, path: Path, partition: str = "1", **options: t.Any) -> MountRequest:
    return MountRequest(disk(image, **options), partition, str(path))


def start(
    verb: str,
    *wanted: t.Any,
    point: int = 0,
    happen: t.Callable[[], None] = die,
    changes: t.Container[str] = CHANGES,
    **how: t.Any,
) -> t.Callable[[], Outcome]:
    """Start a call; return what waits for its outcome. verb: attach, detach, mount or unmount."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            outcome = _call(verb, wanted, Points(point, happen, changes), how)
            with os.fdopen(writing, "wb") as stream:
                pickle.dump(tuple(outcome), stream)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)

    def ended() -> Outcome:
        with os.fdopen(reading, "rb") as stream:
            told = stream.read()
        _pid, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            return Outcome({}, "", True, point)
        assert status == 0, f"{verb} {wanted} ended with a mistake of its own, see above"
        return Outcome(*pickle.loads(told))

    return ended


def call(verb: str, *wanted: t.Any, **options: t.Any) -> Outcome:
    return start(verb, *wanted, **options)()


def done(verb: str, *wanted: t.Any, **options: t.Any) -> dict[str, t.Any]:
    """The result of a call that must succeed."""
    outcome = call(verb, *wanted, **options)
    assert not outcome.error, outcome.error
    return outcome.result


def _call(verb: str, wanted: t.Sequence[t.Any], points: Points, how: dict[str, t.Any]) -> Outcome:
    host = Host(SystemRunner(), timeout=how.pop("timeout", WAITS), workers=how.pop("workers", 4))
    how = {"force": False, "check": False, **how}
    points.watch()
    try:
        with interrupts.catching():
            return Outcome(getattr(report, verb)(host, list(wanted), **how), "", False, points.count)
    except interrupts.Interrupted as came:
        return Outcome(came.details, came.failure()["msg"], False, points.count)
    except FleetError as error:
        return Outcome(error.details, str(error), False, points.count)
    except (OSError, ValueError) as error:
        # As the module's glue says it.
        return Outcome({}, f"{error}. Nothing was changed.", False, points.count)
