# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for secrets in what was drawn, and the run that keeps, replaces or removes files by it."""

from __future__ import annotations

import base64
import html
import json
import pathlib
import sys
import urllib.parse

import pytest
import typst
from ansible.errors import AnsibleActionFail
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.action import site_sheet
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import typst_pdf
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.leaks import Crowd, Leak, Needle, Scan
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet_render import Choice
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet_run import make_sheets
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.wifi_code import _field

SITES = pathlib.Path(__file__).parents[5] / "examples/sites/sites"
SPELLINGS = {
    "raw": str,
    "HTML": html.escape,
    "HTML numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML hex numbers": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "JSON": json.dumps,
    "JSON in ASCII, upper case": lambda text: "".join(f"\\u{ord(char):04X}" for char in text),
    "URL": urllib.parse.quote,
    "URL, every byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 at 1": lambda text: base64.b64encode(b"1" + text.encode()).decode(),
    "base64 at 2": lambda text: base64.b64encode(b"12" + text.encode() + b"3").decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "a Wi-Fi code": lambda text: f"WIFI:T:WPA;S:x;P:{_field(text)};;",
}
SECRETS = ("hunter2-hunter2", 'pa;ss:"wo,rd\\', "ひみつのことばです", "<script>&amp;", "a b  c d e f", "1234567890")


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_found_in_every_spelling(spelling, secret):
    needle = Needle("secret of credential x", secret)
    for scan in (Scan([needle]), Scan([], crowd=Crowd([needle]))):
        with pytest.raises(Leak, match="secret of credential x") as caught:
            scan.markup(f"<p title='x'>some {SPELLINGS[spelling](secret)} text</p>", "a.html")
        assert secret not in str(caught.value)


@pytest.mark.parametrize("place", ["text", "metadata", "broken into lines"])
@pytest.mark.parametrize("secret", [secret for secret in SECRETS if "  " not in secret])
def test_a_secret_is_found_in_a_pdf(place, secret):
    literal = json.dumps(secret, ensure_ascii=False)
    source = {
        "text": f"#text({literal})",
        "metadata": f"#set document(keywords: ({literal},))\nx",
        "broken into lines": f"#for c in {literal}.clusters() {{ c; linebreak() }}",
    }[place]
    source = f'#set text(font: "IPAexGothic")\n{source}'
    pdf = typst.compile(source.encode(), format="pdf", font_paths=typst_pdf.find_fonts().found)
    with pytest.raises(Leak):
        Scan([Needle("x", secret)]).pdf(pdf, typst_pdf.pdf_texts(pdf), "a.pdf")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<p>PIN 1234.</p>", True),
        ("<p>PIN：1234</p>", True),
        ('<svg aria-label="1234"/>', True),
        ("<p>03-1234-5678</p>", False),
        ("<p>192.0.2.1/1234</p>", False),
        ('<rect x="1234" y="1"/>', False),
        ("<style>p { width: 1234px }</style>", False),
        ("<p>12345</p>", False),
    ],
)
def test_a_short_secret_counts_as_a_whole_word_that_one_sees(text, found):
    scan = Scan([Needle("x", "1234")])
    if found:
        with pytest.raises(Leak):
            scan.markup(text, "a.html")
    else:
        scan.markup(text, "a.html")


def test_secrets_that_cannot_be_looked_for_are_named():
    scan = Scan([Needle("a", "123"), Needle("b", "LAN1"), Needle("c", "5678")], lambda: ["LAN1"])
    assert scan.unsearched == ["a", "b"]
    scan.markup("<p>123 LAN1</p>", "a.html")


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=8, max_size=40).filter(lambda text: text.split() and len("".join(text.split())) >= 8))
def test_whatever_the_secret_is_it_is_found(secret):
    printable = "".join(char for char in secret if char.isprintable())
    scan = Scan([Needle("x", printable)])
    if len(printable) >= 8:
        for spell in (str, html.escape, json.dumps, urllib.parse.quote):
            with pytest.raises(Leak):
                scan.markup(f"<p>{spell(printable)}</p>", "a.html")


def test_passwords_that_begin_and_end_alike_are_told_apart_by_the_rest():
    values = [f"our-house-{number:05d}-password" for number in range(400)]
    crowd = Crowd(Needle(value, value) for value in values)
    for common in (b"our-", b"hous", b"pass", b"word"):
        assert len(crowd.pieces.get(int.from_bytes(common, sys.byteorder), ())) < len(values) / 3
    text = f"<p>our-house- {values[300]} -password</p>".encode()
    assert {needle.value for needle in crowd.found_in(text)} == {values[300]}


SECRET = {"{{ vault_jikka.rt }}": "router-geheim", "{{ vault_jikka.psk }}": "wifi-geheim-1"}


def reveal(secret):
    return SECRET.get(secret.value, f"value of {secret.value}")


def sites(tmp_path, **changes):
    text = (SITES / "jikka.yml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return {str(tmp_path / "jikka.yml"): text}


EVERY = Choice(editions=("public", "family"), formats=("html", "svg"))


def test_a_run_writes_what_is_stale_and_nothing_else(tmp_path):
    dest = tmp_path / "sheets"
    checked = make_sheets(sites(tmp_path), str(dest), EVERY, reveal, check=True)
    assert checked.changed and len(checked.files) == 8 and not dest.exists()
    made = make_sheets(sites(tmp_path), str(dest), EVERY, reveal)
    assert made.changed and not made.errors
    assert [file.changed for file in made.files] == [True] * 8
    modes = {path.name: path.stat().st_mode & 0o777 for path in dest.glob("*.*")}
    assert {mode for name, mode in modes.items() if "-public-" in name} == {0o644}
    assert {mode for name, mode in modes.items() if "-family-" in name} == {0o600}
    before = {path: path.stat().st_mtime_ns for path in dest.rglob("*")}
    for check in (False, True):
        again = make_sheets(sites(tmp_path), str(dest), EVERY, reveal, check=check)
        assert not again.changed and not again.differences and len(again.files) == 8
    assert before == {path: path.stat().st_mtime_ns for path in dest.rglob("*")}


@pytest.mark.parametrize("harm", ["edited", "readable", "link", "gone", "stamps gone", "stamps broken"])
def test_a_file_that_somebody_harmed_is_made_anew(tmp_path, harm):
    dest = tmp_path / "sheets"
    make_sheets(sites(tmp_path), str(dest), EVERY, reveal)
    sheet = dest / "jikka-family-ja.html"
    right = sheet.read_bytes()
    stamps = list((dest / ".site_sheet").iterdir())
    if harm == "edited":
        sheet.write_bytes(right + b" ")
    elif harm == "readable":
        sheet.chmod(0o644)
    elif harm == "link":
        sheet.rename(tmp_path / "other")
        sheet.symlink_to(tmp_path / "other")
    elif harm == "gone":
        sheet.unlink()
    for path in stamps:
        if harm == "stamps gone":
            path.unlink()
        elif harm == "stamps broken":
            path.write_text("{")
    again = make_sheets(sites(tmp_path), str(dest), EVERY, reveal)
    assert [file.path for file in again.files if file.changed] == ([] if "stamps" in harm else [str(sheet)])
    assert sheet.read_bytes() == right and not sheet.is_symlink() and sheet.stat().st_mode & 0o777 == 0o600


def test_the_difference_shows_facts_and_never_a_password(tmp_path):
    dest = str(tmp_path / "sheets")
    make_sheets(sites(tmp_path), dest, EVERY, reveal)
    moved = make_sheets(sites(tmp_path, **{"color: blue": "color: red"}), dest, EVERY, reveal)
    first = next(made for made in moved.differences if made.name == "jikka-family-en")
    gone, come = set(first.before.splitlines()), set(first.after.splitlines())
    assert any("C01 | blue 10 m cat5" in line for line in gone - come)
    assert any("C01 | red 10 m cat5" in line for line in come - gone)
    other = make_sheets(
        sites(tmp_path, **{"color: blue": "color: red"}), dest, EVERY, lambda secret: f"new {secret.value}"
    )
    assert {made.name for made in other.differences} == {"jikka-family-ja", "jikka-family-en"}
    assert "a password" in other.differences[0].after
    everything = repr((moved, other)) + "".join(
        path.read_text() for path in (tmp_path / "sheets/.site_sheet").iterdir()
    )
    assert "wifi-geheim-1" not in everything and "router-geheim" not in everything


def test_a_leak_fails_removes_the_sheet_and_stops_no_other_site(tmp_path):
    dest = tmp_path / "sheets"
    texts = {**sites(tmp_path), str(tmp_path / "oji.yml"): (SITES / "oji.yml").read_text(encoding="utf-8")}
    make_sheets(texts, str(dest), EVERY, reveal)
    assert (dest / "jikka-family-ja.html").exists()
    leaking = {**texts, **sites(tmp_path, along="password router-geheim")}
    for check in (True, False):
        outcome = make_sheets(leaking, str(dest), EVERY, reveal, check=check)
        assert [
            str(error).startswith("jikka-family-en: it would show the secret of credential jikka_rt")
            for error in outcome.errors
        ] == [True]
        assert "router-geheim" not in repr(outcome)
        assert (dest / "jikka-family-en.html").exists() == check
        assert len([file for file in outcome.files if file.site == "oji"]) == 8


def test_another_sites_secret_is_a_leak_too(tmp_path):
    texts = {
        **sites(tmp_path, **{"Living room": "oji-wifi-geheim"}),
        str(tmp_path / "oji.yml"): (SITES / "oji.yml").read_text(),
    }
    outcome = make_sheets(
        texts,
        str(tmp_path / "s"),
        EVERY,
        lambda secret: "oji-wifi-geheim" if "oji.psk" in secret.value else secret.value * 2,
    )
    assert [error.what.partition("-")[0] for error in outcome.errors] == ["jikka"]


def test_each_secret_that_cannot_be_read_is_told_once_with_house_and_credential(tmp_path):
    texts = {path.name: path.read_text(encoding="utf-8") for path in (SITES / "jikka.yml", SITES / "oji.yml")}

    def closed(secret):
        if secret.kind == "template" and "jikka" in secret.value:
            raise InvalidRequest(secret.value.strip("{ }"), "it is closed", "open it")
        return secret.value

    outcome = make_sheets(texts, str(tmp_path / "s"), EVERY, closed)
    assert list(dict.fromkeys(map(str, outcome.errors))) == [
        f"jikka.yml: credential {name} (vault_jikka.{key}): it is closed. Open it."
        for name, key in (("jikka_rt", "rt"), ("jikka_wifi", "psk"), ("jikka_isp", "isp_id"), ("jikka_isp", "isp"))
    ]
    assert not outcome.files


def test_all_missing_libraries_are_told_at_once(monkeypatch):
    monkeypatch.setitem(site_sheet.LIBRARIES, "svg", {"json": "there", "no_such_one": "one-lib", "no_such_two": "two"})
    with pytest.raises(AnsibleActionFail, match=r"\(one-lib, two\).* -m pip install one-lib two$"):
        site_sheet._need_libraries(["svg"])


def test_two_sites_with_one_slug_do_not_overwrite_each_other(tmp_path):
    text = next(iter(sites(tmp_path).values()))
    outcome = make_sheets({"a.yml": text, "b.yml": text}, str(tmp_path / "s"), EVERY, reveal)
    assert [error.what for error in outcome.errors] == ["b.yml"]
