# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._common.errors import FleetError
from ..plugin_utils._guard import answer, request, script
from ..plugin_utils._guard.conversation import Conversation


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        try:
            _validation, params = self.validate_argument_spec(argument_spec=request.INFO_SPEC)
            asked = script.asked("status", [""], directory=params["directory"])
            found = Conversation(self, task_vars["inventory_hostname"]).ask(asked)
        except AnsibleActionFail as error:
            return {"failed": True, "changed": False, "msg": error.message}
        except FleetError as error:
            return {"failed": True, "msg": str(error), "what": error.what, "why": error.why, "hint": error.hint}
        guards = [each for each in answer.guards(found) if params["name"] in (None, each["name"])]
        return {"changed": False, "directory": dict(found)["directory"], "guards": guards}
