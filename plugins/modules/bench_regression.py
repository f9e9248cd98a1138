#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Only the documentation: the work is done by the action plugin of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: bench_regression
short_description: Tell whether disks became slower between two dates
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Compares the runs of two spans of time in a history that M(homevirt.fleet.bench_history) keeps, each host, arm and
    job for itself, where they did the same work.
  - Such runs were not made side by side, so they are compared by Welch's t. It tells a change of the machine
    from chance within a day; what changes from day to day by itself counts as a change too.
options:
  database:
    description: The SQLite file.
    type: str
    required: true
  before:
    description: A day in UTC (V(2026-11-01)), a moment (V(2026-11-01T10:00:00Z)), or first and last of either
      (V(2026-11-01/2026-11-07)).
    type: str
    required: true
  after:
    description: The span that is compared with O(before), written likewise.
    type: str
    required: true
  margin:
    description: The smallest difference that matters, as a ratio less one; V(0.05) is 5 %.
    type: float
    default: 0.05
  timeout:
    description: Seconds to wait for an import into the same history.
    type: float
    default: 30.0
extends_documentation_fragment:
  - homevirt.fleet.attributes.controller
  - homevirt.fleet.bench.reads
seealso:
  - module: homevirt.fleet.bench_history
"""

EXAMPLES = r"""
- name: Compare the days after the update with the one before
  homevirt.fleet.bench_regression:
    database: /srv/bench/history.sqlite
    before: 2026-11-02
    after: 2026-11-05/2026-11-07
  register: checked

- name: Stop when something became slower
  ansible.builtin.assert:
    that: checked.regressed | length == 0
    fail_msg: "{{ checked.summary | join('\n') }}"
"""

RETURN = r"""
changes:
  description: What could be compared.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The target.
      type: str
    arm:
      description: The arm.
      type: str
    profile:
      description: The profile of the job.
      type: str
    job:
      description: The job.
      type: str
    engine:
      description: What ran it.
      type: str
    bytes:
      description: How much each run transferred.
      type: int
    regressed:
      description: Whether it is slower now, beyond chance and clock and by more than O(margin).
      type: bool
    verdict:
      description: How it is now beside then, as M(homevirt.fleet.bench_compare) says it.
      type: str
      sample: slower
    reason:
      description: Why, in words.
      type: str
    ratio:
      description: How many times as fast as then.
      type: float
    percent:
      description: How many per cent faster than then, negative where it is slower.
      type: float
    interval:
      description: RV(changes[].interval.low) and RV(changes[].interval.high), between which the ratio lies with 95 %
        confidence. Null where one span has one run only.
      type: dict
      contains:
        low:
          description: The lower end.
          type: float
        high:
          description: The upper end.
          type: float
    margin:
      description: As given.
      type: float
    runs:
      description: Number of runs in the span that has fewer.
      type: int
    chance:
      description: Half-width of the interval without the clocks' error, on the scale of natural logarithms.
      type: float
    clock_error:
      description: What the clocks of both spans add to it, on the same scale.
      type: float
    spread:
      description: What a pair of runs would scatter by, on the same scale. Null where one span has one run only.
      type: float
    pairs_needed:
      description: So many pairs would find a difference as large as the margin nine times out of ten.
      type: int
regressed:
  description: Host, arm, profile, job, engine and bytes of those that became slower.
  returned: success
  type: list
  elements: dict
alone:
  description: The same of those that have runs in one span only.
  returned: success
  type: list
  elements: dict
summary:
  description: A sentence for each of RV(changes).
  returned: success
  type: list
  elements: str
"""
