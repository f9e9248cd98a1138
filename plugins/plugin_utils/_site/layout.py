# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Where everything of the drawing stands.

Rooms are frames in at most COLUMNS columns, in the order in which the way from the line reaches them: what is reached
from a room stands in the next column. Inside a frame the devices stand below each other. A cable between the same or
neighbouring columns is a line in the gap on their right; any other is named at both its ends. Nothing straddles the
heights at which pages end.
"""

from __future__ import annotations

import collections
import typing as t

from . import layout_boxes as boxes
from .layout_boxes import BOX_WIDTH, Box, Row, box_of, lines_of, units
from .layout_lanes import LANE, MARGIN, gap_width, lanes_of
from .layout_records import Drawing, Label, Node, Path, Plan, Rect, Wire

COLUMNS = 3
FRAME = 8
COLUMN = BOX_WIDTH + 2 * FRAME
BETWEEN = boxes.STEP
ENTRY = 22
# No page ends before this height.
ENDLESS = 1 << 40
# How much higher than wide the room for the drawing on an A4 page is, and the height that is still legible on one.
PAPER = 1.27
LEGIBLE = 880


class Frame:
    """A room: its devices in order, and its column."""

    def __init__(self, name: str, column: int) -> None:
        self.name = name
        self.column = column
        self.nodes: list[Node] = []
        self.title = lines_of(name) if name else ()


def draw(plan: Plan, columns: int = COLUMNS, page: int = ENDLESS) -> Drawing:
    """``page``: the height at which pages end; more, where a device needs more."""
    return _Layout(plan, columns, page // boxes.STEP * boxes.STEP).drawing()


def for_paper(plan: Plan, whole: t.Optional[Drawing] = None) -> Drawing:
    """On one page where it fits, otherwise on several of the same shape. ``whole``: where it is drawn already."""
    whole = whole or draw(plan)
    page = int(whole.width * PAPER)
    return whole if whole.height <= max(page, LEGIBLE) else draw(plan, page=page)


class _Layout:
    def __init__(self, plan: Plan, columns: int, page: int) -> None:
        self.plan = plan
        self.columns = columns
        self.frames = _frames(plan, columns)
        self.column_of = {node.name: frame.column for frame in self.frames for node in frame.nodes}
        self.boxes = {node.name: self._box(node) for frame in self.frames for node in frame.nodes}
        tallest = max((box.height for box in self.boxes.values()), default=0)
        title = max((len(frame.title) for frame in self.frames), default=0) * boxes.STEP
        self.page = max(page, tallest + title + 4 * BETWEEN)

    def gap_of(self, wire: Wire) -> t.Optional[int]:
        """The gap that a wire runs in; None where it has none."""
        ends = [self.column_of.get(end[0]) for end in (wire.a, wire.b)]
        if None in ends or abs(ends[0] - ends[1]) > 1:  # type: ignore[operator]
            return None
        return min(ends)  # type: ignore[type-var]

    def _box(self, node: Node) -> Box:
        rows: list[Row] = []
        used: set[str] = set()
        known = {socket.name: socket for socket in node.sockets}
        labels = {other.name: other.label for other in self.plan.nodes}
        for number, wire in enumerate(self.plan.wires):
            for own, other in ((wire.a, wire.b), (wire.b, wire.a)):
                if own[0] != node.name or own[1] not in known:
                    continue
                used.add(own[1])
                gap = self.gap_of(wire)
                if gap is None:
                    far = f"{labels.get(other[0], other[0])} {other[1]}"
                    rows.append(Row(known[own[1]], "", f"{wire.text} {self.plan.words.to} {far}"))
                    continue
                side = "right" if self.column_of[node.name] == gap else "left"
                rows.append(Row(known[own[1]], side, wire.text, number))
        for socket in node.sockets:
            if socket.kind == "line":
                used.add(socket.name)
                rows.append(Row(socket, "left" if self.column_of[node.name] == 0 else "", socket.note))
            elif socket.kind == "radio" and socket.name not in used:
                used.add(socket.name)
                rows.append(Row(socket, "", socket.note))
        order = {socket.name: index for index, socket in enumerate(node.sockets)}
        rows.sort(key=lambda row: (row.side != "left", row.side == "", order[row.socket.name]))
        free = [socket for socket in node.sockets if socket.name not in used]
        return box_of(node, rows, free, self.plan.words)

    def drawing(self) -> Drawing:
        placed, frames, titles, height = self._place()
        edges = self._edges(placed)
        lanes: dict[int, int] = {}
        widths = []
        for gap in range(self.columns):
            own = [edge for edge in edges if edge[1] == gap]
            numbers = lanes_of([_span(edge[2], edge[3]) for edge in own])
            lanes.update({edge[0]: number for edge, number in zip(own, numbers)})
            widths.append(gap_width(max(numbers, default=-1) + 1) if own else MARGIN)
        used = max((frame.column for frame in self.frames), default=0) + 1
        starts = [ENTRY + column * COLUMN + sum(widths[:column]) for column in range(self.columns)]
        width = starts[used - 1] + COLUMN + widths[used - 1]
        rects: list[Rect] = []
        labels = [label._replace(x=label.x + starts[column]) for column, label in titles]
        paths: list[Path] = []
        for name, (column, top) in placed.items():
            left, box = starts[column] + FRAME, self.boxes[name]
            rects += [rect._replace(x=rect.x + left, y=rect.y + top) for rect in box.rects]
            labels += [label._replace(x=label.x + left, y=label.y + top) for label in box.labels]
            if column == 0:
                paths += [_entry(left, top, rect) for rect in box.rects if rect.kind == "socket-line" and rect.x < 0]
        for number, gap, a, b in edges:
            wire = self.plan.wires[number]
            lane = starts[gap] + COLUMN + MARGIN + lanes[number] * LANE
            ends = [(x + starts[column] + FRAME, y) for column, x, y in (a, b)]
            points = (ends[0], (lane, ends[0][1]), (lane, ends[1][1]), ends[1])
            paths.append(Path(points, "cable", wire.color, wire.dashed))
        shown = tuple(rect._replace(x=rect.x + starts[column]) for column, rect in frames)
        breaks = (*range(0, height, self.page), height)
        return Drawing(width, height, breaks, shown, tuple(paths), tuple(rects), tuple(labels))

    def _place(self) -> tuple[dict, list, list, int]:
        """The column and top of each box, the frames around them with their titles, and the height of it all."""
        placed: dict[str, tuple[int, int]] = {}
        frames: list[tuple[int, Rect]] = []
        titles: list[tuple[int, Label]] = []
        bottoms = [0] * self.columns
        for frame in self.frames:
            head = len(frame.title) * boxes.STEP + boxes.STEP // 2
            top = self._fit(bottoms[frame.column], head + self.boxes[frame.nodes[0].name].height + BETWEEN)
            for index, line in enumerate(frame.title):
                label = Label(FRAME, top + index * boxes.STEP + boxes.BASE, units(line), line, "room")
                titles.append((frame.column, label))
            y = -(-(top + head) // boxes.STEP) * boxes.STEP
            for node in frame.nodes:
                box = self.boxes[node.name]
                y = self._fit(y, box.height + boxes.STEP)
                placed[node.name] = (frame.column, y)
                y += box.height + BETWEEN
            frames.append((frame.column, Rect(0, top, COLUMN, y - top - boxes.STEP // 2, "frame")))
            bottoms[frame.column] = y + BETWEEN
        return placed, frames, titles, max(bottoms, default=0) or boxes.STEP

    def _fit(self, y: int, height: int) -> int:
        """The first height from y on at which something this tall ends on the page where it starts."""
        return y if y // self.page == (y + height - 1) // self.page else (y // self.page + 1) * self.page

    def _edges(self, placed: dict[str, tuple[int, int]]) -> list[tuple[int, int, tuple, tuple]]:
        ends: dict[int, list[tuple[int, int, int]]] = collections.defaultdict(list)
        for name, (column, top) in placed.items():
            for number, x, y in self.boxes[name].anchors:
                ends[number].append((column, x, y + top))
        # An end whose port is unknown has no anchor: nothing to draw a line to.
        return [
            (number, min(pair[0][0], pair[1][0]), pair[0], pair[1])
            for number, pair in sorted(ends.items())
            if len(pair) == 2
        ]


def _span(a: tuple[int, int, int], b: tuple[int, int, int]) -> tuple[int, int]:
    return min(a[2], b[2]), max(a[2], b[2])


def _entry(left: int, top: int, socket: Rect) -> Path:
    y = top + socket.y + socket.height // 2
    return Path(((0, y), (left + socket.x, y)), "entry")


def _frames(plan: Plan, columns: int) -> list[Frame]:
    """One frame for a room, in the column after the room that it is reached from."""
    known = {node.name for node in plan.nodes}
    found: dict[str, Frame] = {}
    frame_of: dict[str, Frame] = {}
    for node in plan.nodes:
        before = frame_of.get(node.parent) if node.parent in known and node.parent is not None else None
        frame = found.get(node.room)
        if frame is None:
            frame = Frame(node.room, min(before.column + 1, columns - 1) if before else 0)
            found[node.room] = frame
        if node.name not in frame_of:
            frame.nodes.append(node)
            frame_of[node.name] = frame
    return list(found.values())


__all__ = ["COLUMNS", "PAPER", "draw", "for_paper"]
