# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import findings, history, regression
from ansible_collections.homevirt.fleet.plugins.plugin_utils._common.fleet_action import ControllerAction


class ActionModule(ControllerAction):
    SPEC = {
        "database": {"type": "str", "required": True},
        "before": {"type": "str", "required": True},
        "after": {"type": "str", "required": True},
        "margin": {"type": "float", "default": 0.05},
        "timeout": {"type": "float", "default": 30.0},
    }

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        spans = [regression.span(options[name]) for name in ("before", "after")]
        records = history.read(self.path(options["database"]), options["timeout"])
        checked = regression.check(records, *spans, options["margin"])
        return {
            "changed": False,
            "changes": [findings.change_values(each) for each in checked.changes],
            "regressed": [each.work._asdict() for each in checked.changes if each.regressed],
            "alone": [work._asdict() for work in checked.alone],
            "summary": [findings.change_sentence(each) for each in checked.changes],
        }
