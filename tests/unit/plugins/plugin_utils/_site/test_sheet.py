# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets of whole sites: what each edition shows, in each format, read back by readers that are not our own."""

from __future__ import annotations

import html.parser
import io
import pathlib
import re
import subprocess

import pytest
import segno
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import (
    html_page,
    model_devices,
    phrases,
    sheet_render,
    typst_pdf,
    typst_source,
)
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import model as site_model
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.editions import redacted, secrets_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.leaks import Crowd
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_values import EDITIONS, LANGUAGES
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet import sheet_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.wifi_code import QUIET, modules_of, size_of
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites, yamltext
from ansible_collections.homevirt.fleet.tests.unit.support.example_sites import (
    EXAMPLES,
    ROOT,
    SITES,
    logins_of,
    pdf_of,
    site_of,
    squeezed,
)

HOSTILE = ("<script>alert(1)</script>", "\"'&;", "a b", "שלום عليكم", "#{}[]$*_@", "\\\\u{0}", "]]>-->", "ﾋｰﾄﾎﾟﾝﾌﾟ" * 8)


class Reader(html.parser.HTMLParser):
    """The tags and texts of a page, as a browser splits them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.attributes = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.texts.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_says_what_its_golden_file_says(name, edition, language):
    site = site_of(name)
    sheet = sheet_of(site, edition, language, logins_of(site))
    golden = pathlib.Path(__file__).parent / "fixtures" / f"{name}-{edition}-{language}.txt"
    drawn = [f"{label.kind} {label.x},{label.y} {label.text}" for label in sheet.drawing.labels]
    assert "\n".join([*sheet.facts, *drawn, ""]) == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_edition_shows_its_secrets_and_no_others(name):
    site = site_of(name)
    logins = logins_of(site)
    for edition in EDITIONS:
        page = html_page.document(sheet_of(site, edition, "ja", logins))
        shown = {item.name for item in redacted(site, edition).credentials}
        printed = {credential for credential, (_user, secret) in logins.items() if secret in page}
        assert printed <= shown
        assert (edition == "public") == (not shown)
        if edition == "handover":
            assert printed == shown == set(logins)


def test_the_public_edition_names_nobody_and_no_network():
    site = site_of("jikka-hikari")
    page = html_page.document(sheet_of(site, "public", "ja", logins_of(site)))
    for text in ("実家", "太郎", "000-0000", "192.0.2.", "2001:db8", "00:00:5e", "Wi-Fi</dt>", "WIFI:"):
        assert text not in page


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from(EDITIONS), st.sampled_from(LANGUAGES))
def test_a_generated_site_renders_and_leaks_nothing(number, devices, edition, language):
    site = load_site(generate_sites.text(number, devices), "a.yml").site
    logins = logins_of(site)
    choice = sheet_render.Choice((language,), (edition,), ("html", "svg"))
    (made,) = sheet_render.render(site, logins, Crowd(), choice)
    hidden = {name for name, needed, _part, _value in secrets_of(site)} - {
        item.name for item in redacted(site, edition).credentials
    }
    for data in made.files.values():
        assert not [name for name in hidden if logins[name][1].encode() in data]
    assert list(sheet_render.render(site, logins, Crowd(), choice)) == [made]


def hostile(value, text):
    """The site file's data with the text in every place that takes free text."""
    free = {
        "ja",
        "en",
        "label",
        "provider",
        "model",
        "manufacturer",
        "ssid",
        "description",
        "by",
        "serial",
        "line_number",
    }
    if isinstance(value, dict):
        return {
            key: text if key in free and isinstance(item, str) and key != "label" else hostile(item, text)
            for key, item in value.items()
        }
    return [hostile(item, text) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_stays_a_text(text):
    data = yamltext.read((SITES / "jikka-hikari.yml").read_text(encoding="utf-8"))
    site = load_site(yamltext.written(hostile(data, text)), "a.yml").site
    plain = site_of("jikka-hikari")
    logins = logins_of(site, password=text)
    page = Reader(html_page.document(sheet_of(site, "handover", "ja", logins)))
    usual = Reader(html_page.document(sheet_of(plain, "handover", "ja", logins_of(plain))))
    assert page.tags == usual.tags
    assert {name for name, _value in page.attributes} == {name for name, _value in usual.attributes}
    assert squeezed(text) in squeezed("".join(page.texts))
    assert not any(
        name.startswith("on") or (value or "").startswith(("http", "java")) for name, value in page.attributes
    )
    source = typst_source.document(sheet_of(site, "handover", "ja", logins), ("IPAexGothic",))
    fonts = typst_pdf.find_fonts()
    assert typst_pdf.compile_pdf(source, fonts, "a sheet").startswith(b"%PDF")


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=70))
def test_the_qr_code_has_the_mask_that_segno_would_choose(text):
    code = segno.make_qr(text, error="m", encoding="utf-8")
    painted = [bytearray(code.symbol_size(border=0)[0]) for _row in code.matrix]
    for row, column, length in modules_of(text):
        painted[row][column : column + length] = b"\1" * length
    assert painted == list(code.matrix)


def test_the_qr_code_is_read_back(tmp_path):
    data = yamltext.read((SITES / "jikka.yml").read_text(encoding="utf-8"))
    data["wireless_lans"][0]["ssid"] = '実家;Wi:"Fi",\\'
    site = load_site(yamltext.written(data), "a.yml").site
    logins = {**logins_of(site), "jikka_wifi": ("", 'パス;:\\",wörd')}
    wanted = 'WIFI:T:WPA;S:実家\\;Wi\\:\\"Fi\\"\\,\\\\;P:パス\\;\\:\\\\\\"\\,wörd;;'
    sheet = sheet_of(site, "family", "ja", logins)
    # The page's own path, painted by somebody else.
    path = re.search(r'class="code" viewBox="0 0 (\d+) .*? d="([^"]*)"', html_page.document(sheet))
    picture = Image.new("L", (int(path[1]) * 4,) * 2, 255)
    draw = ImageDraw.Draw(picture)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", path[2]):
        left, top = int(x) * 4, int(y) * 4
        draw.rectangle((left, top, left + int(length) * 4 - 1, top + 3), 0)
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [wanted]
    pdf = tmp_path / "sheet.pdf"
    pdf.write_bytes(pdf_of(sheet))
    png = subprocess.run(["pdftoppm", "-png", "-r", "150", "-l", "1", pdf], check=True, capture_output=True).stdout
    assert [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(png)))] == [wanted]
    assert size_of(wanted) + 2 * QUIET == int(path[1])
    assert modules_of(wanted) == modules_of(wanted)


def test_a_missing_glyph_is_an_error():
    data = yamltext.read((SITES / "jikka.yml").read_text(encoding="utf-8"))
    data["devices"][0]["label"] = "箱\U0001f9e8"
    site = load_site(yamltext.written(data), "a.yml").site
    with pytest.raises(typst_pdf.FontMissing, match=r"U\+1F9E8"):
        pdf_of(sheet_of(site, "public", "ja", {}))
    with pytest.raises(typst_pdf.FontMissing, match="No Such Font"):
        typst_pdf.find_fonts((), ("No Such Font",))


def test_a_secret_in_plain_text_is_refused():
    text = (SITES / "jikka.yml").read_text(encoding="utf-8").replace('"{{ vault_jikka.psk }}"', "not-in-a-vault")
    site = load_site(text, "a.yml").site
    with pytest.raises(InvalidRequest, match="jikka_wifi") as caught:
        sheet_render.logins_of(site, lambda secret: "x")
    assert "not-in-a-vault" not in str(caught.value)


def test_both_catalogues_have_every_key_and_no_other():
    texts = {language: phrases.catalogue(language) for language in LANGUAGES}
    assert list(texts["ja"]) == list(texts["en"])
    for key, text in texts["ja"].items():
        fields = [re.findall(r"\{(\w+)\}", texts[language][key]) for language in LANGUAGES]
        assert sorted(fields[0]) == sorted(fields[1]), key
        assert text.strip() and texts["en"][key].strip()
    code = "\n".join(path.read_text() for path in (ROOT / "plugins/plugin_utils/_site").glob("*.py"))
    families = {
        "sheet.edition": EDITIONS,
        "color": model_devices.COLORS,
        "cable": [kind for kind in model_devices.CABLE_TYPES if not kind.startswith("cat")],
        "circuit": (*site_model.CIRCUIT_TYPES, "text"),
        "service": site_model.SERVICES,
        "contact": site_model.CONTACT_ROLES,
        "status": ("planned", "offline", "decommissioning"),
        "room": ("floor", "basement"),
    }
    wanted = {f"{family}.{name}" for family, names in families.items() for name in names}
    named = {key for key in texts["ja"] if f'"{key}"' in code or f"'{key}'" in code}
    for prefix, names in re.findall(r'f"(\w+)\.\{name\}"\) for name in \(([^)]*)\)', code):
        named |= {f"{prefix}.{name}" for name in re.findall(r'"(\w+)"', names)}
    named |= {f"devices.{name}" for name in ("device", "room", "model", "address", "mac", "serial")}
    # The words of an audit are counted beside its rules, in test_drift.py.
    assert wanted | named == {key for key in texts["ja"] if not key.startswith("drift.")} | {
        key for key in named if key.startswith("drift.")
    }
