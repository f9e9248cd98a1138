# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""INF files as text."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import inf

EVERYTHING = """\
stray = before any section
[Version]
Signature="$Windows NT$"  ; a comment; with more
Provider=%VENDOR%, %12%\\x, %%SystemRoot%%
CatalogFile.NTamd64 = a.cat
[Install]
CopyFiles = one, two
CopyFiles = three
AddService = name, 0x2, \\
             section, \\
             "event;log"
HKR,"Key with = in it",,0x10
bare.sys
Quoted = "say ""yes"", please", ""
[version]
Class = Net
[Strings]
VENDOR = "Semi; Colon"
[Strings.0409]
VENDOR = "not this"
Only = "English"
"""


@pytest.fixture(name="everything")
def read():
    return inf.parse(EVERYTHING)


def test_sections_go_on_and_lose_nothing(everything):
    assert everything.values("INSTALL", "copyfiles") == [("one", "two"), ("three",)]
    assert everything.value("version", "class") == "Net"
    assert everything.value("VERSION", "signature") == "$Windows NT$"


def test_strings_and_directories(everything):
    assert everything.values("Version", "Provider") == [("Semi; Colon", "%12%\\x", "%SystemRoot%")]
    assert everything.replaced("%only% %unknown%") == "English %unknown%"


def test_continued_lines_quotes_and_comments(everything):
    assert everything.values("Install", "AddService") == [("name", "0x2", "section", "event;log")]
    assert everything.values("Install", "Quoted") == [('say "yes", please', "")]
    lines = everything.section("Install")
    assert ("HKR", "Key with = in it", "", "0x10") in [line.fields for line in lines]
    assert inf.Line("", ("bare.sys",)) in lines


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (b"", "utf-16-le"),
        (codecs.BOM_UTF8, "utf-8"),
        (b"", "cp1252"),
    ],
)
def test_encodings(mark, encoding, end):
    text = '[Strings]\nName = "Gerät ©"\n'.replace("\n", end)
    assert inf.parse(inf.decode(mark + text.encode(encoding))).value("Strings", "Name") == "Gerät ©"


@pytest.mark.parametrize(("text", "what"), [("[Version\nA=b", "line 1"), ("\n\n[ok]\n[no", "line 4")])
def test_what_is_no_inf(text, what):
    with pytest.raises(inf.InvalidInf) as caught:
        inf.parse(text)
    assert caught.value.what == what


def test_half_a_utf16_file():
    with pytest.raises(inf.InvalidInf):
        inf.decode(codecs.BOM_UTF16_LE + b"[\0V")


def test_what_follows_the_old_end_of_file_is_no_text():
    assert inf.parse("[A]\nb=c\n\x1a[D\n").value("A", "b") == "c"


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
FIELDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="%"), max_size=12)


def quoted(field):
    return '"' + field.replace('"', '""') + '"'


@settings(max_examples=40)
@given(
    st.dictionaries(
        NAMES.map(str.casefold).filter(lambda name: not name.startswith("strings")),
        st.lists(st.tuples(NAMES, st.lists(FIELDS, min_size=1, max_size=4)), max_size=4),
        max_size=4,
    ),
    st.sampled_from(["utf-16", "utf-8-sig"]),
    st.sampled_from(["\r\n", "\n"]),
)
def test_whatever_is_written_is_read(sections, encoding, end):
    lines = []
    for name, entries in sections.items():
        lines.append(f"[{name}] ; comment")
        lines += [f"  {key} = " + ", \\\n".join(map(quoted, fields)) for key, fields in entries]
    data = end.join("\n".join(lines).split("\n")).encode(encoding)
    found = inf.parse(inf.decode(data))
    for name, entries in sections.items():
        assert [(line.key, list(line.fields)) for line in found.section(name)] == entries


@given(st.binary(max_size=400))
def test_anything_is_read_or_refused(data):
    try:
        found = inf.parse(inf.decode(data))
    except inf.InvalidInf:
        return
    found.values("Version", "DriverVer")
