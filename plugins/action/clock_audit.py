# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of clock_audit: it holds the clock that the target's is compared with."""

from __future__ import annotations

import typing as t

from ..plugin_utils._bench import probe, transport
from ..plugin_utils._common.fleet_action import FleetAction


class ActionModule(FleetAction):
    SPEC = {
        "seconds": {"type": "float", "default": 5.0},
        "tolerance": {"type": "float", "default": 0.001},
    }

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        found = self._execute_module(module_args=dict(self._task.args), task_vars=task_vars)
        if found.get("failed"):
            return found
        with transport.converse(self, task_vars["inventory_hostname"], found["python"]) as channel:
            clock = probe.audit(channel, options["seconds"], options["tolerance"])
        return {"changed": False, "clock": clock.public(), "clock_source": found["clock_source"]}
