# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML read and written by libyaml, where that is: ten times as fast, and the tests do it a thousand times."""

from __future__ import annotations

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def read(text):
    """The data of a text or an open file."""
    return yaml.load(text, LOADER)


def written(data):
    return yaml.dump(data, Dumper=DUMPER, allow_unicode=True, sort_keys=False)


__all__ = ["read", "written"]
