# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ..plugin_utils._site.files import the_site
from ..plugin_utils._site.glue import SiteAction
from ..plugin_utils._site.model_plain import plain
from ..plugin_utils._site.model_values import LANGUAGES
from ..plugin_utils._site.trace import trace
from ..plugin_utils._site.trace_text import in_words


class ActionModule(SiteAction):
    SPEC = {
        "path": {"type": "path", "required": True},
        "device": {"type": "str", "required": True},
        "language": {"type": "str", "choices": list(LANGUAGES), "default": "en"},
    }

    def act(self, options, task_vars):
        found = trace(the_site(self.path(options["path"]), self.read_text), options["device"])
        words = in_words(found, options["language"])
        return {"changed": False, "msg": words, "lines": words.splitlines(), "legs": plain(found.legs)}
