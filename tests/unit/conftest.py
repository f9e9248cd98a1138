# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How hypothesis works here: no example fails for being slow on a busy machine, and a machine that judges a change
looks at the same examples each time; at a developer's they are new every time."""

from __future__ import annotations

import os

import hypothesis

hypothesis.settings.register_profile("developer", deadline=None)
hypothesis.settings.register_profile("judge", deadline=None, derandomize=True)
hypothesis.settings.load_profile("judge" if os.environ.get("CI") else "developer")
