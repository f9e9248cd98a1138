# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_sheet
short_description: Draw the sheets of home sites, for the wall and for the telephone
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Draws for each site file, language and edition a sheet with the wiring, what to do when it does not work, how to
    connect a device, who to call, a page for the technician, a list of cables to tick, the way to each device, and
    labels.
  - A sheet is written as HTML, SVG and PDF. A sheet whose data did not change is left alone.
  - An edition shows only the fields that the site's model allows it. Before a file is kept it is searched for every
    secret that its edition must not show. Where one is found the task fails and the sheet is removed.
  - A site that cannot be drawn does not stop the others; the task fails at the end.
options:
  paths:
    description: Site files, and directories of them (C(*.yml) and C(*.yaml)).
    type: list
    elements: path
    required: true
  dest:
    description:
      - The directory for the sheets, made where it is missing. A file's name is C(SITE-EDITION-LANGUAGE.FORMAT).
      - Its subdirectory C(.site_sheet) holds what the next run compares with. Deleting that costs time, nothing else.
    type: path
    required: true
  languages:
    description: The languages.
    type: list
    elements: str
    choices: [ja, en]
    default: [ja, en]
  editions:
    description:
      - V(public) holds no secrets, contacts, addresses or Wi-Fi names.
      - V(family) adds those, and the passwords that the site file marks for the family.
      - V(handover) is for whoever takes over, and holds everything.
      - Files of the latter two are readable by their owner alone.
    type: list
    elements: str
    choices: [public, family, handover]
    default: [public]
  formats:
    description: The formats. V(svg) is the wiring alone.
    type: list
    elements: str
    choices: [html, svg, pdf]
    default: [html, svg, pdf]
  revision:
    description: What the sheet prints as its revision, such as a commit. By default the start of its data's hash.
    type: str
    default: ''
  fonts:
    description:
      - The font families of the PDF, the first that has a character being taken. By default one with Japanese that is
        installed, such as IPAexGothic.
      - A character that none of them has is an error.
    type: list
    elements: str
    default: []
  font_paths:
    description: Directories with further fonts.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.site.controller
requirements:
  - segno, for HTML and PDF
  - typst, pypdf, fonttools, and a font with Japanese, for PDF
notes:
  - Secrets are read from variables that Ansible Vault or SOPS protects. A secret that stands in the site file in plain
    text is refused.
  - Passwords never come into the task's result, its difference or its messages. The difference shows facts, and for a
    password only that it changed.
  - A secret of fewer than eight characters is searched for only as a whole word, and not at all where it has fewer than
    four or the site uses it as a name or number. The task warns of those.
seealso:
  - module: homevirt.fleet.site_check
  - module: homevirt.fleet.site_trace
"""

EXAMPLES = r"""
- name: Draw the public sheets of all sites
  homevirt.fleet.site_sheet:
    paths:
      - sites
    dest: sheets

- name: Draw the family's sheet of one site in Japanese, as a PDF
  homevirt.fleet.site_sheet:
    paths:
      - sites/jikka.yml
    dest: sheets
    languages: [ja]
    editions: [family]
    formats: [pdf]
"""

RETURN = r"""
sheets:
  description: Every file that was asked for.
  returned: always
  type: list
  elements: dict
  contains:
    path:
      description: Its path.
      type: str
      sample: /home/taro/sheets/jikka-public-ja.pdf
    site:
      description: The site's slug.
      type: str
      sample: jikka
    edition:
      description: V(public), V(family) or V(handover).
      type: str
    language:
      description: V(ja) or V(en).
      type: str
    format:
      description: V(html), V(svg) or V(pdf).
      type: str
    changed:
      description: Whether it was stale. Outside check mode it is current now.
      type: bool
stale:
  description: The paths of those that were stale.
  returned: always
  type: list
  elements: str
errors:
  description: What went wrong, site by site.
  returned: when something went wrong
  type: list
  elements: str
"""
