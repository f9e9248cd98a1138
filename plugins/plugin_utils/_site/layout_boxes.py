# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The inside of a device's box: its name, a row for each cable in a port, chips for the ports that are free.

All heights are multiples of STEP. A row's line leaves on the right at RIGHT and enters on the left at LEFT above its
multiple, so that a line that leaves never lies upon one that enters.
"""

from __future__ import annotations

import typing as t

from . import text_width
from .layout_records import Label, Node, Rect, Socket, Words

FONT = 10
STEP = 14
LEFT, RIGHT = 5, 9
BASE = 11
PAD = 6
SOCKET = 8
BOX_WIDTH = 158
TEXT = BOX_WIDTH - 2 * PAD


class Row(t.NamedTuple):
    """A port with what is in it. side: "left", "right" or "" where no line is drawn."""

    socket: Socket
    side: str
    text: str
    cable: t.Optional[int] = None


class Box(t.NamedTuple):
    """A box at 0, 0. anchors: for each wire that is drawn, (x, y) of its end, in the order of the rows."""

    height: int
    rects: tuple[Rect, ...]
    labels: tuple[Label, ...]
    anchors: tuple[tuple[int, int, int], ...]


def lines_of(text: str, limit: int = TEXT) -> tuple[str, ...]:
    return text_width.wrapped(text, limit * 1000 // FONT)


def units(text: str) -> int:
    """The room that a text takes, in the drawing's units, rounded up."""
    return -(-text_width.width(text) * FONT // 1000)


def box_of(node: Node, rows: t.Sequence[Row], free: t.Sequence[Socket], words: Words) -> Box:
    making = _Making()
    for line in lines_of(node.label):
        making.text(PAD, line, "name")
    for note in node.notes:
        for line in lines_of(note):
            making.text(PAD, line, "note")
    for row in rows:
        making.row(row)
    if free:
        making.free(free, words)
    making.y += STEP // 2
    height = -(-making.y // STEP) * STEP
    outline = Rect(0, 0, BOX_WIDTH, height, "box")
    return Box(height, (outline, *making.rects), tuple(making.labels), tuple(making.anchors))


class _Making:
    def __init__(self) -> None:
        self.y = 0
        self.rects: list[Rect] = []
        self.labels: list[Label] = []
        self.anchors: list[tuple[int, int, int]] = []

    def text(self, x: int, line: str, kind: str, end: bool = False) -> None:
        self.labels.append(Label(x, self.y + BASE, units(line), line, kind, end))
        self.y += STEP

    def row(self, row: Row) -> None:
        self.y = -(-self.y // STEP) * STEP
        top, right = self.y, row.side == "right"
        anchor = top + (RIGHT if right else LEFT)
        if row.side:
            x = BOX_WIDTH - SOCKET // 2 if right else -SOCKET // 2
            self.rects.append(Rect(x, anchor - SOCKET // 2, SOCKET, SOCKET, f"socket-{row.socket.kind}"))
        if row.cable is not None and row.side:
            self.anchors.append((row.cable, BOX_WIDTH + SOCKET // 2 if right else -SOCKET // 2, anchor))
        x = BOX_WIDTH - PAD if right else PAD
        port, text = text_width.visible(row.socket.label), text_width.visible(row.text)
        gap = units("  ")
        if text and units(port) + gap + units(text) <= TEXT:
            first = (port, "port", units(port))
            second = (text, "cable", units(text))
            near, far = (first, second)
            self.labels.append(Label(x, top + BASE, near[2], near[0], near[1], right))
            shift = near[2] + gap
            self.labels.append(Label(x - shift if right else x + shift, top + BASE, far[2], far[0], far[1], right))
            self.y = top + STEP
            return
        for line in lines_of(port):
            self.text(x, line, "port", right)
        for line in lines_of(text) if text else ():
            self.text(x, line, "cable", right)

    def free(self, sockets: t.Sequence[Socket], words: Words) -> None:
        """Small boxes beside each other; a name that is too long for one gets lines of its own."""
        x, height = PAD, STEP
        self.text(x, lines_of(words.free)[0], "note")
        for socket in sockets:
            label = text_width.visible(socket.label)
            wide = units(label) + 6
            if wide > TEXT:
                if x > PAD:
                    x, self.y = PAD, self.y + height
                for line in lines_of(label):
                    self.text(PAD, line, "chip")
                continue
            if x + wide > BOX_WIDTH - PAD:
                x, self.y = PAD, self.y + height
            self.rects.append(Rect(x, self.y, wide, STEP - 2, "chip"))
            self.labels.append(Label(x + 3, self.y + BASE - 1, units(label), label, "chip"))
            x += wide + 3
        if x > PAD:
            self.y += height


__all__ = ["BOX_WIDTH", "FONT", "LEFT", "PAD", "RIGHT", "SOCKET", "STEP", "Box", "Row", "box_of", "lines_of", "units"]
