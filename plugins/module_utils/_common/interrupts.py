# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Signals that end a run as an error would: what was begun is undone, what was attached is taken away.

Python by itself ends at once at SIGTERM, with everything left as it is.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import typing as t

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Interrupted(BaseException):
    """A signal has come. No Exception, for whoever expects errors must not take it for one of them.

    details: what was undone for it, as that of a FleetError.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = signal.Signals(number).name
        self.details: dict[str, t.Any] = {}

    def failure(self) -> dict[str, t.Any]:
        """The return values of the task that it ends."""
        stuck = self.details.get("not_rolled_back", [])
        why = f"{self.name} came, and what was begun was undone"
        if stuck:
            why = f"{self.name} came, and of what was begun this could not be undone: {'; '.join(stuck)}"
        return {"msg": f"{why}. Run again.", "what": "this run", "why": why, "hint": "run again", **self.details}


class Catcher:
    """The handler. Only the first signal is raised: the way back that it begins must not be cut off by the next.

    held: signals are noted and not raised now; noted: the first of them, 0 for none.
    """

    def __init__(self) -> None:
        self.raised = False
        self.held = False
        self.noted = 0

    def __call__(self, number: int, _frame: object) -> None:
        if self.held:
            self.noted = self.noted or number
        else:
            self.throw(number)

    def settle(self) -> None:
        self.raised = True

    def throw(self, number: int) -> None:
        if not self.raised:
            self.raised = True
            raise Interrupted(number)


@contextlib.contextmanager
def catching() -> t.Iterator[None]:
    """These signals raise Interrupted in the block. In another thread than the main one nobody can ask for them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    catcher = Catcher()
    before = {number: signal.signal(number, catcher) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def settle() -> None:
    """All is done that was to be done: a signal that comes from here on finds nothing to undo, and is not raised."""
    catcher = signal.getsignal(signal.SIGTERM)
    if isinstance(catcher, Catcher):
        catcher.settle()


@contextlib.contextmanager
def held() -> t.Iterator[None]:
    """A block that must not be cut off: a signal that comes meanwhile is raised at its end."""
    catcher = signal.getsignal(signal.SIGTERM)
    if not isinstance(catcher, Catcher) or catcher.held:
        yield
        return
    catcher.held = True
    try:
        yield
    finally:
        catcher.held = False
    if catcher.noted:
        catcher.throw(catcher.noted)


__all__ = ["Interrupted", "catching", "held", "settle"]
