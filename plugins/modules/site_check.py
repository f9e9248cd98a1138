# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_check
short_description: Check the text files that describe home sites
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads site files and reports everything that is wrong with them at once, each thing with file, line, and what to do.
  - Beside the shape of each value it looks at what the records say together, such as a port that two cables use, a
    loop, an address inside a pool, or two sites with the same addresses that a VPN joins. Give all site files in one
    task, so that it sees them together.
  - Secrets are not decrypted. A file that is vaulted as a whole is opened with the vault's password.
options:
  paths:
    description: Site files, and directories of them (C(*.yml) and C(*.yaml)).
    type: list
    elements: path
    required: true
  fail_on:
    description: The mildest severity with which the task fails.
    type: str
    choices: [error, warning, notice, never]
    default: error
  today:
    description: The day on which reviews are due or not, such as V(2026-05-03). By default the controller's date.
    type: str
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
  - homevirt.fleet.site.controller
notes:
  - All rules stand in the collection's C(docs/site_rules.md).
seealso:
  - module: homevirt.fleet.site_trace
  - plugin: homevirt.fleet.sites
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Check all sites together
  homevirt.fleet.site_check:
    paths:
      - sites

- name: Be strict with one of them
  homevirt.fleet.site_check:
    paths:
      - sites/oji.yml
    fail_on: warning
"""

RETURN = r"""
msg:
  description: All findings and a summary, a line each.
  returned: always
  type: str
findings:
  description: What is wrong, in the order of files and lines.
  returned: always
  type: list
  elements: dict
  contains:
    severity:
      description: V(error), V(warning) or V(notice).
      type: str
    rule:
      description: The rule's id.
      type: str
      sample: port-used-twice
    file:
      description: The site file.
      type: str
    line:
      description: The line in it, from 1.
      type: int
    label:
      description: The object.
      type: str
      sample: cable C01
    message:
      description: What is wrong with it.
      type: str
    hint:
      description: What to do.
      type: str
counts:
  description: How many findings there are of each severity.
  returned: always
  type: dict
  sample: {error: 0, warning: 1, notice: 0}
sites:
  description: Slugs of the sites that could be read.
  returned: always
  type: list
  elements: str
"""
