#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: clock_audit
short_description: Audit a target's clock against the controller's
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads the target's clock many times over one connection and tells, as an interval that holds the truth, how fast
    it runs.
  - An idle clock says nothing about a busy one. M(homevirt.fleet.disk_benchmark) audits the clock during every run;
    this module is for a quick look, or for a look at a target that something else keeps busy meanwhile.
  - The target's monotonic clock is compared with the controller's, which is trusted to 50 ppm.
options:
  seconds:
    description: How long to watch. The longer, the narrower the interval.
    type: float
    default: 5.0
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.attributes.info
  - homevirt.fleet.bench.clock
seealso:
  - module: homevirt.fleet.disk_benchmark
"""

EXAMPLES = r"""
- name: Look at the clock for ten seconds
  homevirt.fleet.clock_audit:
    seconds: 10
  register: looked

- name: Stop where the clock is wrong
  ansible.builtin.assert:
    that: looked.clock.verdict not in ['fail', 'invalid']
    fail_msg: "{{ looked.clock.reason }}"
"""

RETURN = r"""
clock:
  description: The verdict and what it rests on.
  returned: success
  type: dict
  contains:
    verdict:
      description: V(pass) where the rate lies wholly within the tolerance, V(fail) where wholly outside, V(unresolved)
        where neither, V(invalid) where no rate explains the readings because the clock stepped or the target stood
        still.
      type: str
      sample: pass
    reason:
      description: The verdict in words.
      type: str
    rate:
      description: Seconds of the target's clock for one true second, an interval. None where invalid.
      type: dict
      sample: {low: 0.99995, high: 1.00006}
    idle_rate:
      description: The same over the first readings alone.
      type: dict
    pings:
      description: Number of readings.
      type: int
    tolerance:
      description: As given.
      type: float
clock_source:
  description: The kernel's clock source on the target. Empty where it has none.
  returned: success
  type: str
  sample: kvm-clock
"""

import sys

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bench.survey import clock_source
from ..module_utils._common.host import Host
from ..module_utils._common.runner import SystemRunner


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "seconds": {"type": "float", "default": 5.0},
            "tolerance": {"type": "float", "default": 0.001},
        },
        supports_check_mode=True,
    )
    # The action needs to know which Python runs here; it replaces this by the clock's audit.
    module.exit_json(changed=False, clock_source=clock_source(Host(SystemRunner())), python=sys.executable)


if __name__ == "__main__":
    main()
