# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's file: complete, deterministic, harmless whatever the names in it, and legible."""

from __future__ import annotations

import html.parser
import random
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import arms, report_chart, report_page, report_style
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.report_text import megabytes, shortened
from ansible_collections.homevirt.fleet.tests.unit.support import runs

HOSTILE = "</title></style></svg><script>alert(1)</script>\"'&amp;\x00\u202e"
VOID = {"meta"}


class Reader(html.parser.HTMLParser):
    """Knows every tag with its attributes, and that each is closed where it should be."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def count(self, tag, kind=None):
        return sum(1 for name, attributes in self.tags if name == tag and kind in (None, attributes.get("class")))


def page_of(records, baseline="emulated", title="Did it help?"):
    return report_page.page(title, records, arms.compare(records, baseline, [], 0.02) if baseline else [])


def test_every_run_is_a_point_true_beside_reported():
    records = runs.experiment(pairs=8, rates={"emulated": 0.1})
    records[5] = runs.without_time(records[5])
    page = page_of(records)
    chart = Reader(re.search(r"<svg [^>]*job1.*?</svg>", page, re.DOTALL)[0])
    assert chart.count("path", "reported") == len(records)
    assert chart.count("circle", "true") == len(records) - 1
    assert chart.count("g", "run warmup") == 2
    rows = re.findall(r"<tr><td>(?:\d+|warm-up)</td>", page)
    assert len(rows) == len(records)


def test_same_runs_same_bytes():
    records = runs.experiment() + runs.experiment(job="rnd4k", run_id="other")
    shuffled = random.Random(3).sample(records, len(records))
    assert page_of(shuffled) == page_of(records)


def test_it_loads_nothing_and_runs_nothing():
    reader = Reader(page_of(runs.experiment()))
    assert {name for name, _attributes in reader.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "a"})
    names = {name for _tag, attributes in reader.tags for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("src", "href", "style")]
    assert "url(" not in report_style.STYLE and "@import" not in report_style.STYLE
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": report_page.POLICY}) in reader.tags


def test_charts_can_be_heard():
    """Each chart is one image with a name and a description, and both are there."""
    page = page_of(runs.experiment())
    charts = re.findall(r"<svg viewBox.*?</svg>", page, re.DOTALL)
    assert len(charts) == 2
    for chart in charts:
        root = ElementTree.fromstring(chart)
        identities = {element.get("id"): "".join(element.itertext()) for element in root if element.get("id")}
        assert root.get("role") == "img"
        assert all(identities[name] for name in root.get("aria-labelledby").split())
    reader = Reader(page)
    assert ("html", {"lang": "en"}) in reader.tags
    assert reader.count("h1") == 1 and reader.count("caption") == reader.count("table") == 2
    assert all(attributes.get("scope") for tag, attributes in reader.tags if tag == "th")
    identities = [attributes["id"] for _tag, attributes in reader.tags if "id" in attributes]
    assert len(identities) == len(set(identities))


def tags_of(page):
    return [(tag, attributes.get("class")) for tag, attributes in Reader(page).tags]


@settings(max_examples=25)
@given(st.one_of(st.just(HOSTILE), st.text(min_size=1, max_size=80)))
def test_hostile_names_add_no_tag(name):
    """Whatever a name holds, the page has the same elements as with a harmless one."""

    def page(text):
        records = [
            runs.run(
                arm, pair, host=text, job=text, profile=text, run_id=text, engine=text,
                proof={"driver": arm + text, text + "x": text}, versions={text + "y": text},
            )
            for pair in (1, 2)
            for arm in ("emulated", "paravirtual")
        ]  # fmt: skip
        return page_of(records, title=text)

    assert tags_of(page(name)) == tags_of(page("harmless"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", page(name))
    page(name).encode()


def test_without_a_baseline_nothing_is_compared():
    page = page_of(runs.experiment(), baseline=None)
    assert "Did it help" not in page.partition("</h1>")[2] and "ratio1" not in page


def test_warnings_and_outliers_are_shown():
    records = [
        runs.run(arm, pair, seconds=10.0 * (1 + pair / 1000) * (4 if pair == 5 and arm == "paravirtual" else 1))
        for pair in range(1, 11)
        for arm in ("emulated", "paravirtual")
    ]
    page = page_of([runs.without_time(run) if run.slot == "pair-0009-emulated" else run for run in records])
    assert "Outliers, kept: seq1m_q8t1_read: pair 5 is severe." in page
    assert '<p class="warning">seq1m_q8t1_read: 2 runs do not count' in page


def test_nothing_to_show():
    with pytest.raises(InvalidRequest) as caught:
        report_page.page("x", [], [])
    assert "there are no runs to show" in str(caught.value)


@example(345511.0, 1.0000000000000002e-06, True)
@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.booleans())
def test_ticks_are_few_round_and_within_the_chart(first, second, log):
    axis = report_chart.Axis(min(first, second), max(first, second), log=log)
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 7
    for tick in ticks:
        assert -0.1 <= float(axis.at(tick)) <= report_chart.WIDTH + 0.1
    for value in (first, second):
        assert report_chart.LEFT <= float(axis.at(value)) <= report_chart.RIGHT


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("name", "least"), [("ink", 7), ("quiet", 4.5), ("true", 4.5), ("reported", 4.5)])
def test_contrast(scheme, name, least):
    """WCAG: 7 for text as good as it gets, 4.5 for the rest, against the page and the margin's shade."""
    for ground in ("page", "margin"):
        lights = sorted(luminance(report_style.COLOURS[each][scheme]) for each in (name, ground))
        assert (lights[1] + 0.05) / (lights[0] + 0.05) >= least


@pytest.mark.parametrize(("value", "want"), [(51.4e6, "51.40"), (1234.5e6, "1234"), (0.012341e6, "0.01234")])
def test_megabytes(value, want):
    assert megabytes(value) == want


def test_shortened():
    assert shortened("short", 5) == "short"
    assert shortened("a-very-long-name", 9) == "a-ve…name"
