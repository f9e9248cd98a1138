# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: browse.py SHEETS KEPT: open the sheets in headless Chromium: at a telephone's width, in the dark, on paper."""

from __future__ import annotations

import pathlib
import shutil
import sys
import tempfile
import unicodedata

import browser
from browser import check

# The sheets that are looked at, and the pages of A4 that each takes.
SHEETS = {
    "jikka-family-ja": 4,
    "jikka-hikari-public-en": 3,
    "jikka-hikari-family-ja": 4,
    "jikka-hikari-handover-en": 4,
    "long-names-family-ja": 3,
    "long-names-family-en": 3,
    "oji-family-ja": 5,
    "oji-family-en": 6,
    "minshuku-family-ja": 14,
    "minshuku-family-en": 15,
    "jikka-family-en": 4,
    "jikka-hikari-family-en": 4,
}
# The smallest telephones, usual ones, a desk.
WIDTHS = (320, 390, 1280)
SHOT = "jikka-hikari-family-ja"
LOOKED_AT = """page => {
  const texts = [...page.querySelectorAll("h1, h2, li, dt, dd, td, th, figcaption, footer, .card, svg text")];
  const placed = [...page.querySelectorAll("h1, h2, p, li, dt, dd, figure, footer, .card, .code, .scroll")];
  const outside = placed.filter(element => {
    const box = element.getBoundingClientRect();
    return box.left < -1 || box.right > page.documentElement.clientWidth + 1;
  }).map(element => element.textContent.slice(0, 40));
  // A box that scrolls sideways may hold what is wider than it, nothing else may.
  const fixed = placed.filter(element => !element.matches(".scroll, .code"));
  const cut = fixed.filter(element => element.scrollWidth > element.clientWidth + 1)
    .map(element => element.textContent.slice(0, 40));
  const letters = [...page.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height);
  return {
    outside, cut, texts: texts.map(element => element.textContent), smallest: Math.min(...letters),
    first: [...page.querySelectorAll(".page-one :is(h2, li, td, dd, figcaption, text)")].map(one => one.textContent),
    pictures: page.querySelectorAll(".page-one svg.wiring").length,
    annexes: page.querySelectorAll(".annex").length, codes: page.querySelectorAll(".code").length,
  };
}"""
BAD = "<title>x</title><img src='http://127.0.0.1:9/asked'><script>console.error('complained')</script>"


def squeezed(text):
    """Without what a line break, or a font's choice among equal letters, changes."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def check_screen(sheet):
    for width in WIDTHS:
        told = browser.measured(sheet, width, LOOKED_AT)
        name = f"{sheet.stem} at {width}"
        brief = {key: value for key, value in told.items() if key != "texts"}
        check(f"{name}: nothing to scroll sideways", told["scroll"] <= told["client"] <= width, brief)
        check(f"{name}: nothing beside the screen, nothing cut", told["outside"] == told["cut"] == [], brief)
        check(f"{name}: letters of the drawing of 8 pixels or more", round(told["smallest"]) >= 8, brief)
        check(f"{name}: its own title, no script", told["scripts"] == 0 and "broken into" != told["title"], brief)
    return told


def check_dark(sheet, kept):
    light, dark = (browser.measured(sheet, WIDTHS[1], LOOKED_AT, scheme) for scheme in ("light", "dark"))
    colors = [(told["background"], told["ink"]) for told in (light, dark)]
    check(f"{sheet.stem}: dark where that is preferred", not set(colors[0]) & set(colors[1]), colors)
    shots = [kept / f"{sheet.stem}-phone{end}.png" for end in ("", "-dark")]
    for shot, scheme in zip(shots, ("light", "dark")):
        browser.photographed(sheet, shot, WIDTHS[1], 3200, scheme)
    check(f"{sheet.stem}: both are kept and differ", shots[0].read_bytes() != shots[1].read_bytes(), shots)


def check_paper(sheet, pages, told, kept):
    pdf = kept / f"{sheet.stem}.pdf"
    browser.printed(sheet, pdf)
    size, count = browser.paper(pdf)
    check(f"{sheet.stem} on paper: A4", "A4" in size, size)
    check(f"{sheet.stem} on paper: {pages} pages", count == pages, count)
    check(f"{sheet.stem} on paper: white", min(browser.corner(pdf)) > 250, browser.corner(pdf))
    text = squeezed(browser.text_of(pdf, "-raw"))
    lost = [words for words in told["texts"] if squeezed(words) not in text]
    check(f"{sheet.stem} on paper: each of {len(told['texts'])} texts", not lost and len(told["texts"]) > 40, lost)
    first = squeezed(browser.text_of(pdf, "-raw", "-l", "1"))
    later = [words for words in told["first"] if squeezed(words) not in first]
    check(f"{sheet.stem} on paper: picture, what to do and who to call on page one", not later, later)
    check(f"{sheet.stem}: a picture on page one", told["pictures"] == 1, told["pictures"])
    browser.pictured(pdf, kept / f"{sheet.stem}-paper", 70)


def check_silence(sheets):
    with tempfile.TemporaryDirectory() as place:
        bad = pathlib.Path(place, "bad.html")
        bad.write_text(BAD, encoding="utf-8")
        heard = " ".join(browser.complaints(bad))
        check("a page that complains and asks the network is caught", "complained" in heard and "asked" in heard, heard)
    for sheet in sheets:
        heard = browser.complaints(sheet)
        check(f"{sheet.stem}: no complaint, nothing asked for", heard == [], heard)


def main():
    place, kept = pathlib.Path(sys.argv[1]).resolve(), browser.emptied(sys.argv[2])
    sheets = {place / f"{name}.html": pages for name, pages in SHEETS.items()}
    for sheet, pages in sheets.items():
        told = check_screen(sheet)
        check(f"{sheet.stem}: a QR code for the family", bool(told["codes"]) == ("-public-" not in sheet.stem), told)
        check_paper(sheet, pages, told, kept)
    check_dark(place / f"{SHOT}.html", kept)
    check_silence(sheets)
    browser.photographed(place / f"{SHOT}.html", kept / f"{SHOT}-desk.png", WIDTHS[2], 2400)
    shutil.copy(place / f"{SHOT}.html", kept)
    print(f"to be looked at in {kept}")


if __name__ == "__main__":
    main()
