#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Only the documentation: the work is done by the action plugin of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: bench_compare
short_description: Tell whether one arm of a benchmark is faster than another, and how sure that is
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Gives the ratio of two throughputs with its 95 % interval and a verdict, from recorded runs or from plain numbers.
  - Runs of one pair are compared with each other, by Student's t on the logarithms of their ratio. To what chance
    leaves open, the error of both clocks is added whole, since it is the same in every run.
  - Warm-ups and runs whose clock is invalid do not count. Outliers are told and do count.
options:
  records:
    description: Files of recorded runs in JSON Lines, or directories with such files (C(*.jsonl)). Needs O(baseline).
    type: list
    elements: str
  baseline:
    description: The arm that the others are compared with.
    type: str
  candidates:
    description: The arms that are compared with the baseline. All others when empty.
    type: list
    elements: str
    default: []
  numbers:
    description: Numbers measured in another way, instead of O(records).
    type: dict
    suboptions:
      baseline:
        description: One number for each run.
        type: list
        elements: float
        required: true
      candidate:
        description: One number for each run.
        type: list
        elements: float
        required: true
      measure:
        description: Whether they are durations, of which the smaller is better, or rates. The unit does not matter.
        type: str
        choices: [duration, rate]
        default: duration
      paired:
        description:
          - Whether the first of both arms were measured one right after the other, and so the second, and so on.
          - If not, they are compared by Welch's t, which needs more runs.
        type: bool
        default: true
      resolution:
        description: The smallest step of the numbers, for example V(1) for whole seconds.
        type: float
        default: 0.0
extends_documentation_fragment:
  - homevirt.fleet.attributes.controller
  - homevirt.fleet.bench.arms
  - homevirt.fleet.bench.reads
seealso:
  - module: homevirt.fleet.bench_report
  - module: homevirt.fleet.bench_history
"""

EXAMPLES = r"""
- name: One run each by a wristwatch proves nothing
  homevirt.fleet.bench_compare:
    numbers:
      baseline: [211]
      candidate: [203]

- name: Compare the paravirtual driver with the emulated one
  homevirt.fleet.bench_compare:
    records:
      - /srv/bench/runs.jsonl
    baseline: emulated
    margin: 0.05
"""

RETURN = r"""
comparisons:
  description: One entry for each job of each experiment and each candidate; a single one for O(numbers).
  returned: success
  type: list
  elements: dict
  contains:
    verdict:
      description:
        - V(faster) or V(slower), the whole interval lies above or below 1.
        - V(equivalent), the whole interval lies within the margin.
        - V(clock-limited), the clocks, not chance, leave it open; longer runs help, more of them do not.
        - V(inconclusive), none of these.
      type: str
      sample: inconclusive
    reason:
      description: Why, in words.
      type: str
    ratio:
      description: How many times as fast as the baseline the candidate is.
      type: float
      sample: 1.0394
    percent:
      description: How many per cent faster than the baseline the candidate is, negative where it is slower.
      type: float
      sample: 3.9
    interval:
      description: RV(comparisons[].interval.low) and RV(comparisons[].interval.high), between which the ratio lies
        with 95 % confidence. Null where there is one run only.
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
      description: Number of pairs that count; without pairs, of runs of the smaller arm.
      type: int
    chance:
      description: Half-width of the interval without the clocks' error, on the scale of natural logarithms.
      type: float
    clock_error:
      description: What the clocks of both arms add to it, on the same scale.
      type: float
    spread:
      description: Standard deviation of the pairs, on the same scale. Null where there is one run only.
      type: float
    pairs_needed:
      description: So many pairs find a difference as large as the margin nine times out of ten. Null where that cannot
        be told, or no number of pairs does.
      type: int
    run_id:
      description: The experiment. Only for O(records), as all that follows.
      type: str
    profile:
      description: The profile of the job.
      type: str
    job:
      description: The job.
      type: str
    baseline:
      description: The baseline's arm.
      type: str
    candidate:
      description: The candidate's arm.
      type: str
    reported:
      description: The same by the targets' own clocks, as if they were right.
      type: dict
      contains:
        verdict:
          description: What a benchmark that trusts them would have said.
          type: str
        ratio:
          description: As above.
          type: float
        percent:
          description: As above.
          type: float
        interval:
          description: As above.
          type: dict
    misleading:
      description: Whether RV(comparisons[].reported.ratio) lies outside RV(comparisons[].interval).
      type: bool
    left_out:
      description: Runs that do not count, and why.
      type: list
      elements: dict
      contains:
        slot:
          description: Name of the run.
          type: str
        arm:
          description: Its arm.
          type: str
        reason:
          description: Why it does not count.
          type: str
    outliers:
      description: Pairs that stand out, by Tukey's fences. They count.
      type: list
      elements: dict
      contains:
        pair:
          description: Number of the pair.
          type: int
        severity:
          description: V(mild) or V(severe).
          type: str
    unsteady:
      description: Arms whose last five runs are not steady after SNIA's test, which spans more than 20 % of their mean
        or rises or falls by more than 10 % of it.
      type: list
      elements: str
    differing:
      description: What of the recorded proof differs between the arms.
      type: list
      elements: dict
      contains:
        name:
          description: For example V(driver).
          type: str
        baseline:
          description: Its values in the baseline.
          type: list
          elements: str
        candidate:
          description: Its values in the candidate.
          type: list
          elements: str
summary:
  description: A sentence for each comparison.
  returned: success
  type: list
  elements: str
"""
