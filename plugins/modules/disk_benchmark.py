#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: disk_benchmark
short_description: Measure disks with a clock that can be trusted
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Runs C(fio) on the target and times every run with the controller's clock, because a guest's own clock may be wrong
    just while its disk is busy. Each result carries what the guest reports beside what is true, as an interval.
  - The work is fixed, never the time, so that a clock can only ever spoil the time.
  - With two or more arms (such as an emulated and a paravirtual disk) the runs alternate, forward and backward, so
    that a drift of the machine hits all alike.
  - Every run is one line of JSON in O(results_dir) on the controller, in bytes and seconds. A call with the same
    O(run_id) does what is missing and nothing twice.
options:
  arms:
    description: What to measure. One arm is measured by itself, several are measured in turn.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name in the results.
        type: str
        required: true
      directory:
        description:
          - A directory on the disk, by its absolute real path. The file that is measured is new, is the benchmark's
            own, and has no name, so that nothing is left of it however the benchmark ends.
        type: str
        default: ''
      device:
        description: A block device instead of O(arms[].directory). B(What is on it is destroyed.)
        type: str
        default: ''
      raw_device_i_accept_data_loss:
        description: The very same path as O(arms[].device). Without it no device is touched.
        type: str
        default: ''
      expect_driver:
        description: Fail where the disk is bound to another driver than this (such as V(virtio_blk), V(xen_blkfront),
          V(ata_piix)).
        type: str
        default: ''
      host:
        description:
          - Inventory name of another host that this arm is on. At least one arm is on the task's own, and names none.
          - It is reached by its variables C(ansible_host), C(ansible_port), C(ansible_user), C(ansible_connection),
            C(ansible_python_interpreter), C(ansible_ssh_private_key_file), C(ansible_ssh_common_args) and
            C(ansible_ssh_extra_args), without passwords. C(become) and C(ansible_become) mean C(sudo) there.
          - Fio must be on it.
        type: str
        default: ''
  profile:
    description:
      - V(crystaldiskmark) does today's four tests of the program of that name, V(crystaldiskmark_2009) the three of its
        version 2, V(nvme) the four for NVMe disks, V(quick) two.
    type: str
    choices: [crystaldiskmark, crystaldiskmark_2009, nvme, quick]
    default: quick
  jobs:
    description: Your own profile instead of O(profile).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name in the results.
        type: str
        required: true
      operation:
        description: What is done.
        type: str
        choices: [read, write]
        required: true
      pattern:
        description: In which order.
        type: str
        choices: [sequential, random]
        required: true
      block_size:
        description: Size of one request, such as V(4K).
        type: str
        required: true
      queue_depth:
        description: Requests under way at a time, for each thread.
        type: int
        default: 1
      threads:
        description: Number of threads.
        type: int
        default: 1
      work:
        description: How much all threads together read or write, O(size) by default and at most.
        type: str
  operations:
    description: Which of reading and writing a named O(profile) does.
    type: list
    elements: str
    choices: [read, write]
    default: [read, write]
  size:
    description: Size of the file, such as V(1G). By default V(1G), V(256M) with the profile V(quick) and with O(jobs),
      and V(95M) with V(crystaldiskmark_2009), which offered 50, 100, 500 and 1000 MB (V(47M), V(95M), V(476M) and
      V(953M)).
    type: str
  random_work:
    description: How much the random jobs of a named profile read or write, where that is less than O(size).
    type: str
  keep_free:
    description: Refuse where less than this would be left free on the file system.
    type: str
    default: 1G
  io_engine:
    description: The engine of C(fio). V(auto) takes the first that works of V(libaio), V(io_uring) and V(psync).
    type: str
    choices: [auto, libaio, io_uring, psync]
    default: auto
  direct:
    description: Go past the target's page cache. Some file systems cannot.
    type: bool
    default: true
  pairs:
    description: How often each arm is run and counted.
    type: int
    default: 5
  margin:
    description: Plan O(pairs) from this instead; the smallest difference that matters (V(0.05) for 5 percent).
    type: float
  spread:
    description: Needed for O(margin). Standard deviation of the ratio's logarithm from pair to pair, from earlier runs.
    type: float
  warmup:
    description: Runs of each arm that come first and are not counted.
    type: int
    default: 1
  run_id:
    description: Name of the experiment and of its files. By default the host's name and the time.
    type: str
  results_dir:
    description: Directory on the controller, relative to where Ansible was started.
    type: path
    default: benchmark-results
  timeout:
    description: Seconds that one run may take.
    type: float
    default: 3600.0
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.bench.clock
  - homevirt.fleet.bench.hypervisor
attributes:
  check_mode:
    details: Looks at the target and returns RV(order); nothing is run and nothing is written anywhere.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: With O(run_id) a second call finds all runs done. Without it each call is a new experiment.
requirements:
  - fio
notes:
  - It is C(changed) where runs were added on the controller. The target is as it was, but for O(arms[].device).
seealso:
  - module: homevirt.fleet.clock_audit
  - module: homevirt.fleet.guest_driver_info
"""

EXAMPLES = r"""
- name: Measure one disk
  homevirt.fleet.disk_benchmark:
    run_id: before-the-update
    size: 64M
    keep_free: 100M
    arms:
      - name: root
        directory: /var/tmp
  register: measured

- name: Show it
  ansible.builtin.debug:
    var: measured.summary
"""

RETURN = r"""
run_id:
  description: Name of the experiment.
  returned: success
  type: str
results:
  description: Path on the controller of the file that holds all raw runs, one a line.
  returned: success
  type: str
  sample: benchmark-results/before-the-update.jsonl
pairs:
  description: How often each arm is run and counted.
  returned: success
  type: int
runs_done:
  description: Number of runs that this call did.
  returned: outside check mode
  type: int
order:
  description: The runs that are still to be done, in their order, each with its slot, arm and jobs.
  returned: in check mode
  type: list
  elements: dict
summary:
  description: One line for each arm and job.
  returned: outside check mode
  type: list
  elements: str
  sample: ["virtio, SEQ1M-Q8T1-read: 812.4 MB/s true, 1620.1 reported (medians of 5), clock fail"]
runs:
  description: All runs of the experiment, the lines of RV(results).
  returned: outside check mode
  type: list
  elements: dict
  contains:
    slot:
      description: Place in the order.
      type: str
      sample: pair-0001-virtio
    arm:
      description: What was measured.
      type: str
    pair:
      description: Number of the pair, 0 for a warm-up.
      type: int
    job:
      description: What was done.
      type: str
    bytes:
      description: Bytes read or written.
      type: int
    reported_seconds:
      description: Time by the target's clock.
      type: float
    true_seconds:
      description: Time by the controller's clock, an interval. None where the clock's verdict is V(invalid).
      type: dict
      sample: {low: 10.03, high: 10.05}
    reported_bytes_per_second:
      description: Throughput by the target's clock.
      type: float
    true_bytes_per_second:
      description: Throughput, an interval.
      type: dict
    inflation:
      description: How many times too good the reported throughput is, an interval.
      type: dict
    clock:
      description: As M(homevirt.fleet.clock_audit) returns it, over this very run.
      type: dict
    cpu:
      description: CPU seconds, and CPU seconds for each GiB, on the target (by its own clock) and on the hypervisor
        (less what the guest uses idle).
      type: dict
    latency_seconds:
      description: Percentiles by the target's clock.
      type: dict
    proof:
      description: What was measured. The disks with bound driver and cache mode, file system, kernel, clock source, and
        what the hypervisor read and wrote for it.
      type: dict
    versions:
      description: Of the engine and of the target's Python.
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._bench import arguments
from ..module_utils._bench.survey import survey
from ..module_utils._common.errors import FleetError
from ..module_utils._common.host import Host
from ..module_utils._common.runner import SystemRunner


def main() -> None:
    module = AnsibleModule(
        argument_spec=arguments.SPEC, required_together=arguments.REQUIRED_TOGETHER, supports_check_mode=True
    )
    try:
        request = arguments.request(module.params)
        here = [arm for arm in request.arms if not arm.host]
        found = survey(Host(SystemRunner()), here, module.params["io_engine"])
    except FleetError as error:
        module.fail_json(msg=str(error), what=error.what, why=error.why, hint=error.hint, **error.details)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
