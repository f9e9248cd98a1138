# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the lookup and the test of guests' support share: the only place here that knows Ansible."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib

from ...module_utils._common.errors import FleetError
from . import osinfo as osinfo_db
from .support_answer import Asked, answer, meets


def ask(asked: Asked, osinfo_dir: t.Optional[str]) -> dict[str, t.Any]:
    """osinfo_dir: where osinfo-db lies, None to leave it out. Raises AnsibleError."""
    # Not chained: Ansible would tell every error of the chain once more.
    try:
        return answer(asked, _database(osinfo_dir) if osinfo_dir else None)
    except FleetError as error:
        raise AnsibleError(str(error)) from None


def is_supported(asked: Asked, osinfo_dir: t.Optional[str], at_least: str) -> bool:
    found = ask(asked, osinfo_dir)
    try:
        return meets(found, at_least)
    except FleetError as error:
        raise AnsibleError(str(error)) from None


@functools.cache
def _database(directory: str) -> osinfo_db.Osinfo:
    if osinfo_db.etree is None:
        raise AnsibleError(f"{missing_required_lib('lxml')}\n{osinfo_db.LXML_TRACEBACK}")
    return osinfo_db.Osinfo(directory)


__all__ = ["ask", "is_supported"]
