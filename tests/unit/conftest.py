# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hypothesis works here: no example fails for being slow on a busy machine, and a machine that judges a change
looks at the same examples each time; at a developer's they are new every time. And where the tests' files lie."""

from __future__ import annotations

import os
import shutil
import tempfile

import hypothesis
import pytest

MEMORY = "/dev/shm"

hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("judge", deadline=None, derandomize=True)
hypothesis.settings.load_profile("judge" if os.environ.get("CI") else "developer")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    # The fake hosts are ten thousand small files, which a disk takes longer for than all tests of theirs.
    if config.option.basetemp is None and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 1 << 30:
        config.in_memory = config.option.basetemp = tempfile.mkdtemp(prefix="fleet-unit-", dir=MEMORY)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    # After a failure somebody may want to look.
    if exitstatus == pytest.ExitCode.OK and getattr(session.config, "in_memory", None):
        shutil.rmtree(session.config.in_memory)
