# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A sheet in the language of typst. Every text goes in as a string, none as markup, so no text can command it."""

from __future__ import annotations

import itertools
import re
import typing as t

from .layout_boxes import FONT
from .layout_records import Drawing, Label, Path, Rect
from .markup import quoted
from .sheet_blocks import Block, Cards, Code, Codes, Lines, Pairs, Section, Sheet, Steps, Table
from .svg import COLORS, UNKNOWN
from .text_width import visible
from .wifi_code import QUIET, modules_of, size_of

# Millimetres: the paper inside its margins, what a drawing may take of it, and the largest size of a unit of it.
WIDE, HIGH = 190, 262
ALONE, SHARED = 246, 152
LARGEST = 0.36
MUTED, PORT, ROOM = "#444444", "#123e7c", "#2e4a2b"
LONG_WORD = re.compile(r"[!-~]{12}")
INKS = {"port": PORT, "room": ROOM, "note": MUTED, "chip": MUTED}

PREAMBLE = """
#set page(paper: "a4", margin: (x: 10mm, top: 9mm, bottom: 14mm), footer-descent: 25%,
  footer: context [#text(7.5pt)[#footer-text #h(1fr) #counter(page).display("1/1", both: true)]])
#set par(leading: 0.55em, spacing: 0.6em)
#let title(t) = block(above: 2.6mm, below: 1.6mm, width: 100%, stroke: (bottom: 0.7pt + rgb("#2e4a2b")),
  inset: (bottom: 1mm), sticky: true, text(11pt, rgb("#2e4a2b"), t))
// A password or address that is wider than its column breaks anywhere. Breaking points inside would do that, too, but
// would be copied with it.
#let broken(word, width) = {
  let (done, line) = ((), "")
  for cluster in word.clusters() {
    if line != "" and measure(line + cluster).width > width {
      done.push(line)
      line = ""
    }
    line += cluster
  }
  (..done, line).join(linebreak())
}
#let fit(line) = layout(size => line.split(" ").map(word => {
  let wide = word.match(regex("[!-~]{12}")) != none and measure(word).width > size.width
  if wide { broken(word, size.width) } else { word }
}).join(" "))
#let tick = box(width: 3.4mm, height: 3.4mm, stroke: 0.6pt)
#let at(x, y, body) = place(top + left, dx: x, dy: y, body)
#let name(t) = text(rgb("#444444"), t)
"""


def document(sheet: Sheet, fonts: t.Sequence[str]) -> str:
    families = ", ".join(map(quoted, fonts))
    lines = [
        f"#set document(title: {quoted(sheet.title)}, date: none)",
        f"#set text(font: ({families},), lang: {quoted(sheet.language)}, size: 10.5pt, fallback: false)",
        f"#let footer-text = {quoted(sheet.footer)}",
        PREAMBLE,
        f"#grid(columns: (1fr, auto), text(15pt, {quoted(sheet.title)}), "
        f"box(stroke: 0.6pt, inset: 1.2mm, radius: 1mm, text(8.5pt, {quoted(sheet.edition)})))",
    ]
    if sheet.warning:
        lines.append(f'#block(stroke: 0.9pt + rgb("#b3261e"), inset: 1.4mm, text(8.5pt, {quoted(sheet.warning)}))')
    lines += _drawings(sheet)
    lines.append(f"#grid(columns: (3fr, 2fr), column-gutter: 6mm, [{_column(sheet.main)}], [{_column(sheet.side)}])")
    lines += [f"#pagebreak()\n{_column(page)}" for page in sheet.annexes]
    return "\n".join(lines) + "\n"


def characters(sheet: Sheet) -> t.Iterator[str]:
    """Every text that the document prints, for the check of the fonts."""
    yield from (sheet.title, sheet.edition, sheet.warning, sheet.footer, sheet.wiring_title, sheet.wiring_part, "1/1")
    yield from (label.text for label in sheet.drawing.labels)
    for section in itertools.chain(sheet.main, sheet.side, *sheet.annexes):
        yield section.title
        for block in section.blocks:
            yield from _texts(block)


def _texts(block: Block) -> t.Iterator[str]:
    if isinstance(block, (Steps, Lines)):
        yield from block.items
    elif isinstance(block, Pairs):
        yield from (text for row in block.rows for text in row)
    elif isinstance(block, Table):
        yield from (text for row in (block.head, *block.rows) for text in row)
        yield block.tick
    elif isinstance(block, Codes):
        yield from (code.caption for code in block.codes)
    elif isinstance(block, Cards):
        yield from (text for card in block.cards for text in (card.title, *card.lines))


def _drawings(sheet: Sheet) -> t.Iterator[str]:
    drawing, breaks = sheet.drawing, sheet.drawing.breaks
    parts = list(zip(breaks, breaks[1:]))
    highest = max((bottom - top for top, bottom in parts), default=1)
    # One that is low shares its page with the rest; a taller one has the page to itself.
    room = SHARED if len(parts) == 1 and highest * min(LARGEST, WIDE / drawing.width) <= SHARED * 1.25 else ALONE
    scale = min(LARGEST, WIDE / drawing.width, room / highest)
    for number, (top, bottom) in enumerate(parts, 1):
        count = sheet.wiring_part.format(number=number, count=len(parts)) if len(parts) > 1 else ""
        yield f"#title({quoted(sheet.wiring_title + count)})\n{_drawing(drawing, top, bottom, scale)}"


def _drawing(drawing: Drawing, top: int, bottom: int, scale: float) -> str:
    def mm(value: float) -> str:
        return f"{value * scale:.3f}mm"

    def rect(shape: Rect, fill: str, stroke: str) -> str:
        return (
            f"#at({mm(shape.x)}, {mm(shape.y - top)}, rect(width: {mm(shape.width)}, height: {mm(shape.height)}, "
            f'radius: {mm(3)}, fill: rgb("{fill}"), stroke: {mm(1)} + rgb("{stroke}")))'
        )

    shapes = [
        rect(frame, "#f1f5f0", "#9db09a")
        for frame in drawing.frames
        if frame.y < bottom and frame.y + frame.height > top
    ]
    for path in drawing.paths:
        heights = [y for _x, y in path.points]
        if min(heights) < bottom and max(heights) >= top:
            shapes += _path(path, top, mm)
    for shape in drawing.rects:
        if top <= shape.y < bottom:
            shapes.append(rect(shape, "#ffffff", "#999999" if shape.kind == "chip" else "#333333"))
    for label in drawing.labels:
        if top <= label.y < bottom:
            shapes.append(_label(label, top, mm))
    size = f"width: {mm(drawing.width)}, height: {mm(bottom - top)}"
    body = "\n".join(shapes)
    # Spaces that typst would add between scripts are not in the widths.
    style = f'#set text({mm(FONT)}, top-edge: "baseline", cjk-latin-spacing: none)'
    return f"#block({size}, clip: true, breakable: false)[{style}\n{body}\n]"


def _path(path: Path, top: int, mm: t.Callable[[float], str]) -> list[str]:
    first, *rest = [f"({mm(x)}, {mm(y - top)})" for x, y in path.points]
    line = f"curve.move({first}), " + ", ".join(f"curve.line({point})" for point in rest)
    dash = "dashed" if path.dashed else "solid"
    if path.kind == "entry":
        strokes = [(3.0, "#b3261e")]
    else:
        strokes = [(3.2, "#555555"), (1.8, COLORS.get(path.color, UNKNOWN))]
    return [
        f'#at(0mm, 0mm, curve({line}, stroke: (paint: rgb("{color}"), thickness: {mm(width)}, dash: "{dash}")))'
        for width, color in strokes
    ]


def _label(label: Label, top: int, mm: t.Callable[[float], str]) -> str:
    x = label.x - label.width if label.end else label.x
    align = "right" if label.end else "left"
    ink = INKS.get(label.kind, "#111111")
    text = f'text(rgb("{ink}"), {quoted(label.text)})'
    return f"#at({mm(x)}, {mm(label.y - top)}, box(width: {mm(label.width)}, align({align}, {text})))"


def _column(sections: t.Sequence[Section]) -> str:
    return "\n".join(map(_section, sections))


def _section(section: Section) -> str:
    return f"#title({quoted(section.title)})\n" + "\n".join(map(_block, section.blocks))


def _block(block: Block) -> str:
    if isinstance(block, Pairs):
        cells = "".join(f"name({_text(name)}), {_text(value)}, " for name, value in block.rows)
        return f"#grid(columns: (2fr, 3fr), column-gutter: 2mm, row-gutter: 1.4mm, {cells})"
    if isinstance(block, Steps):
        return f"#enum({''.join(f'{_text(item)}, ' for item in block.items)})"
    if isinstance(block, Lines):
        return f"#block(breakable: false, stack(spacing: 1.3mm, {''.join(f'{_text(item)}, ' for item in block.items)}))"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Codes):
        return "\n".join(map(_code, block.codes))
    if isinstance(block, Cards):
        cards = "".join(
            "block(width: 100%, inset: 1.6mm, breakable: false, "
            f"stack(spacing: 1.3mm, text(12pt, {_text(card.title)}), "
            f"{''.join(f'text(8pt, {_text(line)}), ' for line in card.lines)})), "
            for card in block.cards
        )
        return f'#grid(columns: (1fr,) * 3, stroke: (paint: rgb("#999999"), thickness: 0.4pt, dash: "dashed"), {cards})'
    raise TypeError(type(block).__name__)


def _table(table: Table) -> str:
    columns = len(table.head or table.rows[0])
    widths = f"{'auto, ' if table.tick else ''}{', '.join(['1fr'] * columns)}"
    tick = "tick, " if table.tick else ""
    head = ""
    if table.head:
        names = [table.tick, *table.head] if table.tick else list(table.head)
        head = f"table.header({''.join(f'text(8pt, {_text(name)}), ' for name in names)}), "
    cells = "".join(f"{tick}{''.join(f'{_text(cell)}, ' for cell in row)}" for row in table.rows)
    return f'#text(8.5pt, table(columns: ({widths},), stroke: 0.4pt + rgb("#aaaaaa"), inset: 1.3mm, {head}{cells}))'


def _code(code: Code) -> str:
    size = size_of(code.payload) + 2 * QUIET
    dark = "".join(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z" for y, x, length in modules_of(code.payload))
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dark}"/></svg>'
    picture = f'image(bytes({quoted(drawn)}), format: "svg", width: 30mm)'
    return f"#align(center, stack(spacing: 1mm, {picture}, text(8pt, {_text(code.caption)})))"


def _text(text: str) -> str:
    lines = [visible(line) for line in text.split("\n")]
    said = (f"fit({quoted(line)})" if LONG_WORD.search(line) else quoted(line) for line in lines)
    return "{ " + "; linebreak(); ".join(said) + " }"


__all__ = ["characters", "document"]
