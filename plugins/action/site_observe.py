# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import secrets

from ansible.plugins.action import ActionBase

from ..module_utils._common.errors import FleetError, InvalidRequest
from ..plugin_utils._site.glue import as_text
from ..plugin_utils._site.observe import observation
from ..plugin_utils._site.observe_script import LEASE_FILES, script

ARGUMENTS = {
    "site": {"type": "str", "default": ""},
    "device": {"type": "str", "default": ""},
    "lease_files": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 5},
    "max_bytes": {"type": "int", "default": 262144},
    "fresh": {"type": "int", "default": 300},
}
LIMITS = {"timeout": (1, 300), "max_bytes": (1024, 8 << 20), "fresh": (0, 86400)}


class ActionModule(ActionBase):
    """Runs one shell script on the target and reads what it printed, here: the target needs no Python."""

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(ARGUMENTS)
        host = (task_vars or {}).get("inventory_hostname", "the target")
        try:
            result.update(changed=False, observation=as_text(self._observe(arguments, host)))
        except FleetError as error:
            result.update(failed=True, msg=str(error), what=error.what, why=error.why, hint=error.hint)
        return result

    def _observe(self, arguments, host):
        for name, (least, most) in LIMITS.items():
            if not least <= arguments[name] <= most:
                raise InvalidRequest(name, f"{arguments[name]} is out of range", f"take {least} to {most}")
        mark = f"homevirt-{secrets.token_hex(16)}"
        files = [*LEASE_FILES, *arguments["lease_files"]]
        text = script(mark, arguments["timeout"], arguments["max_bytes"], files)
        output = self._low_level_execute_command(text)["stdout"].replace("\r\n", "\n")
        when = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        found = observation(output, mark, arguments["max_bytes"], host, when, arguments["fresh"])
        return {"site": arguments["site"], "device": arguments["device"], "host": host, **found}
