# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of docs/audit.md: the findings, and what was done to the cables of the scenario home_network.

``python -m …replugs PAGE`` writes them anew, which tools/site_docs does.
"""

from __future__ import annotations

import pathlib
import sys

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import drift_text
from ansible_collections.homevirt.fleet.tests.unit.support import yamltext

CASES = pathlib.Path(__file__).parents[3] / "molecule/home_network/cases/cables.yml"


def replug_table():
    """The cases of the scenario as the lines of a Markdown table."""
    lines = ["| what was done | what the audit finds | in its words (… is what may differ) |", "|---|---|---|"]
    for case in yamltext.read(CASES.read_text(encoding="utf-8")):
        found = ", ".join(f"`{one.partition(' ')[0]}` at {one.partition(' ')[2]}" for one in case["finds"]) or "nothing"
        lines.append(f"| {case['done']} | {found} | {'…'.join(case.get('says', []))} |")
    return lines


def filled(page, table):
    """The page with the table that begins with the same line replaced."""
    lines = page.split("\n")
    start = lines.index(table[0])
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    return "\n".join([*lines[:start], *table, *lines[end:]])


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    text = path.read_text(encoding="utf-8")
    path.write_text(filled(filled(text, replug_table()), drift_text.table()), encoding="utf-8")
