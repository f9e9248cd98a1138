# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux guest of either way to make an initramfs."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.tests.unit.support.fakelinux import FakeLinux


@pytest.fixture(params=[False, True], ids=["initramfs-tools", "dracut"], name="guest")
def a_linux(request, tmp_path):
    found = FakeLinux(tmp_path, dracut=request.param)
    found.kernel("6.1.0-9")
    found.kernel("6.1.0-10")
    return found
