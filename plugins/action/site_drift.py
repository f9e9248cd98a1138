# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime

from ..module_utils._common.errors import InvalidRequest
from ..plugin_utils._site.drift_run import Choice, audit
from ..plugin_utils._site.files import read_sites, site_paths
from ..plugin_utils._site.findings import SEVERITIES
from ..plugin_utils._site.glue import SiteAction, as_text
from ..plugin_utils._site.model_values import LANGUAGES
from ..plugin_utils._site.written import write

# A report tells who lives there and with what.
PRIVATE = 0o600


class ActionModule(SiteAction):
    SPEC = {
        "paths": {"type": "list", "elements": "path", "required": True},
        "observations": {"type": "dict", "required": True},
        "state_file": {"type": "path"},
        "report_dir": {"type": "path"},
        "language": {"type": "str", "choices": list(LANGUAGES), "default": "en"},
        "fail_on": {"type": "str", "choices": [*SEVERITIES, "never"], "default": "warning"},
        "unseen_days": {"type": "int", "default": 7},
        "today": {"type": "str"},
    }

    def act(self, options, task_vars):
        texts: dict[str, str] = {}

        def read_text(path):
            return texts.setdefault(path, self.read_text(path))

        files = read_sites(site_paths(map(self.path, options["paths"])), read_text)
        places = {name: self.path(options[name]) if options[name] else "" for name in ("state_file", "report_dir")}
        days = options["unseen_days"]
        choice = Choice(options["language"], options["fail_on"], *places.values(), _day(options["today"]), days)
        outcome = audit(files, texts, options["observations"], choice)
        if not self._task.check_mode:
            write(outcome.differences, PRIVATE)
        return {
            # What devices call themselves is no template.
            **as_text(outcome.result),
            "failed": outcome.bad,
            "out_of_date": outcome.bad,
            "diff": [difference.diff() for difference in outcome.differences],
        }


def _day(given):
    try:
        return (datetime.date.fromisoformat(given) if given else datetime.date.today()).isoformat()
    except ValueError:
        raise InvalidRequest(f"today: {given}", "it is no date", "write it like 2026-05-03") from None
