# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    CONTROLLER = r"""
options: {}
notes:
  - A relative path starts where the playbook lies, or at the working directory where that is one of this collection's.
  - The work is done on the controller, whatever the play's hosts are; one host, such as C(localhost), is enough.
requirements:
  - Python 3.11 or newer and PyYAML on the controller, where ansible-core has them anyway
"""
