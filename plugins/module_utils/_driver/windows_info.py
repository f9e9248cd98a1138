# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""``guest_driver_info`` of a Windows guest that is shut down."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import InvalidRequest
from . import windows, windows_bound, windows_survey
from .hive import Hive


def read(root: str, system_root: str) -> dict[str, t.Any]:
    """What the guest's registry tells. Raises InvalidRequest, Refused, LibraryMissing."""
    if not os.path.isabs(root) or not os.path.isdir(root) or not windows_survey.directories(root):
        raise InvalidRequest(root, "no Windows is there", "give the path where a Windows guest's system is mounted")
    place = windows_survey.locate(root, system_root)
    registry = Hive(place.hives["SYSTEM"])
    system = windows_survey.survey(place, registry, Hive(place.hives["SOFTWARE"]))
    return {
        "changed": False,
        "hypervisor": windows_bound.hypervisor(registry, system.control_set),
        "kernel": system.public()["version"],
        "disks": [disk.public() for disk in windows_bound.disks(registry, system.control_set)],
        "interfaces": [card.public() for card in windows_bound.interfaces(registry, system.control_set)],
        "system": system.public(),
        "first_boot": windows.first_boot(place),
    }


__all__ = ["read"]
