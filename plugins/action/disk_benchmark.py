# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of disk_benchmark: its module looks at the target, this keeps order, clock and results."""

from __future__ import annotations

import contextlib
import datetime
import os
import typing as t

from ..module_utils._bench import arguments
from ..module_utils._common.errors import ToolFailed
from ..plugin_utils._bench import design, experiment, store, summary, transport
from ..plugin_utils._common.fleet_action import FleetAction


class ActionModule(FleetAction):
    SPEC = arguments.SPEC
    RULES = {"required_together": arguments.REQUIRED_TOGETHER}

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        # Not where the playbook lies: that of this collection lies in the collection.
        options["results_dir"] = os.path.abspath(options["results_dir"])
        found = self._execute_module(module_args=dict(self._task.args), task_vars=task_vars)
        if found.get("failed"):
            return found
        try:
            return self._benchmark(options, found, task_vars)
        except OSError as error:
            raise ToolFailed(
                error.filename or options["results_dir"],
                error.strerror or str(error),
                "mend that and run again with the same run_id: runs that were done are kept",
            ) from error

    def _benchmark(
        self, params: dict[str, t.Any], found: dict[str, t.Any], task_vars: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        request = arguments.request(params)
        host = task_vars["inventory_hostname"]
        pairs = params["pairs"]
        if params["margin"]:
            pairs = design.plan_pairs(params["margin"], params["spread"])
        now = datetime.datetime.now(datetime.timezone.utc)
        run_id = params["run_id"] or f"{host}-{now:%Y%m%d-%H%M%S}"
        plan = {
            "host": host,
            "arms": [arm._asdict() for arm in request.arms],
            "size": request.size,
            "jobs": [job._asdict() for job in request.jobs],
            "pairs": pairs,
            "warmup": params["warmup"],
            "direct": params["direct"],
            "io_engine": found["io_engine"],
        }
        if self._task.check_mode:
            return self._planned(params, request, run_id, plan)
        with store.Store(params["results_dir"], run_id, plan) as kept:
            todo = experiment.remaining(kept.records, request, pairs, params["warmup"])
            before = len(kept.records)
            if todo:
                self._tell(f"{host}: run_id {run_id}: {sum(len(jobs) for _slot, jobs in todo)} runs to do")
                setting = experiment.Setting(
                    run_id, found["io_engine"], params["direct"], params["tolerance"], params["timeout"]
                )
                with contextlib.ExitStack() as stack:
                    targets = self._targets(params, request, setting, found, task_vars, stack)
                    experiment.Experiment(targets, setting, kept, self._tell).run(request, todo)
            return {
                "changed": len(kept.records) > before,
                "run_id": run_id,
                "results": kept.path,
                "pairs": pairs,
                "runs_done": len(kept.records) - before,
                "runs": [record.public() for record in kept.records],
                "summary": summary.lines(kept.records),
                "warnings": [*found.get("warnings", []), *summary.warnings(kept.records)],
            }

    def _targets(
        self,
        params: dict[str, t.Any],
        request: arguments.Request,
        setting: experiment.Setting,
        found: dict[str, t.Any],
        task_vars: dict[str, t.Any],
        stack: contextlib.ExitStack,
    ) -> dict[str, experiment.Target]:
        """The target of each arm: the task's host, which was looked at already, and others, which are looked at now."""

        def other(name: str, *, become: bool) -> transport.Conversation:
            hostvars = task_vars["hostvars"].get(name, {})
            return stack.enter_context(transport.converse_with(name, hostvars, become=become))

        host = task_vars["inventory_hostname"]
        channel = stack.enter_context(transport.converse(self, host, found["python"]))
        meter = None
        if params["hypervisor"]:
            meter = experiment.Meter(
                other(params["hypervisor"]["host"], become=False),
                params["hypervisor"]["kind"],
                params["hypervisor"]["guest"],
            )
            meter.settle(setting.lease)
        targets = {
            "": experiment.Target(host, channel, found["program"], found["proof"], found["versions"], meter),
        }
        for name in sorted({arm.host for arm in request.arms} - {""}):
            targets[name] = experiment.surveyed(
                name, other(name, become=bool(self._connection.become)), request, setting.io_engine
            )
        return {arm.name: targets[arm.host] for arm in request.arms}

    def _planned(
        self, params: dict[str, t.Any], request: arguments.Request, run_id: str, plan: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        records = store.peek(params["results_dir"], run_id, plan)
        todo = experiment.remaining(records, request, plan["pairs"], params["warmup"])
        return {
            "changed": bool(todo),
            "run_id": run_id,
            "results": store.path_of(params["results_dir"], run_id),
            "pairs": plan["pairs"],
            "order": [{"slot": slot.name, "arm": slot.arm, "jobs": [job.name for job in jobs]} for slot, jobs in todo],
        }

    def _tell(self, line: str) -> None:
        self._display.display(line)
