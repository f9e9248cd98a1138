# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the actions and the inventory plugin of sites share: the only place here that knows Ansible."""

from __future__ import annotations

import textwrap
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ...module_utils._common.errors import FleetError, InvalidRequest
from .model_values import Secret

try:
    from ansible.template import trust_as_template

    def as_text(value: t.Any) -> t.Any:
        """A value of which nothing is a template."""
        return value

except ImportError:
    # ansible-core 2.18 takes every string for a template that is not marked as none.
    from ansible.utils.unsafe_proxy import wrap_var as as_text

    def trust_as_template(value: str) -> str:
        return value


def text_reader(loader: t.Any) -> t.Callable[[str], str]:
    """A function that reads a file's text through Ansible's loader, which opens a file that is vaulted as a whole."""

    def read_text(path: str) -> str:
        try:
            real = loader.get_real_file(path)
        except AnsibleError as error:
            why = str(error.message).splitlines()[0].rstrip(".")
            raise InvalidRequest(
                path, f"it cannot be read: {why}", "mend the path, or give the vault's password"
            ) from error
        try:
            with open(real, encoding="utf-8") as stream:
                return stream.read()
        finally:
            loader.cleanup_tmp_file(real)

    return read_text


def as_variable(loader: t.Any, secret: Secret) -> t.Any:
    """A secret as a variable's value: vaulted ones stay vaulted, and only templates of secrets are templates."""
    if secret.kind == "vault":
        # Ansible's own reader makes the type that its version has for vaulted values.
        return loader.load("!vault |\n" + textwrap.indent(secret.value, "  "))
    return trust_as_template(secret.value) if secret.kind == "template" else as_text(secret.value)


class SiteAction(ActionBase):
    """An action that works on site files, on the controller alone.

    ARGUMENTS: the argument spec. act: does the work; raises FleetError.
    """

    TRANSFERS_FILES = False
    _requires_connection = False
    ARGUMENTS: t.ClassVar[dict[str, t.Any]] = {}

    def act(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        raise NotImplementedError

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(self.ARGUMENTS)
        try:
            result.update(self.act(arguments))
        except FleetError as error:
            # Not raised: Ansible would then not look at the task's failed_when.
            told = {"what": error.what, "why": error.why, "hint": error.hint, **error.details}
            result.update(failed=True, msg=str(error), **told)
        return result

    def path(self, given: str) -> str:
        """A path as the user means it: from the playbook's directory."""
        return self._loader.path_dwim(given)

    def read_text(self, path: str) -> str:
        return text_reader(self._loader)(path)


__all__ = ["SiteAction", "as_text", "as_variable", "text_reader"]
