# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The one family of errors that engines raise and glue turns into ``fail_json``."""

from __future__ import annotations


class FleetError(Exception):
    """Something could not be done, said in three parts.

    what: the object, as the user named it (a path, a device).
    why:  the reason, one clause without a full stop.
    hint: the next step, one clause without a full stop.
    details: further return values for the failed task (plain JSON types).
    """

    def __init__(self, what: str, why: str, hint: str, **details: object) -> None:
        super().__init__(what, why, hint)
        self.what = what
        self.why = why
        self.hint = hint
        self.details = details

    def __str__(self) -> str:
        return f"{self.what}: {self.why}. {self.hint[:1].upper()}{self.hint[1:]}."


class InvalidRequest(FleetError):
    """The request contradicts itself or cannot be read."""


class Refused(FleetError):
    """Doing it could not be proved safe."""


class InUse(Refused):
    """Somebody else uses the object."""


class ToolMissing(FleetError):
    """Programs that the host lacks; ``details['missing_programs']`` lists them."""


class LibraryMissing(FleetError):
    """A Python library that this interpreter lacks; ``what`` is its name."""


class ToolFailed(FleetError):
    """A program failed or did not do what it reported."""


class TimedOut(FleetError):
    """Something expected did not happen within the timeout."""


__all__ = [
    "FleetError",
    "InUse",
    "InvalidRequest",
    "LibraryMissing",
    "Refused",
    "TimedOut",
    "ToolFailed",
    "ToolMissing",
]
