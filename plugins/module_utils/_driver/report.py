# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What ``guest_driver`` returns, and the one place where its errors become ``fail_json``."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from .._common import interrupts
from .._common.errors import FleetError, LibraryMissing, Refused
from .._common.host import Host
from .._common.runner import SystemRunner
from . import hive

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# The distributions' libraries are for the distributions' interpreters.
SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/libexec/platform-python")


def finish(
    module: AnsibleModule, run: t.Callable[[Host], dict[str, t.Any]], *, root: bool, attaches: bool = False
) -> None:
    """Run one engine function on this machine and leave the module with its result or its error.

    root: whether only root may run it; attaches: whether it has attached images by the time it misses a library.
    """
    try:
        if attaches and hive.hivex is None:
            # Linux guests do without it, so that nobody has it is no error yet.
            _respawn("hivex")
        if root and os.geteuid() != 0:
            raise Refused("this host", "only root may write into a guest's file system", "set become: true")
        params = module.params
        host = Host(SystemRunner(), timeout=params.get("timeout") or 30.0, workers=params.get("workers") or 1)
        with interrupts.catching():
            result = run(host)
    except interrupts.Interrupted as signal:
        module.fail_json(**signal.failure())
    except LibraryMissing as error:
        _respawn(error.what)
        text = f"{missing_required_lib(error.what)} {error.hint[:1].upper()}{error.hint[1:]}."
        module.fail_json(msg=text, what=error.what, why=error.why, hint=error.hint)
    except (OSError, ValueError) as error:
        module.fail_json(
            msg=f"{error}. Nothing was changed.", what="this host", why=str(error), hint="mend that, then run again"
        )
    except FleetError as error:
        module.fail_json(msg=str(error), what=error.what, why=error.why, hint=error.hint, **error.details)
    for sentence in result.pop("warnings", []):
        module.warn(sentence)
    module.exit_json(**result)


def _respawn(library: str) -> None:
    """Go on in an interpreter that has a library, and do not come back; nothing where there is none."""
    interpreter = None if has_respawned() else probe_interpreters_for_module(SYSTEM_PYTHONS, library)
    if interpreter:
        respawn_module(interpreter)


__all__ = ["finish"]
