# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import sys

from ansible.errors import AnsibleActionFail, AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.basic import missing_required_lib

from ..module_utils._common.errors import InvalidRequest
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
            # One site's secret that cannot be read stops the sheets of each other one.
            result["errors"] = list(dict.fromkeys(map(str, outcome.errors)))
            first = outcome.errors[0]
            told = {"what": first.what, "why": first.why, "hint": first.hint}
            result.update(failed=True, msg="\n".join(result["errors"]), **told)
        return result

    def _reveal(self, secret):
        """A secret in clear. No error here says more than which variable it was."""
        try:
            value = as_variable(self._loader, secret)
            # What is vaulted in place is opened when it becomes a text.
            value = self._templar.template(value) if secret.kind == "template" else str(value)
            if isinstance(value, (str, int)) and not isinstance(value, bool):
                return str(value)
        except AnsibleError as error:
            raise InvalidRequest(_named(secret), *_reason(error)) from error
        raise InvalidRequest(_named(secret), "its value is no text", "let the variable hold one password")


def _named(secret):
    return secret.value.strip().strip("{}").strip() if secret.kind == "template" else "a vaulted value"


def _reason(error):
    """Why a secret cannot be read, and what to do; never Ansible's own words, which may quote it."""
    # Where a template is evaluated, nothing but the words of the vault's error is left of it.
    if "no vault secrets found" in str(error):
        return (
            "no vault password was given",
            "give it with --vault-password-file or --ask-vault-pass; else nobody can tell whether a sheet leaks it",
        )
    if "no vault secrets were found that could decrypt" in str(error):
        return "the vault password that was given does not open it", "give the one with which it was encrypted"
    if isinstance(error, AnsibleUndefinedVariable):
        return "there is no such variable", "define it where this play sees it, such as in vars_files or group_vars"
    return (
        f"it cannot be read ({type(error).__name__})",
        "define the variable and give the vault's password; else nobody can tell whether a sheet leaks it",
    )


def _need_libraries(formats):
    wanted = {name: library for kind in formats for name, library in LIBRARIES.get(kind, {}).items()}
    missing = [library for name, library in wanted.items() if not _is_there(name)]
    if missing:
        install = f"{sys.executable} -m pip install {' '.join(missing)}"
        raise AnsibleActionFail(f"{missing_required_lib(', '.join(missing))}. Install what is missing: {install}")


def _is_there(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
