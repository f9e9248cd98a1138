# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_drift
short_description: Tell where the text file of a home site is no longer true
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Compares site files with what M(homevirt.fleet.site_observe) read from their devices, and reports devices that
    moved, cables that changed places, unknown devices, undocumented switches, other addresses, leases outside the
    pools, links that are down, and loops.
  - What was not seen is unknown and no difference. An old entry in a bridge's table proves nothing. Devices with a MAC
    address that they made up, such as telephones, are counted and not reported.
  - For what it can prove it proposes a patch of the site file, with comments and order kept. It never writes a site
    file.
options:
  paths:
    description: Site files, and directories of them (C(*.yml) and C(*.yaml)).
    type: list
    elements: path
    required: true
  observations:
    description:
      - For each inventory host what its task of M(homevirt.fleet.site_observe) registered, one that failed or was
        unreachable too. RV(homevirt.fleet.site_observe#module:observation) alone will do.
      - A host is called after its device and its site, as P(homevirt.fleet.sites#inventory) does, or its observation
        says which they are.
    type: dict
    required: true
  state_file:
    description:
      - A file on the controller that remembers the findings, so that the next task can tell which are new. Without it
        each one is new.
    type: path
  report_dir:
    description:
      - A directory on the controller for C(audit.md) (Markdown), C(audit.xml) (JUnit) and, for each site where there is
        something to propose, C(SLUG.patch).
    type: path
  language:
    description: The language of the findings and of C(audit.md).
    type: str
    choices: [ja, en]
    default: en
  fail_on:
    description:
      - The mildest severity with which the task fails. Except with V(never) it fails, too, where no device of any site
        has answered, since nothing was compared then.
    type: str
    choices: [error, warning, notice, never]
    default: warning
  unseen_days:
    description:
      - After so many days on which no device of a site has answered, that is a finding of its own, the warning
        C(site-unseen). With V(0) it is one at once.
      - O(state_file) remembers since when; without one, and with another number than V(0), there is no such finding.
      - A site of which nothing can be asked is left out.
    type: int
    default: 7
  today:
    description: The day to remember for what is new, such as V(2026-05-03). By default the controller's date.
    type: str
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.attributes.controller
  - homevirt.fleet.site.controller
notes:
  - It is changed where O(state_file) or a report would be other than it is. Two audits of the same house change
    nothing.
  - All findings and what to do about them stand in the collection's C(docs/audit.md).
seealso:
  - module: homevirt.fleet.site_observe
  - module: homevirt.fleet.site_check
"""

EXAMPLES = r"""
- name: Read what this machine sees, as if it were the router of a site
  homevirt.fleet.site_observe:
    site: jikka
    device: rt
  register: seen

- name: Compare
  homevirt.fleet.site_drift:
    paths: [sites/jikka.yml]
    observations: { rt.jikka: "{{ seen }}" }
    report_dir: audit
    state_file: audit/state.json
    fail_on: never
"""

RETURN = r"""
msg:
  description: All findings, what is no longer seen, and a summary, a line each.
  returned: always
  type: str
out_of_date:
  description: Whether there is something that O(fail_on) counts, whatever the task's C(failed_when) says.
  returned: when the comparison could be made
  type: bool
findings:
  description: What differs, in the order of files and lines, and what is wrong with the shape of the files.
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
      sample: cables-swapped
    file:
      description: The site file.
      type: str
    line:
      description: The line in it, from 1.
      type: int
    label:
      description: The object.
      type: str
      sample: cable C05
    message:
      description: What differs.
      type: str
    hint:
      description: What to do.
      type: str
    site:
      description: The site's slug.
      type: str
    evidence:
      description: V(confirmed) by two sources, V(measured) or V(inferred).
      type: str
    since:
      description: The day on which it was first seen.
      type: str
    new:
      description: Whether O(state_file) did not have it.
      type: bool
counts:
  description: How many findings there are of each severity.
  returned: always
  type: dict
  sample: {error: 1, warning: 0, notice: 0}
new:
  description: Those of RV(findings) that are new.
  returned: always
  type: list
  elements: dict
gone:
  description: What the last audit found and this one looked for and did not see, each with site, text and since.
  returned: always
  type: list
  elements: dict
open:
  description: What the last audit found and this one could not look at, since a device did not answer.
  returned: always
  type: list
  elements: dict
unknown:
  description:
    - Devices of which nothing was seen, each with site, device, reason (V(unreachable), V(not-asked), V(not-seen),
      V(no-mac)) and text.
  returned: always
  type: list
  elements: dict
unseen:
  description:
    - Sites of which no device answered, each with site and since, the first day of that (empty without O(state_file)).
  returned: always
  type: list
  elements: dict
seen:
  description:
    - Who was seen where, each with site, device, port, as_written (whether the file has it there), evidence and
      sources.
  returned: always
  type: list
  elements: dict
patches:
  description: Proposed changes of the site files, each with file and patch (a unified diff).
  returned: always
  type: list
  elements: dict
"""
