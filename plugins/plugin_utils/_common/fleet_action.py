# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What all actions share: arguments in, one engine called, its answer or its refusal out."""

from __future__ import annotations

import os
import pathlib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ...module_utils._common.errors import FleetError

# Of this collection, wherever it is installed.
PLAYBOOKS = pathlib.Path(__file__).resolve().parents[3] / "playbooks"


class FleetAction(ActionBase):
    """A subclass says what it takes (SPEC, RULES: as AnsibleModule takes them) and does it (act).

    Wrong arguments and refusals are results: a raised error would escape the task's failed_when.
    """

    TRANSFERS_FILES = False
    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False
    _supports_diff = True

    SPEC: t.ClassVar[dict[str, t.Any]] = {}
    RULES: t.ClassVar[dict[str, t.Any]] = {}

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The task's result. Raises FleetError."""
        raise NotImplementedError

    def run(self, tmp: t.Any = None, task_vars: t.Optional[dict[str, t.Any]] = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        try:
            _validation, options = self.validate_argument_spec(argument_spec=self.SPEC, **self.RULES)
            result = self.act(options, task_vars or {})
        except AnsibleActionFail as error:
            return {"failed": True, "changed": False, "msg": error.message}
        except FleetError as error:
            told = {"what": error.what, "why": error.why, "hint": error.hint, **error.details}
            return {"failed": True, "changed": False, "msg": str(error), **told}
        if not self._task.diff:
            result.pop("diff", None)
        return result


class ControllerAction(FleetAction):
    """One that does all its work on the controller."""

    _requires_connection = False

    def path(self, name: str) -> str:
        """A path on the controller; a relative one starts where the playbook lies, as everywhere in Ansible.

        With a playbook of this collection it starts where the user stands: the next installation may remove whatever
        lies in a collection.
        """
        if pathlib.Path(self._loader.get_basedir()).resolve() == PLAYBOOKS:
            return os.path.abspath(os.path.expanduser(name))
        return self._loader.path_dwim(name)


__all__ = ["ControllerAction", "FleetAction"]
