# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' driver packages, which the integration tests make too."""

from __future__ import annotations

import importlib.util
import pathlib
import sys

FILES = pathlib.Path(__file__).resolve().parents[2] / "integration/targets/setup_phony_windows/files"


def load(name):
    """A module of the integration tests' phony guests, which find each other by their names alone."""
    if str(FILES) not in sys.path:
        sys.path.append(str(FILES))
    spec = importlib.util.spec_from_file_location(name, FILES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


packages = load("driver_packages")
