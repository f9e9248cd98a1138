# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A drawing as SVG, whole or a page's part of it."""

from __future__ import annotations

import re
import typing as t

from .layout_boxes import FONT, STEP
from .layout_records import Drawing, Label, Path, Rect
from .markup import escaped

# A cable's colour on paper; the outline around it makes the pale ones visible.
COLORS = {
    "black": "#222222",
    "white": "#ffffff",
    "grey": "#9a9a9a",
    "red": "#d62f2f",
    "orange": "#ef8a17",
    "yellow": "#f4d92b",
    "green": "#2f9e44",
    "light-blue": "#74c7ec",
    "blue": "#2563d9",
    "purple": "#8443c2",
    "pink": "#f28ab2",
    "brown": "#8a5a33",
    "beige": "#dccba4",
    "clear": "#e8f1f5",
}
UNKNOWN = "#9a9a9a"
FONTS = "IPAexGothic, 'Hiragino Sans', 'Yu Gothic UI', Meiryo, 'Noto Sans CJK JP', 'Noto Sans JP', sans-serif"
STYLE = f"""
svg.wiring {{ font: {FONT}px {FONTS}; background: #fff; }}
.wiring text {{ fill: #111; white-space: pre; }}
.wiring .frame {{ fill: #f1f5f0; stroke: #9db09a; }}
.wiring .box {{ fill: #fff; stroke: #333; }}
.wiring .chip {{ fill: #fff; stroke: #999; }}
.wiring .socket {{ fill: #fff; stroke: #333; }}
.wiring .edge {{ fill: none; stroke: #555; stroke-width: 3.2; }}
.wiring .core {{ fill: none; stroke-width: 1.8; }}
.wiring .entry {{ fill: none; stroke: #b3261e; stroke-width: 3; }}
.wiring .dashed {{ stroke-dasharray: 5 3; }}
.wiring .t-room {{ fill: #2e4a2b; }}
.wiring .t-name {{ font-weight: bold; }}
.wiring .t-note, .wiring .t-chip {{ fill: #444; }}
.wiring .t-port {{ fill: #123e7c; }}
@media screen and (prefers-color-scheme: dark) {{
  svg.wiring {{ background: #16181a; }}
  .wiring text {{ fill: #eee; }}
  .wiring .frame {{ fill: #222a22; stroke: #5d6f5a; }}
  .wiring .box, .wiring .chip, .wiring .socket {{ fill: #1e2124; stroke: #aaa; }}
  .wiring .edge {{ stroke: #ccc; }}
  .wiring .t-room {{ fill: #b9d6b5; }}
  .wiring .t-note, .wiring .t-chip {{ fill: #bbb; }}
  .wiring .t-port {{ fill: #9cc2ff; }}
}}
"""
# Only what the style above says may become the name of a class.
CLASS = re.compile(r"[a-z-]+")


def document(drawing: Drawing, title: str, footer: str) -> str:
    """A file of its own; ``footer`` is a line below the drawing."""
    body = "".join(_shapes(drawing, 0, drawing.height))
    height = drawing.height + 2 * STEP
    foot = f'<text class="t-note" x="0" y="{drawing.height + STEP}">{escaped(footer)}</text>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" class="wiring" viewBox="0 0 {drawing.width} {height}" '
        f'width="{drawing.width}" height="{height}" role="img">\n'
        f"<title>{escaped(title)}</title>\n<style>{STYLE}</style>\n{body}{foot}\n</svg>\n"
    )


def part(drawing: Drawing, top: int, bottom: int, title: str) -> str:
    """The part between two of the drawing's breaks, to stand in a page that has STYLE."""
    body = "".join(_shapes(drawing, top, bottom))
    size = f'viewBox="0 {top} {drawing.width} {bottom - top}"'
    return f'<svg class="wiring" {size} role="img" aria-label="{escaped(title)}">\n{body}</svg>'


def _shapes(drawing: Drawing, top: int, bottom: int) -> t.Iterator[str]:
    for rect in drawing.frames:
        if rect.y < bottom and rect.y + rect.height > top:
            yield _rect(rect, 6)
    for path in drawing.paths:
        heights = [y for _x, y in path.points]
        if min(heights) < bottom and max(heights) >= top:
            yield _path(path)
    for rect in drawing.rects:
        if top <= rect.y < bottom:
            yield _rect(rect, 3)
    for label in drawing.labels:
        if top <= label.y < bottom:
            yield _label(label)


def _rect(rect: Rect, radius: int) -> str:
    kind = _class(rect.kind.partition("-")[0])
    return (
        f'<rect class="{kind}" x="{rect.x}" y="{rect.y}" width="{rect.width}" height="{rect.height}" rx="{radius}"/>\n'
    )


def _path(path: Path) -> str:
    points = " ".join(f"{x},{y}" for x, y in path.points)
    if path.kind == "entry":
        return f'<polyline class="entry" points="{points}"/>\n'
    dashed = " dashed" if path.dashed else ""
    color = COLORS.get(path.color, UNKNOWN)
    return (
        f'<polyline class="edge{dashed}" points="{points}"/>'
        f'<polyline class="core{dashed}" stroke="{color}" points="{points}"/>\n'
    )


def _label(label: Label) -> str:
    anchor = ' text-anchor="end"' if label.end else ""
    return f'<text class="t-{_class(label.kind)}" x="{label.x}" y="{label.y}"{anchor}>{escaped(label.text)}</text>\n'


def _class(name: str) -> str:
    return name if CLASS.fullmatch(name) else "other"


__all__ = ["COLORS", "FONTS", "STYLE", "UNKNOWN", "document", "part"]
