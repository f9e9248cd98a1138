# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import keeping
from ansible_collections.homevirt.fleet.plugins.plugin_utils._common.fleet_action import ControllerAction


class ActionModule(ControllerAction):
    SPEC = {
        "database": {"type": "str", "required": True},
        "records": {"type": "list", "elements": "str", "default": []},
        "csv": {"type": "str"},
        "prometheus": {"type": "str"},
        "json_lines": {"type": "str"},
        "timeout": {"type": "float", "default": 30.0},
    }
    RULES = {"required_one_of": [["records", "csv", "prometheus", "json_lines"]]}

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        exports = {name: self.path(options[name]) for name in keeping.FORMATS if options[name]}
        return keeping.keep(
            self.path(options["database"]),
            [self.path(name) for name in options["records"]],
            exports,
            timeout=options["timeout"],
            check=self._task.check_mode,
        )
