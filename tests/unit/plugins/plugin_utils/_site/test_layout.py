# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drawing: whatever it is told, nothing overlaps, leaves the canvas or gets lost, and the same gives the same."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import typst
from fontTools.ttLib import TTFont
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import layout, svg, text_width
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.layout_boxes import FONT
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.layout_records import Node, Plan, Socket, Wire

WORDS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="実家ｱﾙｶﾞ゛W .", max_size=60),
    st.sampled_from(
        ["ﾋｰﾄﾎﾟﾝﾌﾟ給湯器", "<script>alert(1)</script>", "\"&'", "a\nb\r\tc", "\u202egnp", "\x1b[31m", "שלום", "x" * 90]
    ),
)
NAMES = ("onu", "rt", "sw", "pc", "tv", "nas", "ap")
PORTS = ("a", "b", "c", "d")


@st.composite
def plans(draw):
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    nodes = []
    for name in names:
        kinds = draw(st.lists(st.sampled_from(["wired", "wired", "radio", "line"]), max_size=4))
        sockets = tuple(Socket(PORTS[i], draw(WORDS), kind, draw(WORDS)) for i, kind in enumerate(kinds))
        parent = draw(st.sampled_from([None, *NAMES]))
        notes = tuple(draw(st.lists(WORDS, max_size=2)))
        nodes.append(
            Node(name, draw(WORDS), draw(st.sampled_from(["", "居間", "玄関" * 20, "study"])), sockets, notes, parent)
        )
    ends = st.tuples(st.sampled_from(NAMES), st.sampled_from(PORTS))
    color = st.sampled_from([*svg.COLORS, "", "no colour"])
    wires = draw(st.lists(st.builds(Wire, ends, ends, WORDS, color, st.booleans()), max_size=12))
    return Plan(tuple(nodes), tuple(wires))


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def area(rect):
    return rect.x, rect.y, rect.x + rect.width, rect.y + rect.height


def area_of_text(label):
    left = label.x - label.width if label.end else label.x
    return left, label.y - FONT, left + label.width, label.y + 3


def inside(inner, outer):
    return inner[0] >= outer[0] and inner[1] >= outer[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def segments(path):
    return [
        (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1]))
        for a, b in itertools.pairwise(path.points)
        if a != b
    ]


def on_each_other(one, other):
    """Whether two straight pieces share more than a point."""
    shared = (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    return shared[0] <= shared[2] and shared[1] <= shared[3] and shared[:2] != shared[2:]


def check(drawing):
    canvas = (0, 0, drawing.width, drawing.height)
    boxes = [area(rect) for rect in drawing.rects if rect.kind == "box"]
    chips = [area(rect) for rect in drawing.rects if rect.kind == "chip"]
    frames = [area(rect) for rect in drawing.frames]
    texts = [area_of_text(label) for label in drawing.labels]
    for kind in (boxes, chips, frames, texts):
        assert not [pair for pair in itertools.combinations(kind, 2) if overlap(*pair)]
        assert all(inside(one, canvas) for one in kind)
    assert all(any(inside(box, frame) for frame in frames) for box in boxes)
    assert all(any(inside(text, around) for around in boxes + frames) for text in texts)
    lines = [segments(path) for path in drawing.paths]
    assert all(inside(piece, canvas) for line in lines for piece in line)
    assert not [1 for line in lines for piece in line for box in boxes if overlap(piece, box)]
    for one, other in itertools.combinations(lines, 2):
        assert not [pair for pair in itertools.product(one, other) if on_each_other(*pair)]
    for height in drawing.breaks:
        assert not [1 for box in boxes + texts if box[1] < height < box[3]]


@settings(max_examples=100, deadline=None)
@given(plans(), st.sampled_from([1, 2, 3]))
def test_nothing_overlaps_or_leaves_the_canvas(plan, columns):
    drawing = layout.draw(plan, columns)
    check(drawing)
    check(layout.draw(plan, columns, page=400))
    assert drawing == layout.draw(plan, columns)
    assert sum(rect.kind == "box" for rect in drawing.rects) == len(plan.nodes)
    # Every port has its label: what is drawn in it is more text than all names of ports.
    shown = "".join(label.text for label in drawing.labels)
    for node in plan.nodes:
        for socket in node.sockets:
            assert "".join(text_width.visible(socket.label).split()) in "".join(shown.split())


@settings(max_examples=40, deadline=None)
@given(plans())
def test_svg_is_wellformed_and_holds_texts_only_as_texts(plan):
    drawing = layout.for_paper(plan)
    text = svg.document(drawing, '<title> "&', "foot")
    root = ET.fromstring(text)
    drawn = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert drawn <= {"svg", "title", "style", "rect", "polyline", "text"}
    found = sorted(element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text"))
    assert found == sorted(["foot", *(label.text for label in drawing.labels)])
    assert text == svg.document(layout.for_paper(plan), '<title> "&', "foot")


def test_the_parts_hold_every_box_once():
    nodes = tuple(Node(f"d{n}", f"機器{n}", "居間", (Socket("a", "LAN"),)) for n in range(40))
    drawing = layout.for_paper(Plan(nodes, ()))
    assert len(drawing.breaks) > 2
    parts = [svg.part(drawing, top, bottom, "x") for top, bottom in itertools.pairwise(drawing.breaks)]
    assert [sum(part.count(f">機器{n}<") for part in parts) for n in range(40)] == [1] * 40


@pytest.mark.parametrize(("family", "weight"), [("IPAexGothic", 400), ("DejaVu Sans", 400), ("DejaVu Sans", 700)])
def test_widths_are_never_below_those_of_real_fonts(family, weight):
    path = next(
        info.path
        for info in typst.Fonts().fonts()
        if (info.family, info.weight, info.style, info.stretch) == (family, weight, "normal", 1)
    )
    with TTFont(path) as font:
        units, widths = font["head"].unitsPerEm, font["hmtx"].metrics
        names = {chr(code): name for code, name in font.getBestCmap().items()}
    chars = (*range(0x20, 0x180), *range(0x3041, 0x30FF), *range(0x4E00, 0x9FA0), *range(0xFF01, 0xFFA0))
    known = [char for char in map(chr, chars) if char.isprintable() and char in names]
    assert len(known) > 200
    real = {char: widths[names[char]][0] * 1000 / units for char in known}
    assert not {char: width for char, width in real.items() if text_width.char_width(char) < width}


@given(st.text(max_size=80), st.integers(1200, 20000))
def test_wrapped_lines_fit_and_lose_nothing(text, limit):
    lines = text_width.wrapped(text, limit)
    assert all(text_width.width(line) <= limit for line in lines)
    assert "".join("".join(lines).split()) == "".join(text_width.visible(text).split())


@given(
    st.lists(st.one_of(st.text(alphabet="実家、（）ｱﾞ é", max_size=6), st.from_regex(r"\A[!-~]{1,20}\Z")), max_size=8),
    st.integers(1200, 20000),
)
@example(["光回線（", "Example ISP", "）"], 14600)
@example(["架空荘-staff、", "kakuso-guest"], 11000)
@example(["é" * 9, "Example"], 7000)
def test_a_word_or_number_that_fits_a_line_is_never_parted(parts, limit):
    text = "".join(parts)
    lines = text_width.wrapped(text, limit)
    runs = [run for run in re.findall(r"[!-~]+", text_width.visible(text)) if text_width.width(run) <= limit]
    # Each is found whole, as often as it stands there, in order.
    rest = "\n".join(lines)
    for run in runs:
        assert run in rest
        rest = rest.split(run, 1)[1]


def test_no_line_starts_with_what_closes_or_ends_with_what_opens():
    assert text_width.wrapped("居間のテレビー、実家（大）", 6200) == ("居間のテレ", "ビー、実家", "（大）")
    assert text_width.wrapped("架空荘-staff、kakuso-guest", 11500) == ("架空荘-staff、", "kakuso-guest")


def test_what_hides_or_turns_is_shown_as_a_number():
    assert text_width.visible("a\u202eb\x1b[0m\nc") == "a\\u{202e}b\\u{1b}[0m c"
