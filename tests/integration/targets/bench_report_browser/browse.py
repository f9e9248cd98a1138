# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: browse.py REPORTS KEPT: open the reports in headless Chromium, measure them there, keep screenshots."""

from __future__ import annotations

import pathlib
import shutil
import sys

import browser
from browser import check

# A small phone, a phone, a tablet, a desk.
WIDTHS = (320, 390, 820, 1440)
SHOTS = (("phone", 390, 2600, "light"), ("phone-dark", 390, 2600, "dark"), ("desk", 1440, 2000, "light"))
CHARTS = """page => {
  const letters = [...page.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height);
  const outside = [...page.querySelectorAll("svg:not(.key) text, td, th, p")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.left < -1 || box.right > page.documentElement.clientWidth + 1;
  }).map(element => element.textContent.slice(0, 40));
  const points = page.querySelectorAll("svg:not(.key) path.reported").length;
  return {outside, smallest: Math.min(...letters), points};
}"""


def check_report(report, title, points):
    for width in WIDTHS:
        told = browser.measured(report, width, CHARTS)
        check(f"{report.name} at {width}: one page, nothing to scroll sideways", told["scroll"] <= told["client"], told)
        check(f"{report.name} at {width}: no text beside the screen", told["outside"] == [], told)
        check(f"{report.name} at {width}: letters in charts of 10 pixels or more", told["smallest"] >= 10, told)
        check(f"{report.name} at {width}: every run is a point", told["points"] == points, told)
        check(
            f"{report.name} at {width}: its own title, no script", (told["title"], told["scripts"]) == (title, 0), told
        )


def check_print(report, kept):
    pdf = kept / "print.pdf"
    browser.printed(report, pdf)
    text = browser.text_of(pdf, "-layout")
    for words in ("Did the paravirtual driver help?", "All runs in figures", "What was measured", "virtio_blk"):
        check(f"on paper: {words}", words in text, text)
    browser.pictured(pdf, kept / "print", 60)
    check("on paper: white", min(browser.corner(pdf)) > 250, browser.corner(pdf))


def main():
    reports, kept = pathlib.Path(sys.argv[1]).resolve(), browser.emptied(sys.argv[2])
    report = reports / "report.html"
    # The runs' two charts and the ratios' one.
    check_report(report, "Did the paravirtual driver help?", 2 * 18 + 2)
    check_report(reports / "hostile.html", "</title><script>document.title='broken into'</script>", 18)
    light, dark = (browser.measured(report, 390, CHARTS, scheme) for scheme in ("light", "dark"))
    check(
        "light and dark differ",
        light["background"] != dark["background"] and light["ink"] != dark["ink"],
        (light, dark),
    )
    check_print(report, kept)
    for name, width, height, scheme in SHOTS:
        browser.photographed(report, kept / f"{name}.png", width, height, scheme)
    shutil.copy(report, kept)
    shots = sorted(path.name for path in kept.glob("*.png"))
    check("screenshots are kept", len(shots) >= len(SHOTS) + 1, shots)
    print(f"to be looked at in {kept}: {', '.join(shots)}")


if __name__ == "__main__":
    main()
