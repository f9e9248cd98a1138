# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real lock of the real kernel: two descriptors of one process exclude each other as two processes do."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import TimedOut
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.lock import exclusive
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import SystemRunner


def test_second_holder_waits_and_then_gives_up(tmp_path):
    host = Host(SystemRunner(), timeout=0.05)
    path = str(tmp_path / "deep" / "lock")
    with exclusive(host, path):
        with pytest.raises(TimedOut, match="another play"):
            with exclusive(host, path):
                pytest.fail("two at once")
    with exclusive(host, path):
        pass


def test_lock_is_no_way_to_write_elsewhere(tmp_path):
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        with exclusive(Host(SystemRunner()), str(tmp_path / "lock")):
            pytest.fail("followed a symlink")
