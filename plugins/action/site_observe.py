# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import secrets

from ..module_utils._common.errors import InvalidRequest
from ..plugin_utils._common.fleet_action import FleetAction
from ..plugin_utils._site.glue import as_text
from ..plugin_utils._site.observe import observation
from ..plugin_utils._site.observe_script import LEASE_FILES, script

LIMITS = {"timeout": (1, 300), "max_bytes": (1024, 8 << 20), "fresh": (0, 86400)}


class ActionModule(FleetAction):
    """Runs one shell script on the target and reads what it printed, here: the target needs no Python."""

    SPEC = {
        "site": {"type": "str", "default": ""},
        "device": {"type": "str", "default": ""},
        "lease_files": {"type": "list", "elements": "str", "default": []},
        "timeout": {"type": "int", "default": 5},
        "max_bytes": {"type": "int", "default": 262144},
        "fresh": {"type": "int", "default": 300},
    }

    def act(self, options, task_vars):
        host = task_vars.get("inventory_hostname", "the target")
        return {"changed": False, "observation": as_text(self._observe(options, host))}

    def _observe(self, options, host):
        for name, (least, most) in LIMITS.items():
            if not least <= options[name] <= most:
                raise InvalidRequest(name, f"{options[name]} is out of range", f"take {least} to {most}")
        mark = f"homevirt-{secrets.token_hex(16)}"
        files = [*LEASE_FILES, *options["lease_files"]]
        text = script(mark, options["timeout"], options["max_bytes"], files)
        output = self._low_level_execute_command(text)["stdout"].replace("\r\n", "\n")
        when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        found = observation(output, mark, options["max_bytes"], host, when, options["fresh"])
        return {"site": options["site"], "device": options["device"], "host": host, **found}
