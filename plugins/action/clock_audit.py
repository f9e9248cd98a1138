# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of clock_audit: it holds the clock that the target's is compared with."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..module_utils._common.errors import FleetError
from ..plugin_utils._bench import probe, transport


class ActionModule(ActionBase):
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        _result, params = self.validate_argument_spec(
            argument_spec={
                "seconds": {"type": "float", "default": 5.0},
                "tolerance": {"type": "float", "default": 0.001},
            }
        )
        found = self._execute_module(module_args=dict(self._task.args), task_vars=task_vars)
        if found.get("failed"):
            return found
        try:
            with transport.converse(self, task_vars["inventory_hostname"], found["python"]) as channel:
                clock = probe.audit(channel, params["seconds"], params["tolerance"])
        except FleetError as error:
            return {"failed": True, "msg": str(error), "what": error.what, "why": error.why, "hint": error.hint}
        return {"changed": False, "clock": clock.public(), "clock_source": found["clock_source"]}
