# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_device_type
short_description: Turn a NetBox device type into a device of a home site
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads a device type as NetBox's users share them, a YAML file for each model, and returns a device with all its
    ports, to be pasted into a site file. No file is changed.
options:
  path:
    description: The device type's file. A relative one starts at the playbook.
    type: path
    required: true
  name:
    description: The device's name in the site.
    type: str
    required: true
  role:
    description: What the device does, which a device type does not say.
    type: str
    choices:
      - onu
      - modem
      - router
      - switch
      - access-point
      - patch-panel
      - wall-jack
      - splitter
      - hypervisor
      - server
      - endpoint
      - phone
      - printer
      - camera
      - tv
    required: true
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
  - homevirt.fleet.site.controller
seealso:
  - module: homevirt.fleet.site_export
"""

EXAMPLES = r"""
- name: Read what ports the switch has
  homevirt.fleet.site_device_type:
    path: types/gs-8.yml
    name: sw1
    role: switch
  register: switch

- name: Show what to paste below devices
  ansible.builtin.debug:
    msg: "{{ switch.text.splitlines() }}"
"""

RETURN = r"""
device:
  description: The device with the keys of a site file.
  returned: success
  type: dict
  sample: {name: sw1, role: switch, manufacturer: Example, model: GS-8, interfaces: [{name: "1", type: 1000base-t}]}
text:
  description: The same as YAML, an item of C(devices).
  returned: success
  type: str
"""
