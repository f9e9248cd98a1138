# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_export
short_description: Write a home site as tables for NetBox or as a draw.io diagram
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Writes what a site file says in the shape that other programs read. A file that holds the right text already is left
    alone.
  - Credentials are never written, whatever the edition.
options:
  path:
    description: The site file. A relative one starts at the playbook.
    type: path
    required: true
  dest:
    description: The file to write, or for V(netbox_csv) the directory to write the tables into.
    type: path
    required: true
  format:
    description:
      - V(netbox_csv) writes a CSV file for each kind of object, numbered in the order in which NetBox's bulk import
        (4.2 or newer) must read them.
      - V(netbox_yaml) writes the same tables into one YAML file.
      - V(drawio) writes a diagram with a box for each device and a line for each cable.
    type: str
    choices: [netbox_csv, netbox_yaml, drawio]
    required: true
  edition:
    description: Which fields the tables have. V(public) has no addresses, V(family) no serial numbers.
    type: str
    choices: [public, family, handover]
    default: family
  language:
    description: The language of the diagram.
    type: str
    choices: [ja, en]
    default: en
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.site.controller
notes:
  - Files of an earlier export that have no rows any more stay in O(dest); it may hold what is not ours.
seealso:
  - module: homevirt.fleet.site_device_type
"""

EXAMPLES = r"""
- name: Write the tables for NetBox
  homevirt.fleet.site_export:
    path: sites/oji.yml
    dest: export/oji
    format: netbox_csv

- name: Write a diagram
  homevirt.fleet.site_export:
    path: sites/oji.yml
    dest: export/oji.drawio
    format: drawio
    language: ja
"""

RETURN = r"""
files:
  description: The files that were written, or in check mode would be.
  returned: success
  type: list
  elements: str
"""
