# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of change_guard: the other half is a shell script on the host, which needs no Ansible there."""

from __future__ import annotations

import secrets
import time
import typing as t

from ..module_utils._common.errors import TimedOut, ToolFailed
from ..plugin_utils._common.fleet_action import FleetAction
from ..plugin_utils._guard import answer, packed, request, script
from ..plugin_utils._guard.conversation import PAUSE, Conversation


class ActionModule(FleetAction):
    SPEC = request.SPEC

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        params = request.judged(options)
        host = Conversation(self, task_vars["inventory_hostname"])
        return getattr(self, f"_{params['state']}")(params, host, task_vars)

    def _armed(self, params: dict[str, t.Any], host: Conversation, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        undo = [
            packed.module_undo(self, each["module"], each["args"], each["title"], task_vars)
            if each["module"]
            else script.command_undo(each["command"], each["title"])
            for each in params["undo"]
        ]
        words = [
            params["name"], params["owner"], secrets.token_hex(4), params["window"], params["on_boot"],
            request.mark(params),
        ]  # fmt: skip
        asked = script.asked(
            "arm", words, directory=params["directory"], check=self._task.check_mode, files=params["files"], undo=undo
        )
        return self._told(params, host, dict(host.ask(asked))["changed"] == "true", "", "armed")

    def _confirmed(self, params: dict[str, t.Any], host: Conversation, _vars: dict[str, t.Any]) -> dict[str, t.Any]:
        asked = script.asked(
            "confirm", [params["name"], params["owner"]], directory=params["directory"], check=self._task.check_mode
        )
        # In check mode the connection may stay: nothing is proved by it.
        answered = host.ask(asked) if self._task.check_mode else host.ask_anew(asked, params["timeout"])
        return self._told(params, host, dict(answered)["changed"] == "true", "armed", "confirmed")

    def _rolled_back(self, params: dict[str, t.Any], host: Conversation, _vars: dict[str, t.Any]) -> dict[str, t.Any]:
        asked = script.asked(
            "roll_back", [params["name"], params["owner"]], directory=params["directory"], check=self._task.check_mode
        )
        changed = dict(host.ask(asked))["changed"] == "true"
        if not self._task.check_mode:
            self._await_end(params, host, changed)
        result = self._told(params, host, changed, "armed", "rolled_back")
        if result["failures"]:
            raise ToolFailed(
                params["name"],
                f"not all was put back: {'; '.join(result['failures'])}",
                "put that right by hand; what was kept is still on the host",
                **result,
            )
        return result

    def _await_end(self, params: dict[str, t.Any], host: Conversation, changed: bool) -> None:
        """Putting back may well cut the connection, so each look is over a new one where the old one fails."""
        deadline = time.monotonic() + params["timeout"]
        while answer.guard(host.ask_anew(self._status(params), params["timeout"]))["state"] != "rolled_back":
            if time.monotonic() >= deadline:
                raise TimedOut(
                    params["name"],
                    f"it was not put back within {params['timeout']} seconds",
                    "the host goes on by itself; see its log with change_guard_info",
                    changed=changed,
                )
            time.sleep(PAUSE)

    def _status(self, params: dict[str, t.Any]) -> bytes:
        return script.asked("status", [params["name"]], directory=params["directory"])

    def _told(
        self, params: dict[str, t.Any], host: Conversation, changed: bool, before: str, after: str
    ) -> dict[str, t.Any]:
        found = answer.guard(host.ask(self._status(params)))
        found.update(name=params["name"], state=after if self._task.check_mode else found["state"])
        result = {"changed": changed, **found}
        if self._task.diff:
            sides = (before, after) if changed else (after, after)
            result["diff"] = {
                "before": f"{params['name']}: {sides[0] or 'no guard'}\n",
                "after": "".join([f"{params['name']}: {sides[1]}\n", *(f"keeps {path}\n" for path in params["files"])])
                if after == "armed" and changed
                else f"{params['name']}: {sides[1]}\n",
            }
        return result
