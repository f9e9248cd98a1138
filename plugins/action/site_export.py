# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

from ..plugin_utils._site.export_drawio import drawio
from ..plugin_utils._site.export_tables import as_csv, as_yaml, tables
from ..plugin_utils._site.files import the_site
from ..plugin_utils._site.glue import SiteAction
from ..plugin_utils._site.model_values import EDITIONS, LANGUAGES
from ..plugin_utils._site.written import differences, write


class ActionModule(SiteAction):
    SPEC = {
        "path": {"type": "path", "required": True},
        "dest": {"type": "path", "required": True},
        "format": {"type": "str", "choices": ["netbox_csv", "netbox_yaml", "drawio"], "required": True},
        "edition": {"type": "str", "choices": list(EDITIONS), "default": "family"},
        "language": {"type": "str", "choices": list(LANGUAGES), "default": "en"},
    }

    def act(self, options, task_vars):
        site = the_site(self.path(options["path"]), self.read_text)
        found = differences(_texts(site, self.path(options["dest"]), options))
        if not self._task.check_mode:
            write(found)
        written = [difference.path for difference in found]
        return {"changed": bool(found), "files": written, "diff": [difference.diff() for difference in found]}


def _texts(site, dest, arguments):
    if arguments["format"] == "drawio":
        return {dest: drawio(site, arguments["language"])}
    found = tables(site, arguments["edition"])
    if arguments["format"] == "netbox_yaml":
        return {dest: as_yaml(found)}
    # The numbers are the order in which NetBox must read them, the same for every site.
    numbered = enumerate(found.items(), 1)
    return {os.path.join(dest, f"{number:02d}-{table}.csv"): as_csv(rows) for number, (table, rows) in numbered if rows}
