# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ..plugin_utils._driver.osinfo import DIRECTORY
from ..plugin_utils._driver.support_answer import Asked
from ..plugin_utils._driver.support_glue import is_supported


def supported(
    guest: t.Any,
    hypervisor: t.Any,
    *,
    host: t.Any = None,
    architecture: t.Any = None,
    on: t.Any = None,
    at_least: str = "vendor-supported",
    osinfo: bool = False,
    osinfo_dir: str = DIRECTORY,
) -> bool:
    """Whether somebody says that a guest is supported on a hypervisor."""
    return is_supported(Asked(guest, hypervisor, host, architecture, on), osinfo_dir if osinfo else None, at_least)


class TestModule:
    def tests(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"supported": supported}
