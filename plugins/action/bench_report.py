# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import arms, findings, outfile, report_page, results
from ansible_collections.homevirt.fleet.plugins.plugin_utils._common.fleet_action import ControllerAction


class ActionModule(ControllerAction):
    SPEC = {
        "records": {"type": "list", "elements": "str", "required": True},
        "path": {"type": "str", "required": True},
        "title": {"type": "str", "default": "Benchmark"},
        "run_ids": {"type": "list", "elements": "str", "default": []},
        "baseline": {"type": "str"},
        "candidates": {"type": "list", "elements": "str"},
        "margin": {"type": "float", "default": 0.02},
    }
    RULES = {"required_by": {"candidates": ["baseline"]}}

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        read = results.read([self.path(name) for name in options["records"]])
        records = results.chosen(read.records, options["run_ids"])
        compared = []
        if options["baseline"]:
            compared = arms.compare(records, options["baseline"], options["candidates"] or [], options["margin"])
        file = outfile.planned(self.path(options["path"]), report_page.page(options["title"], records, compared))
        if not self._task.check_mode:
            file.write()
        return {
            "changed": file.changes,
            "path": file.path,
            "runs": len(records),
            "summary": [findings.arms_sentence(each) for each in compared],
            "diff": file.diff(),
            "warnings": results.warnings(read),
        }
