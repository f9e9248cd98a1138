# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections
import datetime

from ..module_utils._common.errors import InvalidRequest
from ..plugin_utils._site.files import read_sites, site_paths
from ..plugin_utils._site.findings import SEVERITIES
from ..plugin_utils._site.glue import SiteAction
from ..plugin_utils._site.rules import check


class ActionModule(SiteAction):
    SPEC = {
        "paths": {"type": "list", "elements": "path", "required": True},
        "fail_on": {"type": "str", "choices": [*SEVERITIES, "never"], "default": "error"},
        "today": {"type": "str"},
    }

    def act(self, options, task_vars):
        files = read_sites(site_paths(map(self.path, options["paths"])), self.read_text)
        findings = check(files, _day(options["today"]))
        counts = collections.Counter(finding.severity for finding in findings)
        numbers = ", ".join(f"{counts[severity]} {severity}{'s' * (counts[severity] != 1)}" for severity in SEVERITIES)
        summary = f"{len(files)} site file{'s' * (len(files) != 1)} checked: {numbers}"
        limit = options["fail_on"]
        bad = [] if limit == "never" else SEVERITIES[: SEVERITIES.index(limit) + 1]
        failed = any(finding.severity in bad for finding in findings)
        return {
            "changed": False,
            "failed": failed,
            "msg": "\n".join([*map(str, findings), summary]),
            # What does not fail the task would else be seen by nobody.
            "warnings": [] if failed else [str(finding) for finding in findings if finding.severity != "notice"],
            "findings": [finding._asdict() for finding in findings],
            "counts": {severity: counts[severity] for severity in SEVERITIES},
            "sites": [file.site.slug for file in files if file.site is not None],
        }


def _day(given):
    try:
        return datetime.date.fromisoformat(given) if given else datetime.date.today()
    except ValueError:
        raise InvalidRequest(f"today: {given}", "it is no date", "write it like 2026-05-03") from None
