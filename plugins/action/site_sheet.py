# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.basic import missing_required_lib

from ..module_utils._common.errors import FleetError, InvalidRequest
from ..plugin_utils._site.files import site_paths
from ..plugin_utils._site.glue import SiteAction, as_variable
from ..plugin_utils._site.model_values import EDITIONS, LANGUAGES
from ..plugin_utils._site.sheet_render import FORMATS, Choice
from ..plugin_utils._site.sheet_run import make_sheets

# The libraries that a format needs, as they are imported and as they are installed.
LIBRARIES = {
    "html": {"segno": "segno"},
    "pdf": {"segno": "segno", "typst": "typst", "pypdf": "pypdf", "fontTools": "fonttools"},
}


class ActionModule(SiteAction):
    SPEC = {
        "paths": {"type": "list", "elements": "path", "required": True},
        "dest": {"type": "path", "required": True},
        "languages": {"type": "list", "elements": "str", "choices": [*LANGUAGES], "default": [*LANGUAGES]},
        "editions": {"type": "list", "elements": "str", "choices": [*EDITIONS], "default": ["public"]},
        "formats": {"type": "list", "elements": "str", "choices": [*FORMATS], "default": [*FORMATS]},
        "revision": {"type": "str", "default": ""},
        "fonts": {"type": "list", "elements": "str", "default": []},
        "font_paths": {"type": "list", "elements": "path", "default": []},
    }

    def act(self, options, task_vars):
        choice = Choice(
            *(tuple(dict.fromkeys(options[name])) for name in ("languages", "editions", "formats")),
            options["revision"],
            tuple(options["fonts"]),
            tuple(map(self.path, options["font_paths"])),
        )
        _need_libraries(choice.formats)
        texts = {path: self.read_text(path) for path in site_paths(map(self.path, options["paths"]))}
        check = self._task.check_mode
        outcome = make_sheets(texts, self.path(options["dest"]), choice, self._reveal, check)
        result = {
            "changed": outcome.changed,
            "sheets": [file._asdict() for file in outcome.files],
            "stale": [file.path for file in outcome.files if file.changed],
            "warnings": outcome.warnings,
            "diff": [
                {"before_header": made.name, "after_header": made.name, "before": made.before, "after": made.after}
                for made in outcome.differences
            ],
        }
        if outcome.errors:
            result["errors"] = [str(error) for error in outcome.errors]
            first, rest = outcome.errors[0], result["errors"][1:]
            raise FleetError(first.what, first.why, " ".join([first.hint, *rest]).rstrip("."), **result)
        return result

    def _reveal(self, secret):
        """A secret in clear. No error here says more than which variable it was."""
        try:
            value = as_variable(self._loader, secret)
            if secret.kind == "template":
                value = self._templar.template(value)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                return str(value)
        except AnsibleError as error:
            raise InvalidRequest(
                secret.value.strip() if secret.kind == "template" else "a vaulted value",
                f"it cannot be read ({type(error).__name__})",
                "define the variable and give the vault's password; else nobody can tell whether a sheet leaks it",
            ) from error
        raise InvalidRequest(secret.value.strip(), "its value is no text", "let the variable hold one password")


def _need_libraries(formats):
    for name, library in {name: lib for kind in formats for name, lib in LIBRARIES.get(kind, {}).items()}.items():
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise AnsibleActionFail(missing_required_lib(library)) from error
