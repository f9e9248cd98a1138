# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_trace
short_description: Tell the way from a home's line to one device, cable by cable
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Follows the wiring that a site file describes from where the line comes in, through panels and wall jacks, to one
    device, as one reads it out to somebody on the telephone.
  - Nothing is asked on the network; the way is that of the file.
options:
  path:
    description: The site file. A relative one starts at the playbook.
    type: path
    required: true
  device:
    description: Name of the device, or of a virtual machine, whose host is then looked for.
    type: str
    required: true
  language:
    description: The language of RV(lines).
    type: str
    choices: [ja, en]
    default: en
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
  - homevirt.fleet.site.controller
seealso:
  - module: homevirt.fleet.site_check
"""

EXAMPLES = r"""
- name: Find the way to the file server
  homevirt.fleet.site_trace:
    path: sites/oji.yml
    device: nas
  register: way

- name: Read it out
  ansible.builtin.debug:
    var: way.lines
"""

RETURN = r"""
msg:
  description: The way in words.
  returned: success
  type: str
lines:
  description: The same, as lines.
  returned: success
  type: list
  elements: str
legs:
  description: The way from port to port.
  returned: success
  type: list
  elements: dict
  contains:
    via:
      description: V(line), V(cable) or V(air).
      type: str
    name:
      description: The circuit, the label of the cable, or the Wi-Fi.
      type: str
      sample: C01
    start:
      description:
        - Where it starts; none where the line comes in.
        - C(printed) is what is printed beside the port, C(room) the location as the sheet writes it, with its floor.
      type: dict
      sample:
        device: rt
        label: {ja: ルーター, en: Router}
        port: "1"
        location: {ja: 居間, en: Living room}
        printed: {ja: "1", en: "1"}
        room: {ja: 居間（1階）, en: "Living room, floor 1"}
    end:
      description: Where it ends, with the same keys.
      type: dict
    type:
      description: The kind of line or cable. Empty where it is unknown.
      type: str
    color:
      description: The colour of the cable. Empty where it is unknown.
      type: str
    length_m:
      description: The length of the cable in metres.
      type: float
    note:
      description: What the site file remarks about it.
      type: dict
    ssids:
      description: The Wi-Fis that a device may have joined here, one by one.
      type: list
      elements: str
"""
