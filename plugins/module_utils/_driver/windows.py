# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Drivers into a Windows guest that is shut down, or out of it."""

from __future__ import annotations

import typing as t

from .._common.host import Host
from .._common.plan import Plan
from .request import Request


class WindowsGuest:
    """A Windows directory with its registry."""

    name = "windows"

    def claims(self, root: str) -> bool:
        raise NotImplementedError

    def plan(self, host: Host, request: Request, plan: Plan) -> dict[str, t.Any]:
        raise NotImplementedError


__all__ = ["WindowsGuest"]
