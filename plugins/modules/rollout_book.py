# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rollout_book
short_description: Keep the book of a rollout
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Makes the waves of a rollout, writes down what became of each host, judges a wave, and sums up. The role
    P(homevirt.fleet.rollout#role) calls it; a play of your own may.
  - The book is a file of JSON Lines on the controller. A later run under the same O(rollout_id) leaves out what it
    says is done.
options:
  step:
    description:
      - V(open) reads the book and makes the waves of what is left to do.
      - V(note) writes down what became of one host.
      - V(judge) says whether to stop after a wave. Hosts of the wave without a note in O(notes) are written down as
        vanished.
      - V(close) writes the summary.
    type: str
    choices: [open, note, judge, close]
    required: true
  rollout_id:
    description: Name of the rollout and of its files.
    type: str
    required: true
  directory:
    description: The directory of the book. A relative one starts where Ansible was started.
    type: path
    default: rollouts
  change:
    description: What is rolled out, in words. A book of another change is refused. Needed to open it.
    type: str
  hosts:
    description: All hosts of the rollout, in order. Needed to open and to close it.
    type: list
    elements: str
    default: []
  sites:
    description: The site of each host.
    type: dict
    default: {}
  offline:
    description: Why, for each host that does not answer.
    type: dict
    default: {}
  canary:
    description: One number, or names of hosts.
    type: list
    elements: str
    default: ['1']
  serial:
    description: Sizes of the waves, as numbers or percentages. The last one counts on.
    type: list
    elements: str
    default: ['100%']
  wave:
    description: The wave, one of RV(waves). Needed to note and to judge.
    type: dict
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      hosts:
        description: Its hosts.
        type: list
        elements: str
        required: true
  host:
    description: The host. Needed to note.
    type: str
  result:
    description: The result of what changed the host, of which C(changed) and C(steps), C(stale) or C(summary) are kept.
    type: dict
    default: {}
  why:
    description: Why the host failed. Without it the host is noted as done.
    type: str
  notes:
    description: The RV(note) of each host that has one.
    type: dict
    default: {}
  max_fail_percentage:
    description: How many hosts of a wave may fail or vanish, in percent. Of the canaries none may.
    type: float
    default: 0
  stopped:
    description: Why the rollout was stopped, for the summary.
    type: str
    default: ''
extends_documentation_fragment:
  - homevirt.fleet.attributes.controller
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details: In check mode it writes nothing.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode) when in diff mode.
    support: N/A
    details: It changes no host.
seealso:
  - module: homevirt.fleet.change_guard
"""

EXAMPLES = r"""
- name: Make the waves of two hosts
  homevirt.fleet.rollout_book:
    step: open
    rollout_id: example
    directory: rollouts
    change: an example
    hosts:
      - first
      - second
  register: opened

- name: Say who comes first
  ansible.builtin.debug:
    var: opened.waves[0].hosts
"""

RETURN = r"""
book:
  description: The file of the book.
  returned: when O(step=open)
  type: str
waves:
  description: What is left to do, in order.
  returned: when O(step=open)
  type: list
  elements: dict
  contains:
    name:
      description: V(canary), or V(wave 1) and so on.
      type: str
    hosts:
      description: Its hosts.
      type: list
      elements: str
done:
  description: Hosts that an earlier run has done.
  returned: when O(step=open)
  type: list
  elements: str
offline:
  description: As O(offline).
  returned: when O(step=open)
  type: dict
owner:
  description: Who makes the rollout, the user and the name of the controller, as M(homevirt.fleet.change_guard) names
    its O(ignore:owner).
  returned: when O(step=open)
  type: str
note:
  description: What was written down, one of RV(hosts).
  returned: when O(step=note)
  type: dict
stop:
  description: Whether nothing more should be begun.
  returned: when O(step=judge)
  type: bool
why:
  description: Why to stop. For a failed task the reason of its error.
  returned: when O(step=judge)
  type: str
bad:
  description: Why, for each host of the wave that failed or vanished.
  returned: when O(step=judge)
  type: dict
complete:
  description: Whether all hosts that answer are done.
  returned: when O(step=close)
  type: bool
stopped:
  description: As O(stopped).
  returned: when O(step=close)
  type: str
counts:
  description: How many hosts there are of each outcome.
  returned: when O(step=close)
  type: dict
  sample: {changed: 18, offline: 2}
hosts:
  description: What became of each host.
  returned: when O(step=close)
  type: list
  elements: dict
  contains:
    host:
      description: The host.
      type: str
    site:
      description: Its site.
      type: str
    wave:
      description: The wave it was in.
      type: str
    outcome:
      description: V(changed), V(unchanged), V(done) (it is not known whether it changed), V(failed), V(vanished),
        V(offline) or V(waiting).
      type: str
    did:
      description: What was changed.
      type: list
      elements: str
    why:
      description: Why it is not done.
      type: str
    time:
      description: When, in UTC.
      type: str
table:
  description: The same as lines of a table.
  returned: when O(step=close)
  type: list
  elements: str
summary_file:
  description: The file that holds it as JSON.
  returned: when O(step=close)
  type: str
rollout_id:
  description: As O(rollout_id).
  returned: when O(step=close)
  type: str
"""
