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
from .page_one import ABOVE, GUTTER, LARGEST, TITLE, UNDER, WIDE
from .sheet_blocks import Block, Cards, Code, Codes, Lines, Pairs, Section, Sheet, Steps, Table
from .svg import COLORS, UNKNOWN
from .text_width import visible
from .wifi_code import QUIET, modules_of, size_of

# Millimetres: what a drawing may take of a page that it has to itself.
ALONE = 246
# The height inside the margins, less what parts the paragraphs.
PAPER = 269
# The letters of the first page, the largest that fit; those of the others.
SIZES, USUAL = (12, 11.5, 11, 10.5, 10, 9.5, 9, 8.5), 10.5
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
#let fit(..lines) = layout(size => lines.pos().map(line => line.split(" ").map(word => {
  let wide = word.match(regex("[!-~]{12}")) != none and measure(word).width > size.width
  if wide { broken(word, size.width) } else { word }
}).join(" ")).join(linebreak()))
// What to do stands on one page, in the largest letters that leave room for all of it.
#let fitted(room, body) = layout(size => {
  let high = points => measure(width: size.width, body(points)).height
  let chosen = sizes.find(points => high(points) <= room)
  if chosen == none { body(sizes.last()) } else { block(breakable: false, body(chosen)) }
})
#let tick = box(width: 3.4mm, height: 3.4mm, stroke: 0.6pt)
#let at(x, y, body) = place(top + left, dx: x, dy: y, body)
#let name(t) = text(rgb("#444444"), t)
"""


def document(sheet: Sheet, fonts: t.Sequence[str]) -> str:
    families = ", ".join(map(quoted, fonts))
    lines = [
        f"#set document(title: {quoted(sheet.title)}, date: none)",
        f"#set text(font: ({families},), lang: {quoted(sheet.language)}, size: {USUAL}pt, fallback: false,"
        # A gap between scripts would look like a space in a Wi-Fi's name, and be typed as one.
        " cjk-latin-spacing: none)",
        f"#let sizes = ({', '.join(f'{size}pt' for size in SIZES)})",
        f"#let footer-text = {quoted(sheet.footer)}",
        PREAMBLE,
        f"#let head = [{_head(sheet)}]",
        "#head",
    ]
    lines.append(_page_one(sheet))
    if sheet.rest is not None:
        lines += _drawings(sheet, sheet.rest)
    # What is for the technician begins below the last of the wiring, where a page of that went before.
    ends = ["" if sheet.rest is not None else "#pagebreak()\n", *["#pagebreak()\n"] * len(sheet.annexes)]
    lines += [f"{end}{_column(page)}" for end, page in zip(ends, sheet.annexes)]
    return "\n".join(lines) + "\n"


def characters(sheet: Sheet) -> t.Iterator[str]:
    """Every text that the document prints, for the check of the fonts."""
    yield from (sheet.title, sheet.edition, sheet.warning, sheet.footer, sheet.wiring_title, sheet.wiring_part, "1/1")
    yield sheet.wiring_overview
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


def _head(sheet: Sheet) -> str:
    edition = f"box(stroke: 0.6pt, inset: 1.2mm, radius: 1mm, text(8.5pt, {quoted(sheet.edition)}))"
    head = f"#grid(columns: (1fr, auto), text(15pt, {quoted(sheet.title)}), {edition})"
    if sheet.warning:
        head += f'\n#block(stroke: 0.9pt + rgb("#b3261e"), inset: 1.4mm, text(8.5pt, {quoted(sheet.warning)}))'
    return head


def _page_one(sheet: Sheet) -> str:
    picture, drawn, tall = sheet.picture, "", 0.0
    main = f"[{_column(sheet.main)}]"
    # Addresses and passwords in large letters would only be broken into more lines.
    side = f"{{ set text(calc.min(points, 10pt)); [{_column(sheet.side)}] }}"
    if picture.drawing is not None:
        title = sheet.wiring_title if picture.whole else sheet.wiring_overview
        scale = picture.wide / picture.drawing.width
        tall = picture.drawing.height * scale + TITLE
        drawn = f"#title({quoted(title)})\n{_drawing(picture.drawing, 0, picture.drawing.height, scale)}"
    # Not by the position of what follows: where that went to the next page, it would find room there and stay.
    room = f"#context {{ let room = {PAPER}mm - measure(width: {WIDE}mm, head).height"
    if picture.place == ABOVE:
        columns = f"grid(columns: (3fr, 2fr), column-gutter: {GUTTER}mm, {main}, {side})"
        return f"{drawn}\n{room} - {tall:.1f}mm; {_fitted('room', columns)} }}"
    left, right = f"[{drawn}]", main
    if picture.place == UNDER:
        left = f"{{ [{drawn}]; {_fitted(f'room - {tall:.1f}mm', side)} }}"
    else:
        right = f"{{ {main}; {side} }}"
    columns = f"columns: ({picture.wide:.3f}mm, 1fr), column-gutter: {GUTTER}mm"
    return f"{room}; grid({columns}, {left}, {_fitted('room', right)}) }}"


def _fitted(room: str, body: str) -> str:
    return f"fitted({room}, points => {{ set text(points); {body} }})"


def _drawings(sheet: Sheet, drawing: Drawing) -> t.Iterator[str]:
    parts = list(zip(drawing.breaks, drawing.breaks[1:]))
    highest = max((bottom - top for top, bottom in parts), default=1)
    scale = min(LARGEST, WIDE / drawing.width, ALONE / highest)
    for number, (top, bottom) in enumerate(parts, 1):
        count = sheet.wiring_part.format(number=number, count=len(parts)) if len(parts) > 1 else ""
        yield f"#pagebreak()\n#title({quoted(sheet.wiring_title + count)})\n{_drawing(drawing, top, bottom, scale)}"


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
        grid = f"grid(columns: (auto, 1fr), column-gutter: 2mm, row-gutter: 1.4mm, {cells})"
        return f"#block(breakable: false, {grid})"
    if isinstance(block, Steps):
        return f"#enum({''.join(f'{_text(item)}, ' for item in block.items)})"
    if isinstance(block, Lines):
        items = "".join(f"{_text(item)}, " for item in block.items)
        return f"#block(breakable: false, text(0.85em, stack(spacing: 1.2mm, {items})))"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Codes):
        codes = "".join(f"[{_code(code)}], " for code in block.codes)
        # Beside each other where the column is wide enough.
        across = f"calc.max(1, calc.min({len(block.codes)}, calc.floor(size.width / 33mm)))"
        return f"#layout(size => grid(columns: (1fr,) * {across}, gutter: 2mm, {codes}))"
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
    # Without a head it is that of the contacts, whose numbers one does not want to read in two lines.
    numbers = "calc.max(9em.to-absolute(), size.width / 3)"
    shares = ["1fr"] * columns if table.head else [*["1fr"] * (columns - 1), numbers]
    widths = f"{'auto, ' if table.tick else ''}{', '.join(shares)}"
    tick = "tick, " if table.tick else ""
    head = ""
    if table.head:
        names = [table.tick, *table.head] if table.tick else list(table.head)
        head = f"table.header({''.join(f'text(0.9em, {_text(name)}), ' for name in names)}), "
    cells = "".join(f"{tick}{''.join(f'{_text(cell)}, ' for cell in row)}" for row in table.rows)
    made = f'table(columns: ({widths},), stroke: 0.4pt + rgb("#aaaaaa"), inset: 1.3mm, {head}{cells})'
    # A long table goes on on the next page, with its head.
    return f"#text(0.85em, {made if table.head else f'layout(size => {made})'})"


def _code(code: Code) -> str:
    size = size_of(code.payload) + 2 * QUIET
    dark = "".join(f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z" for y, x, length in modules_of(code.payload))
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{dark}"/></svg>'
    picture = f'image(bytes({quoted(drawn)}), format: "svg", width: 30mm)'
    return f"#align(center, stack(spacing: 1mm, {picture}, text(0.8em, {_text(code.caption)})))"


def _text(text: str) -> str:
    lines = [visible(line) for line in text.split("\n")]
    if any(map(LONG_WORD.search, lines)):
        return f"fit({', '.join(map(quoted, lines))})"
    return "{ " + "; linebreak(); ".join(map(quoted, lines)) + " }"


__all__ = ["characters", "document"]
