#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Only the documentation: the work is done by the action plugin of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: bench_report
short_description: Write a benchmark's report as one HTML file
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Writes one HTML file that needs nothing else, neither the network nor JavaScript, and can be read on a phone, on
    paper, by day and by night, and by a screen reader.
  - It shows every run, warm-ups and outliers too, what the target's own clock reported beside what was true, the
    verdicts, and what was really measured.
  - The same runs and options give the same file to the byte.
options:
  records:
    description: Files of recorded runs in JSON Lines, or directories with such files (C(*.jsonl)).
    type: list
    elements: str
    required: true
  path:
    description: The HTML file. Its directory must exist.
    type: str
    required: true
  title:
    description: The report's heading.
    type: str
    default: Benchmark
  baseline:
    description: The arm that the others are compared with. Without it nothing is compared.
    type: str
  candidates:
    description: The arms that are compared with the baseline. All others when empty. Needs O(baseline).
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode) when in diff mode.
    support: full
extends_documentation_fragment:
  - homevirt.fleet.attributes.controller
  - homevirt.fleet.bench.arms
seealso:
  - module: homevirt.fleet.bench_compare
"""

EXAMPLES = r"""
- name: Write the report
  homevirt.fleet.bench_report:
    records:
      - /srv/bench/runs.jsonl
    baseline: emulated
    title: Did the paravirtual driver help?
    path: /srv/bench/report.html
"""

RETURN = r"""
path:
  description: The HTML file.
  returned: success
  type: str
  sample: /srv/bench/report.html
runs:
  description: Number of runs in it.
  returned: success
  type: int
summary:
  description: A sentence for each comparison in it.
  returned: success
  type: list
  elements: str
"""
