# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: change_guard_info
short_description: List the guards of a host and what became of them
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Lists the guards that M(homevirt.fleet.change_guard) armed on a host, open and ended ones, with the last lines of
    their log.
  - It needs no Python on the host.
options:
  name:
    description: Only the guard of this name.
    type: str
  directory:
    description: As O(homevirt.fleet.change_guard#module:directory).
    type: str
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
seealso:
  - module: homevirt.fleet.change_guard
"""

EXAMPLES = r"""
- name: See what is open on a host
  homevirt.fleet.change_guard_info:
  register: found

- name: Say which changes nobody has confirmed
  ansible.builtin.debug:
    msg: "{{ found.guards | selectattr('state', 'equalto', 'armed') | map(attribute='name') }}"
"""

RETURN = r"""
directory:
  description: Where the host keeps them.
  returned: success
  type: str
guards:
  description: One entry for each guard, with the values of M(homevirt.fleet.change_guard).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The guard's name.
      type: str
    state:
      description: V(armed), V(restoring), V(undoing), V(confirmed) or V(rolled_back).
      type: str
    owner:
      description: Who armed it.
      type: str
    since:
      description: When it was armed, by the host's clock, in UTC.
      type: str
    ended:
      description: When it was confirmed or everything was back.
      type: str
    remaining:
      description: Seconds that are left to confirm. Null where it is not armed.
      type: int
    reason:
      description: Why it was rolled back.
      type: str
    files:
      description: The paths that are kept. Empty after the end.
      type: list
      elements: str
    failures:
      description: What could not be put back.
      type: list
      elements: str
    log:
      description: The last lines of the host's log about it.
      type: list
      elements: str
"""
