# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # For what reads the target's clock from the controller.
    CLOCK = r"""
options:
  tolerance:
    description: How far from 1 a clock's rate may lie to pass (0.001 is 1000 ppm).
    type: float
    default: 0.001
attributes:
  action:
    description: Has a part that runs on the controller.
    support: full
notes:
  - Over C(ssh) with a key, and on the controller itself, one connection stays open for the clock. Over other
    connections, or with a password, each reading starts a process, and the intervals are some hundred times wider.
"""

    HYPERVISOR = r"""
options:
  hypervisor:
    description: Where to ask what the guest costs its host.
    type: dict
    suboptions:
      kind:
        description: V(qemu) counts the CPU of its process, V(xen) that of the domain and of Dom0 (C(xl list)).
        type: str
        choices: [qemu, xen]
        required: true
      guest:
        description: The process's number or the path of its pid file (V(qemu)), or the domain's name (V(xen)).
        type: str
        required: true
      host:
        description: The hypervisor's name in the inventory, reached by C(ssh) with a key.
        type: str
        default: localhost
"""

    # For what only reads recorded runs, on the controller.
    READS = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details: It never changes anything.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode) when in diff mode.
    support: N/A
    details: It never changes anything.
"""

    # For what compares the arms of recorded experiments.
    ARMS = r"""
options:
  run_ids:
    description: Experiments that are looked at. All in the files when empty.
    type: list
    elements: str
    default: []
  margin:
    description: The smallest difference that matters, as a ratio less one; V(0.02) is 2 %.
    type: float
    default: 0.02
"""
