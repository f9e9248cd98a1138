# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""How the report looks: on a phone, on a desk, at night, and on paper."""

from __future__ import annotations

# name -> (by day, by night). The tests check their contrast after WCAG.
COLOURS = {
    "page": ("#ffffff", "#14171a"),
    "ink": ("#1b1f23", "#e6e8ea"),
    "quiet": ("#57606a", "#a5adb6"),
    "line": ("#d0d7de", "#3a4149"),
    "true": ("#0b5cad", "#6cb6ff"),
    "reported": ("#a8480c", "#f2a35e"),
    "margin": ("#e4ebf2", "#252d36"),
}


def _variables(index: int) -> str:
    return "".join(f"--{name}:{pair[index]};" for name, pair in COLOURS.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_variables(0)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(1)} }} }}
@media print {{ :root {{ color-scheme: light; {_variables(0)} }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 1rem; max-width: 46rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.5rem; line-height: 1.2; margin: 0 0 .5rem; }}
h2 {{ font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .25rem; padding-top: 1rem;
  border-top: 1px solid var(--line); }}
p, ul {{ margin: .5rem 0; }}
ul {{ padding-left: 1.2rem; }}
.quiet {{ color: var(--quiet); }}
.verdict {{ font-weight: 600; }}
.warning {{ border-left: .25rem solid var(--reported); padding-left: .75rem; }}
svg {{ display: block; width: 100%; max-width: 36rem; height: auto; margin: .5rem 0; }}
svg text {{ font-size: 12px; fill: var(--ink); paint-order: stroke; stroke: var(--page); stroke-width: 3px; }}
svg .tick {{ text-anchor: middle; fill: var(--quiet); }}
svg .unit {{ text-anchor: end; fill: var(--quiet); }}
svg .arm {{ font-weight: 600; }}
.axis {{ stroke: var(--quiet); stroke-width: 1; }}
.same {{ stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 3; }}
.margin {{ fill: var(--margin); }}
.link {{ stroke: var(--line); stroke-width: 1; }}
.range {{ stroke: var(--true); stroke-width: 1.5; }}
.chance {{ stroke: var(--true); stroke-width: 4; stroke-linecap: butt; }}
.true {{ fill: var(--true); }}
.reported {{ fill: var(--page); stroke: var(--reported); stroke-width: 1.5; }}
.warmup .true {{ fill: var(--page); stroke: var(--true); stroke-width: 1; stroke-dasharray: 1.5 1; }}
.item {{ display: inline-block; margin-right: 1rem; }}
.key {{ display: inline; width: .9em; height: .9em; margin: 0 .2em 0 0; vertical-align: -.1em; }}
table {{ border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }}
caption {{ text-align: left; padding: .25rem 0; }}
th, td {{ text-align: left; vertical-align: top; padding: .2rem .5rem .2rem 0; border-bottom: 1px solid var(--line); }}
/* Broken anywhere, a name as long as the page still fits; figures and their headings stay whole. */
th, td {{ overflow-wrap: normal; }}
td.name, th.name {{ overflow-wrap: anywhere; min-width: 4.5em; }}
th.figure, td.figure {{ text-align: right; }}
details {{ margin: .5rem 0; }}
summary {{ cursor: pointer; padding: .5rem 0; }}
@media print {{
  @page {{ margin: 15mm; }}
  body {{ max-width: none; padding: 0; font-size: 10pt; }}
  svg {{ max-width: 130mm; }}
  svg, tr, .verdict {{ break-inside: avoid; }}
  h2, h2 + p, caption, summary {{ break-after: avoid; }}
  * {{ print-color-adjust: exact; }}
}}
"""

__all__ = ["COLOURS", "STYLE"]
