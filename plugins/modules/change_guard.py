# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: change_guard
short_description: Have a host undo a change by itself unless it is confirmed
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Arm it, change what is to be changed, and confirm. Where no confirmation comes in time, because the change broke the
    network, Ansible died or the power failed, the host puts everything back by itself.
  - The confirmation is made over a new connection, and the host refuses one that is not. So it proves that the host can
    still be reached.
  - The guard is a shell script on the host that is woken by systemd (a timer, and two units at boot), or by BusyBox'
    init or
    OpenWrt's. It needs no Python there.
options:
  name:
    description: Name of the guard on the host. At most 40 small letters, digits, C(-) and C(_). The names V(guard)
      and V(log) are taken.
    type: str
    required: true
  state:
    description:
      - V(armed) keeps O(files) and O(undo) on the host and starts the O(window).
      - V(confirmed) ends it, and the change stays.
      - V(rolled_back) has the host put everything back now, and waits for that.
    type: str
    choices: [armed, confirmed, rolled_back]
    default: armed
  files:
    description:
      - Absolute paths that are put back with content, mode, owner and ACL. A path where nothing is when it is armed
        is removed
        again. A directory is put back as a whole.
      - Where another open guard of the host keeps the same path, or one above or below, arming is refused.
    type: list
    elements: str
    default: []
  undo:
    description:
      - What the host runs after the files are back, in this order. One that fails does not keep the next from being
        run.
      - One that is cut by a power failure is run again from its start, so it must bear that.
    type: list
    elements: dict
    default: []
    suboptions:
      command:
        description: Lines for C(/bin/sh), run as the user that armed the guard. Killed after 300 seconds.
        type: str
      module:
        description:
          - A module, written in Python, that undoes the change, such as the one that made it with its opposite state.
            It is
            packed with its O(undo[].args) when the guard is armed, and run by the host's Python.
        type: str
      args:
        description: The module's arguments.
        type: dict
        default: {}
      title:
        description: What the log calls it. By default the module's name, or the command's first line, so give one where
          that is secret.
        type: str
  window:
    description: Seconds from arming within which the change has to be confirmed, from 10 to 86400.
    type: int
    default: 300
  on_boot:
    description:
      - What a start of the host before the confirmation means. V(rollback) puts the files back before the network is
        brought
        up, and the rest at the end of the start.
      - V(wait) is for changes that need a restart. The window begins anew.
    type: str
    choices: [rollback, wait]
    default: rollback
  owner:
    description: Whose change it is. Another one may neither arm nor confirm nor roll back a guard that is open. By
      default
      the user and the name of the controller. Where each run has a new controller, as in AWX, set it.
    type: str
  directory:
    description: Where the host keeps it. It must outlive a reboot. By default C(/var/lib/homevirt.fleet/guard), or
      C(/etc/homevirt.fleet/guard) where C(/var) is memory, as on OpenWrt.
    type: str
  timeout:
    description: Seconds to go on trying for a new connection, and to wait for the end of a rollback.
    type: int
    default: 60
extends_documentation_fragment:
  - homevirt.fleet.attributes
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
  check_mode:
    details: Whether the files can be copied shows only when it is armed.
notes:
  - It works on targets without Python, unless a module is to undo the change.
  - O(state=armed) and O(state=confirmed) change the host, and say so. To have a play that changes nothing where
    nothing is to
    do, look with C(check_mode) first; the page on C(change_guard) in the collection's C(docs) shows how.
seealso:
  - module: homevirt.fleet.change_guard_info
"""

EXAMPLES = r"""
- name: Have the guarded host put its name back unless this is confirmed within two minutes
  homevirt.fleet.change_guard:
    name: motd
    files:
      - /etc/motd
    window: 120

- name: Change something on the guarded host
  ansible.builtin.raw: echo changed > /etc/motd
  changed_when: true

- name: Confirm on the guarded host, over a new connection
  homevirt.fleet.change_guard:
    name: motd
    state: confirmed

- name: Arm a guarded host with commands that undo the rest
  homevirt.fleet.change_guard:
    name: address
    files:
      - /etc/network
    undo:
      - command: ip address delete 192.0.2.7/32 dev lo 2> /dev/null || true

- name: Give up the change of the guarded host
  homevirt.fleet.change_guard:
    name: address
    state: rolled_back
"""

RETURN = r"""
name:
  description: The guard's name.
  returned: success
  type: str
state:
  description: V(armed), V(restoring) (files), V(undoing) (commands and modules), V(confirmed) or V(rolled_back). In
    check
    mode what it would be.
  returned: success
  type: str
owner:
  description: Who armed it.
  returned: success
  type: str
since:
  description: When it was armed, by the host's clock, in UTC.
  returned: success
  type: str
  sample: "2026-05-03T09:00:00Z"
ended:
  description: When it was confirmed or everything was back.
  returned: success
  type: str
remaining:
  description: Seconds that are left to confirm. Null where it is not armed.
  returned: success
  type: int
reason:
  description: Why it was rolled back.
  returned: success
  type: str
  sample: the window ended without a confirmation
files:
  description: The paths that are kept. Empty after the end.
  returned: success
  type: list
  elements: str
failures:
  description: What could not be put back. With some, what was kept stays on the host, and the guard is not armed again
    until its directory there is removed.
  returned: success
  type: list
  elements: str
log:
  description: The last lines of the host's log about this guard.
  returned: success
  type: list
  elements: str
what:
  description: The object that an error is about.
  returned: failure
  type: str
why:
  description: The reason of an error.
  returned: failure
  type: str
hint:
  description: The next step after an error.
  returned: failure
  type: str
"""
