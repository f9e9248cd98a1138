# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The machine an engine works on: its runner, its kernel's file systems and calls, its clock."""

from __future__ import annotations

import fcntl
import time
import typing as t

from .errors import TimedOut
from .runner import Runner

FIRST_PAUSE = 0.002
LONGEST_PAUSE = 0.1


class Host:
    """Paths are attributes so that tests can point them at a tree of their own.

    timeout: seconds that one wait or one command may take.
    workers: how many processes may be set going at the same time.
    """

    def __init__(
        self,
        runner: Runner,
        *,
        timeout: float = 30.0,
        workers: int = 1,
        proc: str = "/proc",
        sys: str = "/sys",
        dev: str = "/dev",
        run: str = "/run",
        lib: str = "/var/lib",
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
        ioctl: t.Callable[[int, int], int] = fcntl.ioctl,
    ) -> None:
        self.runner = runner
        self.timeout = timeout
        self.workers = workers
        self.proc = proc
        self.sys = sys
        self.dev = dev
        self.run = run
        self.lib = lib
        self.clock = clock
        self.sleep = sleep
        self.ioctl = ioctl

    def await_true(self, condition: t.Callable[[], bool], what: str, why: str, hint: str) -> None:
        """Poll until the condition holds; raise TimedOut(what, why, hint) when the timeout has passed."""
        deadline = self.clock() + self.timeout
        pause = FIRST_PAUSE
        while not condition():
            if self.clock() >= deadline:
                raise TimedOut(what, f"{why} within {self.timeout:g} seconds", hint)
            self.sleep(pause)
            pause = min(pause * 1.4, LONGEST_PAUSE)


__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "Host"]
