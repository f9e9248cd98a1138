# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: browse.py REPORTS KEPT: open the reports in headless Chromium, measure them there, keep screenshots.

A page of the test's own holds the report in a frame as wide as a screen and measures it, with JavaScript of its own;
the report has none.
"""

from __future__ import annotations

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# A small phone, a phone, a tablet, a desk.
WIDTHS = (320, 390, 820, 1440)
SHOTS = (("phone", 390, 2600, "light"), ("phone-dark", 390, 2600, "dark"), ("desk", 1440, 2000, "light"))
# What a browser says it prefers: Chromium's own numbers.
SCHEMES = {"dark": 0, "light": 1}
MEASURE = """
<!DOCTYPE html><meta charset="utf-8"><body><iframe src="%s" style="width:%dpx;height:900px;border:0"></iframe>
<pre id="told"></pre><script>
window.onload = () => {
  const page = document.querySelector("iframe").contentDocument;
  const style = name => page.defaultView.getComputedStyle(page.body).getPropertyValue(name);
  const letters = [...page.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height);
  const outside = [...page.querySelectorAll("svg:not(.key) text, td, th, p")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.left < -1 || box.right > page.documentElement.clientWidth + 1;
  }).map(element => element.textContent.slice(0, 40));
  document.getElementById("told").textContent = JSON.stringify({
    title: page.title, scroll: page.documentElement.scrollWidth, client: page.documentElement.clientWidth,
    background: style("background-color"), ink: style("color"), outside, smallest: Math.min(...letters),
    points: page.querySelectorAll("svg:not(.key) path.reported").length, headings: page.querySelectorAll("h1").length,
    scripts: page.scripts.length,
  });
};
</script>
"""


def chromium(*options, scheme="light"):
    program = shutil.which("chromium")
    if program is None:
        sys.exit("there is no chromium; make test-deps installs it")
    with tempfile.TemporaryDirectory(prefix="browser-") as profile:
        quiet = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
        command = [
            program,
            "--headless",
            # Root, as whom the integration tests run, has no sandbox.
            "--no-sandbox",
            *quiet,
            "--disable-component-update",
            "--disable-sync",
            "--allow-file-access-from-files",
            f"--user-data-dir={profile}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            *options,
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode:
        sys.exit(f"chromium failed: {done.stderr}")
    return done.stdout


def measured(report, width, scheme="light"):
    with tempfile.NamedTemporaryFile("w", suffix=".html", dir=report.parent, encoding="utf-8") as stream:
        stream.write(MEASURE % (report.name, width))
        stream.flush()
        dumped = chromium("--dump-dom", "--virtual-time-budget=5000", f"file://{stream.name}", scheme=scheme)
    return json.loads(html.unescape(re.search(r'<pre id="told">(.*?)</pre>', dumped, re.DOTALL)[1]))


def check(what, condition, told):
    if not condition:
        sys.exit(f"{what}: {told}")
    print(f"ok: {what}")


def check_report(report, title, points):
    for width in WIDTHS:
        told = measured(report, width)
        check(f"{report.name} at {width}: one page, nothing to scroll sideways", told["scroll"] <= told["client"], told)
        check(f"{report.name} at {width}: no text beside the screen", told["outside"] == [], told)
        check(f"{report.name} at {width}: letters in charts of 10 pixels or more", told["smallest"] >= 10, told)
        check(f"{report.name} at {width}: every run is a point", told["points"] == points, told)
        check(
            f"{report.name} at {width}: its own title, no script", (told["title"], told["scripts"]) == (title, 0), told
        )


def check_print(report, kept):
    chromium(f"--print-to-pdf={kept}/print.pdf", "--no-pdf-header-footer", f"file://{report}", scheme="dark")
    text = subprocess.run(
        ["pdftotext", "-layout", f"{kept}/print.pdf", "-"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    for words in ("Did the paravirtual driver help?", "All runs in figures", "What was measured", "virtio_blk"):
        check(f"on paper: {words}", words in text, text)
    subprocess.run(["pdftoppm", "-r", "60", "-png", f"{kept}/print.pdf", f"{kept}/print"], check=True, timeout=60)
    # The mean of a page's corner: a dark scheme on the screen must not blacken the paper.
    corner = subprocess.run(
        ["pdftoppm", "-r", "20", "-x", "0", "-y", "0", "-W", "9", "-H", "9", "-gray", f"{kept}/print.pdf"],
        check=True,
        capture_output=True,
        timeout=60,
    ).stdout
    check("on paper: white", min(corner[-81:]) > 250, corner[-81:])


def main():
    reports, kept = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    report = reports / "report.html"
    # The runs' two charts and the ratios' one.
    check_report(report, "Did the paravirtual driver help?", 2 * 18 + 2)
    check_report(reports / "hostile.html", "</title><script>document.title='broken into'</script>", 18)
    light, dark = (measured(report, 390, scheme) for scheme in ("light", "dark"))
    check(
        "light and dark differ",
        light["background"] != dark["background"] and light["ink"] != dark["ink"],
        (light, dark),
    )
    check_print(report, kept)
    for name, width, height, scheme in SHOTS:
        size = (f"--window-size={width},{height}", "--hide-scrollbars")
        chromium(*size, f"--screenshot={kept}/{name}.png", f"file://{report}", scheme=scheme)
    shutil.copy(report, kept)
    shots = sorted(path.name for path in kept.glob("*.png"))
    check("screenshots are kept", len(shots) >= len(SHOTS) + 1, shots)
    print(f"to be looked at in {kept}: {', '.join(shots)}")


if __name__ == "__main__":
    main()
