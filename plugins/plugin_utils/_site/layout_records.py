# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the drawing is made from, and what it is made of.

The layout knows rooms, devices, ports and cables only by these records: it draws what it is told, in the order in which
it is told, and the same records give the same drawing.
"""

from __future__ import annotations

import typing as t


class Socket(t.NamedTuple):
    """A port of a device. kind: "wired", "radio" or "line" (where a line from outside goes in)."""

    name: str
    label: str
    kind: str = "wired"
    note: str = ""


class Node(t.NamedTuple):
    """A device. ``room`` is the name on the frame around it; ``notes`` are further lines in its box."""

    name: str
    label: str
    room: str
    sockets: tuple[Socket, ...]
    notes: tuple[str, ...] = ()
    parent: t.Optional[str] = None


class Wire(t.NamedTuple):
    """A cable between (device, port) and (device, port). ``text`` is what stands beside its ends."""

    a: tuple[str, str]
    b: tuple[str, str]
    text: str
    color: str = ""
    dashed: bool = False


class Words(t.NamedTuple):
    """The few words that the drawing says by itself."""

    free: str = "free"
    to: str = "to"


class Plan(t.NamedTuple):
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    words: Words = Words()


class Rect(t.NamedTuple):
    """kind: "frame", "box", "socket", "chip"; the drawing's style follows from it."""

    x: int
    y: int
    width: int
    height: int
    kind: str


class Label(t.NamedTuple):
    """A line of text of a given width. ``x`` is its left end, or with ``end`` its right end; ``y`` its base line."""

    x: int
    y: int
    width: int
    text: str
    kind: str
    end: bool = False


class Path(t.NamedTuple):
    """A line through points. kind: "cable", "radio" or "entry"."""

    points: tuple[tuple[int, int], ...]
    kind: str
    color: str = ""
    dashed: bool = False


class Drawing(t.NamedTuple):
    """``breaks``: heights at which no box or text is cut, the first 0, the last the drawing's height."""

    width: int
    height: int
    breaks: tuple[int, ...]
    frames: tuple[Rect, ...]
    paths: tuple[Path, ...]
    rects: tuple[Rect, ...]
    labels: tuple[Label, ...]


__all__ = ["Drawing", "Label", "Node", "Path", "Plan", "Rect", "Socket", "Wire", "Words"]
