# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..plugin_utils._site.glue import SiteAction
from ..plugin_utils._site.model_devices import ROLES
from ..plugin_utils._site.netbox_types import import_type


class ActionModule(SiteAction):
    SPEC = {
        "path": {"type": "path", "required": True},
        "name": {"type": "str", "required": True},
        "role": {"type": "str", "choices": list(ROLES), "required": True},
    }

    def act(self, options, task_vars):
        path = self.path(options["path"])
        # A playbook's strings carry tags, of which a YAML writer knows nothing.
        name, role = str(options["name"]), str(options["role"])
        found = import_type(self.read_text(path), path, name, role)
        warnings = [
            f"{path}: ports of the kind '{kind}' became 'other', for a site knows none such" for kind in found.odd
        ]
        return {"changed": False, "device": found.device, "text": found.text(), "warnings": warnings}
