# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import arms, findings, numbers, results
from ansible_collections.homevirt.fleet.plugins.plugin_utils._common.fleet_action import ControllerAction


class ActionModule(ControllerAction):
    SPEC = {
        "records": {"type": "list", "elements": "str"},
        "run_ids": {"type": "list", "elements": "str", "default": []},
        "baseline": {"type": "str"},
        "candidates": {"type": "list", "elements": "str", "default": []},
        "numbers": {
            "type": "dict",
            "options": {
                "baseline": {"type": "list", "elements": "float", "required": True},
                "candidate": {"type": "list", "elements": "float", "required": True},
                "measure": {"type": "str", "choices": ["duration", "rate"], "default": "duration"},
                "paired": {"type": "bool", "default": True},
                "resolution": {"type": "float", "default": 0.0},
            },
        },
        "margin": {"type": "float", "default": 0.02},
    }
    RULES = {
        "mutually_exclusive": [["records", "numbers"]],
        "required_one_of": [["records", "numbers"]],
        "required_by": {"records": ["baseline"]},
    }

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        margin = options["margin"]
        if options["numbers"]:
            found = numbers.compare(**options["numbers"], margin=margin)
            return {"changed": False, "comparisons": [findings.values(found)], "summary": [findings.sentence(found)]}
        read = results.read([self.path(name) for name in options["records"]])
        records = results.chosen(read.records, options["run_ids"])
        compared = arms.compare(records, options["baseline"], options["candidates"], margin)
        return {
            "changed": False,
            "comparisons": [findings.arms_values(each) for each in compared],
            "summary": [findings.arms_sentence(each) for each in compared],
            "warnings": [*results.warnings(read), *(line for each in compared for line in findings.warnings(each))],
        }
