# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A module with its arguments as a file that the host can run: the only place that knows how Ansible packs one."""

from __future__ import annotations

import typing as t

from ...module_utils._common.errors import InvalidRequest
from .script import Undo

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def module_undo(
    action: ActionBase, name: str, args: dict[str, t.Any], title: t.Optional[str], task_vars: dict[str, t.Any]
) -> Undo:
    """Raises InvalidRequest where the module is not one in Python."""
    packed, *_more = built = action._configure_module(module_name=name, module_args=dict(args), task_vars=task_vars)
    if isinstance(packed, str):
        # Before ansible-core 2.19 it was a tuple of its parts.
        style, shebang, data = built[0], built[1], built[2]
    else:
        style, shebang, data = packed.module_style, packed.shebang, packed.b_module_data
    text = data if isinstance(data, str) else data.decode("ascii", "replace")
    if style != "new" or "python" not in (shebang or "") or not text.startswith("#!"):
        raise InvalidRequest(f"undo: {name}", "only modules in Python can be packed", "undo it with a command")
    return Undo(title or name, text, shebang[2:].strip().split()[0])


__all__ = ["module_undo"]
