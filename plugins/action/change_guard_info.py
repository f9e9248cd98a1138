# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ..plugin_utils._common.fleet_action import FleetAction
from ..plugin_utils._guard import answer, request, script
from ..plugin_utils._guard.conversation import Conversation


class ActionModule(FleetAction):
    SPEC = request.INFO_SPEC

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        asked = script.asked("status", [""], directory=options["directory"])
        found = Conversation(self, task_vars["inventory_hostname"]).ask(asked)
        guards = [each for each in answer.guards(found) if options["name"] in (None, each["name"])]
        return {"changed": False, "directory": dict(found)["directory"], "guards": guards}
