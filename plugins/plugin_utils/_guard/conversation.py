# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Asking the guard over a task's connection, and over a new one: the only place that knows Ansible's connections."""

from __future__ import annotations

import shlex
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure

from . import answer

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

PAUSE = 1.0


class Conversation:
    """With the host of a task. Needs no Python there, and no place for temporary files."""

    def __init__(self, action: ActionBase, host: str) -> None:
        self._action = action
        self._host = host

    def ask(self, script: bytes) -> list[tuple[str, str]]:
        """Raises FleetError with the guard's words, and AnsibleConnectionFailure."""
        if self._action._connection.has_pipelining:
            done = self._action._low_level_execute_command("/bin/sh", in_data=script)
        else:
            done = self._action._low_level_execute_command(f"/bin/sh -c {shlex.quote(script.decode())}")
        return answer.pairs(self._host, done["rc"], done["stdout"], done["stderr"])

    def ask_anew(self, script: bytes, timeout: float) -> list[tuple[str, str]]:
        """As ask, over a connection made now. Where none can be made, tries again until the timeout has passed."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                self._action._connection.reset()
                return self.ask(script)
            except AnsibleConnectionFailure:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(PAUSE)


__all__ = ["PAUSE", "Conversation"]
