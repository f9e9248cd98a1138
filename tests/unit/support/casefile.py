# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases as data: one YAML list beside the test that runs it."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.tests.unit.support import yamltext


def cases(test_file, name, title):
    """The cases of a file as pytest parameters, each called by the value of its key ``title``."""
    with open(os.path.join(os.path.dirname(test_file), "cases", name), encoding="utf-8") as stream:
        return [pytest.param(case, id=str(case[title])) for case in yamltext.read(stream)]
