# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the actions and the inventory plugin of sites share: the only place here that knows Ansible."""

from __future__ import annotations

import textwrap
import typing as t

from ansible.errors import AnsibleError

from ...module_utils._common.errors import InvalidRequest
from .._common.fleet_action import ControllerAction
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


class SiteAction(ControllerAction):
    """An action that works on site files."""

    def read_text(self, path: str) -> str:
        return text_reader(self._loader)(path)


__all__ = ["SiteAction", "as_text", "as_variable", "text_reader"]
