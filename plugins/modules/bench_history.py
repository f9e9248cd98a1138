#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Only the documentation: the work is done by the action plugin of the same name, on the controller.

from __future__ import annotations

DOCUMENTATION = r"""
module: bench_history
short_description: Keep benchmark runs in a history, and export it
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Adds recorded runs to a history in one SQLite file. A run is added once, whatever the number of imports, and never
    changed. A different run under the same identity is refused, and then nothing is added.
  - Exports the whole history as CSV and JSON Lines, and the newest runs as a file for the textfile collector of
    Prometheus' node_exporter.
options:
  database:
    description: The SQLite file. It is made when there is none.
    type: str
    required: true
  records:
    description: Files of recorded runs in JSON Lines, or directories with such files (C(*.jsonl)), that are added.
    type: list
    elements: str
    default: []
  csv:
    description:
      - Where the history is written as CSV, one line for each run. Units stand in the names of the columns.
      - A text that a spreadsheet would take for a formula gets an apostrophe in front.
    type: str
  prometheus:
    description: Where the newest run of each host, arm and job is written as Prometheus metrics. Its name must end in
      C(.prom) for the collector to read it.
    type: str
  json_lines:
    description: Where the history is written as JSON Lines, as it came.
    type: str
  timeout:
    description: Seconds to wait for another import into the same history.
    type: float
    default: 30.0
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode) when in diff mode.
    support: full
extends_documentation_fragment:
  - homevirt.fleet.attributes.controller
seealso:
  - module: homevirt.fleet.bench_regression
  - module: homevirt.fleet.bench_compare
"""

EXAMPLES = r"""
- name: Keep today's runs, and hand the newest to Prometheus
  homevirt.fleet.bench_history:
    database: /srv/bench/history.sqlite
    records:
      - /srv/bench/runs.jsonl
    prometheus: /srv/bench/homevirt_bench.prom

- name: Write all of it for a spreadsheet
  homevirt.fleet.bench_history:
    database: /srv/bench/history.sqlite
    csv: /srv/bench/history.csv
"""

RETURN = r"""
added:
  description: Runs that the history lacked.
  returned: success
  type: list
  elements: dict
  contains:
    run_id:
      description: The experiment.
      type: str
    slot:
      description: Name of the run within it.
      type: str
    job:
      description: The job.
      type: str
total:
  description: Number of runs in the history.
  returned: success
  type: int
files:
  description: The exports.
  returned: success
  type: list
  elements: dict
  contains:
    format:
      description: V(csv), V(prometheus) or V(json_lines).
      type: str
    path:
      description: Where it is.
      type: str
    changed:
      description: Whether its content is another one than before.
      type: bool
"""
