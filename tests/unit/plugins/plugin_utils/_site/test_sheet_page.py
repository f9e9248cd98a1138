# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page: what the family needs, whatever the house."""

from __future__ import annotations

import io

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import sheet_front
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.layout_boxes import FONT
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_values import LANGUAGES
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet import sheet_of
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites
from ansible_collections.homevirt.fleet.tests.unit.support.example_sites import (
    EXAMPLES,
    logins_of,
    pdf_of,
    read_pdf,
    site_of,
    squeezed,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "edition"), [("jikka", "handover"), ("jikka-hikari", "public"), ("jikka-hikari", "handover")]
)
def test_a_small_site_is_one_page_and_its_pdf_says_what_the_sheet_says(name, edition, language, tmp_path):
    site = site_of(name)
    sheet = sheet_of(site, edition, language, logins_of(site))
    pdf = tmp_path / "sheet.pdf"
    pdf.write_bytes(pdf_of(sheet))
    assert pdf.read_bytes() == pdf_of(sheet)
    first = squeezed(read_pdf(pdf, "-f", "1", "-l", "1"))
    for section in (*sheet.main, *sheet.side):
        assert squeezed(section.title) in first
    steps = sheet.main[0].blocks[0].items
    assert squeezed(steps[-1]) in first
    for label in sheet.drawing.labels:
        assert squeezed(label.text) in first
    assert squeezed(sheet.footer) in first
    every = squeezed(read_pdf(pdf))
    assert all(squeezed(section.title) in every for page in sheet.annexes for section in page)
    for cable in site.cables:
        assert every.count(cable.label) >= 5


def first_page(sheet):
    return squeezed(pypdf.PdfReader(io.BytesIO(pdf_of(sheet))).pages[0].extract_text())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_page_one_holds_the_picture_what_to_do_and_who_to_call(name, language):
    site = site_of(name)
    sheet = sheet_of(site, "family", language, logins_of(site))
    first = first_page(sheet)
    trouble, contacts = sheet.main
    assert all(squeezed(text) in first for text in (trouble.title, *trouble.blocks[0].items, contacts.title))
    for row in contacts.blocks[0].rows:
        assert all(squeezed(cell) in first for cell in row)
    for lan in site.wireless_lans:
        assert squeezed(lan.ssid) in first
    picture = sheet.picture.drawing
    assert all(squeezed(label.text) in first for label in picture.labels)
    restarted = [device for device in site.devices if device.role in sheet_front.RESTARTED]
    drawn = squeezed("".join(label.text for label in picture.labels if label.kind == "name"))
    assert all(squeezed(device.label.in_language(language)) in drawn for device in restarted)
    # Letters of the drawing of at least 2.4 mm.
    assert sheet.picture.wide / picture.width * FONT >= 2.4
    assert sheet.picture.whole == (name != "minshuku")


def test_a_wifi_name_has_no_gap_that_looks_like_a_space(tmp_path):
    site = site_of("jikka-hikari")
    pdf = tmp_path / "sheet.pdf"
    pdf.write_bytes(pdf_of(sheet_of(site, "family", "ja", logins_of(site))))
    first = read_pdf(pdf, "-l", "1")
    assert "実家Wi-Fi" in first and "実家 Wi-Fi" not in first


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from(LANGUAGES))
def test_what_to_do_and_who_to_call_is_on_page_one_of_any_site(number, devices, language):
    site = load_site(generate_sites.text(number, devices), "a.yml").site
    sheet = sheet_of(site, "family", language, logins_of(site))
    first = first_page(sheet)
    for section in sheet.main:
        assert squeezed(section.title) in first
    assert all(squeezed(step) in first for step in sheet.main[0].blocks[0].items)
    # What is not on page one stands later, and nothing is lost.
    assert (sheet.rest is None) == sheet.picture.whole
