# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""``guest_driver_info`` of a Linux guest that is shut down: where each kernel has each hypervisor's drivers.

Which of them was bound when it last ran is written nowhere: Linux asks its hardware anew at every start.
"""

from __future__ import annotations

import os
import typing as t

from .._common.host import Host
from . import agents, linux_survey
from .kernels import FAMILIES
from .linux_survey import NOWHERE


def claims(root: str) -> bool:
    """Whether a directory holds a Linux guest."""
    return os.path.isdir(root) and linux_survey.claims(root)


def read(host: Host, root: str) -> dict[str, t.Any]:
    """What the guest's files tell. Raises Refused, ToolFailed."""
    drivers = [driver for family in FAMILIES.values() for driver in family]
    survey = linux_survey.survey(host, root, drivers)
    found = []
    for kernel in survey.kernels:
        places = {driver: survey.place(kernel, driver) for driver in drivers}
        there = [{"name": name, "place": place} for name, place in places.items() if place != NOWHERE]
        found.append({"release": kernel.release, "initramfs": kernel.image, "drivers": there})
    return {
        "changed": False,
        "hypervisor": "",
        "kernel": survey.kernels[-1].release,
        "disks": [],
        "interfaces": [],
        "system": linux_survey.system(survey.guest),
        "kernels": found,
        "agents": [agents.look(survey.guest.root, hypervisor).public() for hypervisor in agents.PACKAGES],
    }


__all__ = ["claims", "read"]
