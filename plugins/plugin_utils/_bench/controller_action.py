# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Actions that do all their work on the controller: arguments in, one engine called, its record or error out."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ...module_utils._common.errors import FleetError


class ControllerAction(ActionBase):
    """A subclass says what it takes (SPEC, RULES: as AnsibleModule takes them) and answers."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    _supports_diff = True

    SPEC: t.ClassVar[dict[str, t.Any]] = {}
    RULES: t.ClassVar[dict[str, t.Any]] = {}

    def answer(self, options: dict[str, t.Any], check: bool) -> dict[str, t.Any]:
        """The task's result. Raises FleetError."""
        raise NotImplementedError

    def run(self, tmp: t.Any = None, task_vars: t.Optional[dict[str, t.Any]] = None) -> dict[str, t.Any]:
        super().run(tmp, task_vars)
        try:
            _validation, options = self.validate_argument_spec(argument_spec=self.SPEC, **self.RULES)
            result = self.answer(options, self._task.check_mode)
        except AnsibleActionFail as error:
            # A raised error escapes the task's failed_when, which a module's wrong arguments do not.
            return {"failed": True, "changed": False, "msg": error.message}
        except FleetError as error:
            return {
                "failed": True,
                "changed": False,
                "msg": str(error),
                "what": error.what,
                "why": error.why,
                "hint": error.hint,
                **error.details,
            }
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def path(self, name: str) -> str:
        """A path on the controller; a relative one starts where the playbook lies, as everywhere in Ansible."""
        return self._loader.path_dwim(name)


__all__ = ["ControllerAction"]
