# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A sheet as one HTML file: nothing is loaded from anywhere, nothing runs; for the telephone, the screen and paper."""

from __future__ import annotations

import typing as t

from . import svg
from .layout_records import Drawing
from .markup import escaped
from .page_one import ABOVE, POINTS
from .sheet_blocks import Block, Cards, Code, Codes, Lines, Pairs, Section, Sheet, Steps, Table
from .wifi_code import QUIET, modules_of, size_of

STYLE = f"""
:root {{ color-scheme: light dark; --ink: #111; --paper: #fff; --rule: #aaa; --soft: #f1f5f0; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1.1rem/1.55 {svg.FONTS};
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere; text-autospace: no-autospace; }}
h1 {{ font-size: 1.5rem; margin: 0 0 .3rem; }}
h2 {{ font-size: 1.2rem; margin: 1.2rem 0 .4rem; border-bottom: 2px solid #2e4a2b; }}
.edition {{ font-size: .9rem; border: 1px solid; border-radius: .3rem; padding: 0 .4rem; white-space: nowrap; }}
.warning {{ border: 2px solid #b3261e; padding: .2rem .6rem; }}
.drawing svg {{ display: block; width: 100%; height: auto; }}
/* Letters never too small to read, nor those of a small house as large as a poster's. */
.drawing .scroll > svg {{ min-width: calc(var(--own) * .75); max-width: calc(var(--own) * 1.4); margin: 0 auto; }}
ol, ul {{ padding-left: 1.6rem; margin: .3rem 0; }}
ul.lines {{ list-style: none; padding: 0; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ border: 1px solid var(--rule); padding: .2rem .4rem; text-align: left; vertical-align: top; }}
td, th {{ overflow-wrap: break-word; }}
th {{ font-weight: normal; white-space: nowrap; opacity: .8; }}
td:first-of-type:not(.tick), td.tick + td {{ white-space: nowrap; }}
.front td {{ min-width: 4.5em; }}
.front td:last-of-type {{ min-width: 11em; }}
td.tick {{ width: 2.4rem; }}
td.tick::before {{ content: ""; display: block; width: 1.1rem; height: 1.1rem; border: 1.5px solid; }}
.value {{ white-space: pre-line; unicode-bidi: isolate; }}
dl {{ display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: .3rem 0; }}
dt {{ font-weight: normal; opacity: .8; }}
dd {{ margin: 0; font-weight: bold; }}
figure {{ margin: .3rem 0; text-align: center; font-size: .85rem; }}
.code {{ width: 9.5rem; max-width: 60%; background: #fff; }}
.codes {{ display: flex; flex-wrap: wrap; gap: 1rem; justify-content: center; }}
.scroll {{ overflow-x: auto; }}
.cards {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); }}
.card {{ border: 1px dashed var(--rule); padding: .3rem .5rem; font-size: .85rem; break-inside: avoid; }}
.card b {{ font-size: 1.3rem; }}
footer {{ margin-top: 1rem; font-size: .85rem; }}
@media screen and (prefers-color-scheme: dark) {{
  :root {{ --ink: #eee; --paper: #16181a; --rule: #666; --soft: #222a22; }}
  h2 {{ border-color: #b9d6b5; }}
}}
@media (min-width: 50rem), print {{
  .front {{ display: grid; grid-template-columns: 3fr 2fr; gap: 0 1.5rem; }}
}}
@media print {{
  @page {{ size: A4; margin: 9mm 10mm; }}
  :root {{ color-scheme: light; }}
  body {{ font-size: 9.5pt; line-height: 1.35; padding: 0; max-width: none; }}
  h1 {{ font-size: 14pt; }}
  h2 {{ font-size: 11pt; margin: 2.5mm 0 1mm; break-after: avoid; }}
  .warning {{ margin: 1mm 0; }}
  .drawing {{ break-inside: avoid; break-before: page; }}
  .drawing .scroll > svg {{ min-width: 0; max-width: min(100%, var(--own)); max-height: 245mm; }}
  /* What to do and the picture beside it: one page. */
  .page-one {{ break-inside: avoid; }}
  .drawing.one {{ break-before: auto; }}
  .drawing.one .scroll > svg {{ width: var(--wide); max-width: 100%; max-height: none; }}
  .page-one.beside {{ display: grid; grid-template-columns: var(--wide) 1fr; gap: 0 6mm; }}
  .page-one.beside {{ font-size: {POINTS}pt; }}
  .page-one.beside .front {{ display: block; }}
  .page-one.under {{ grid-template-rows: auto 1fr; }}
  .page-one.under .front {{ display: contents; }}
  .page-one.under .front > :first-child {{ grid-column: 2; grid-row: 1 / 3; }}
  .front table, .front figcaption {{ font-size: .85em; }}
  .front td {{ padding: .3mm 1mm; }}
  /* Half of the page for addresses and passwords: broken into lines they push the last ones to another page. */
  .page-one:not(.beside) .front {{ grid-template-columns: 1fr 1fr; }}
  .code {{ width: 28mm; max-width: 100%; }}
  dl {{ gap: 0 .8rem; }}
  dd .value {{ white-space: normal; }}
  .codes {{ flex-wrap: nowrap; gap: 2mm; }}
  figure {{ margin: 0; flex: 1 1 0; }}
  footer {{ margin-top: 2mm; }}
  .annex {{ break-before: page; }}
  .drawing + .annex {{ break-before: auto; }}
  tr, figure, ol, dl, .lines {{ break-inside: avoid; }}
  .scroll {{ overflow: visible; }}
  /* Nobody scrolls paper. */
  td {{ overflow-wrap: anywhere; }}
}}
{svg.STYLE}"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def document(sheet: Sheet) -> str:
    front = "".join(_column(sections) for sections in (sheet.main, sheet.side))
    picture, shown = sheet.picture, ""
    if picture.drawing is not None:
        title = sheet.wiring_title if picture.whole else sheet.wiring_overview
        shown = _drawing(picture.drawing, 0, picture.drawing.height, title, "drawing one")
    place = "page-one" if picture.place == ABOVE else f"page-one beside {picture.place}"
    annexes = "".join(f'<section class="annex">{"".join(map(_section, page))}</section>\n' for page in sheet.annexes)
    warning = f'<p class="warning">{escaped(sheet.warning)}</p>\n' if sheet.warning else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{escaped(sheet.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
        '<meta name="format-detection" content="telephone=no">\n'
        f"<title>{escaped(sheet.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{escaped(sheet.title)} <span class="edition">{escaped(sheet.edition)}</span></h1>\n{warning}'
        f'<main>\n<div class="{place}" style="--wide: {picture.wide:.1f}mm">\n{shown}'
        f'<div class="front">\n{front}</div>\n</div>\n<footer>{escaped(sheet.footer)}</footer>\n'
        f"{_rest(sheet)}{annexes}</main>\n"
        "</body>\n</html>\n"
    )


def _rest(sheet: Sheet) -> str:
    if sheet.rest is None:
        return ""
    breaks = sheet.rest.breaks
    parts = list(zip(breaks, breaks[1:]))
    shown = []
    for number, (top, bottom) in enumerate(parts, 1):
        count = sheet.wiring_part.format(number=number, count=len(parts)) if len(parts) > 1 else ""
        shown.append(_drawing(sheet.rest, top, bottom, f"{sheet.wiring_title}{count}", "drawing"))
    return "".join(shown)


def _drawing(drawing: Drawing, top: int, bottom: int, title: str, kind: str) -> str:
    return (
        f'<section class="{kind}" style="--own: {drawing.width}px"><h2>{escaped(title)}</h2>\n'
        f'<div class="scroll">{svg.part(drawing, top, bottom, title)}</div></section>\n'
    )


def _column(sections: t.Sequence[Section]) -> str:
    return f"<div>{''.join(map(_section, sections))}</div>\n"


def _section(section: Section) -> str:
    return f"<h2>{escaped(section.title)}</h2>\n" + "".join(map(_block, section.blocks))


def _block(block: Block) -> str:
    if isinstance(block, Pairs):
        rows = "".join(f"<dt>{escaped(name)}</dt><dd>{_value(value)}</dd>\n" for name, value in block.rows)
        return f"<dl>{rows}</dl>\n"
    if isinstance(block, Steps):
        return f"<ol>{''.join(f'<li>{escaped(item)}</li>' for item in block.items)}</ol>\n"
    if isinstance(block, Lines):
        return f'<ul class="lines">{"".join(f"<li>{escaped(item)}</li>" for item in block.items)}</ul>\n'
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Codes):
        return f'<div class="codes">{"".join(map(_code, block.codes))}</div>\n'
    if isinstance(block, Cards):
        cards = "".join(
            f'<div class="card"><b>{escaped(card.title)}</b><br>{"<br>".join(map(escaped, card.lines))}</div>'
            for card in block.cards
        )
        return f'<div class="cards">{cards}</div>\n'
    raise TypeError(type(block).__name__)


def _table(table: Table) -> str:
    head = [table.tick, *table.head] if table.tick else list(table.head)
    shown = f"<tr>{''.join(f'<th>{escaped(name)}</th>' for name in head)}</tr>\n" if head else ""
    tick = '<td class="tick"></td>' if table.tick else ""
    rows = "".join(f"<tr>{tick}{''.join(f'<td>{_value(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
    return f'<div class="scroll"><table>{shown}{rows}</table></div>\n'


def _value(text: str) -> str:
    lines = "\n".join(map(escaped, text.split("\n")))
    return f'<span class="value">{lines}</span>'


def _code(code: Code) -> str:
    size = size_of(code.payload) + 2 * QUIET
    dark = "".join(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z" for y, x, length in modules_of(code.payload))
    return (
        f'<figure><svg class="code" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{dark}" fill="#000"/></svg>'
        f"<figcaption>{escaped(code.caption)}</figcaption></figure>"
    )


__all__ = ["document"]
