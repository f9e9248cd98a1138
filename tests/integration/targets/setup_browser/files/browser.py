# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page opened in headless Chromium: measured, photographed, printed, and heard when it complains or asks the network.

A page of the test's own holds the one that is measured in a frame as wide as a screen, with JavaScript of its own; what
is measured has none.
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
import typing as t

# What a browser says it prefers: Chromium's own numbers.
SCHEMES = {"dark": 0, "light": 1}
FRAME = """
<!DOCTYPE html><meta charset="utf-8"><body><iframe src="%s" style="width:%dpx;height:900px;border:0"></iframe>
<pre id="told"></pre><script>
window.onload = () => {
  const page = document.querySelector("iframe").contentDocument;
  const style = name => page.defaultView.getComputedStyle(page.body).getPropertyValue(name);
  document.getElementById("told").textContent = JSON.stringify({
    title: page.title, scripts: page.scripts.length, headings: page.querySelectorAll("h1").length,
    scroll: page.documentElement.scrollWidth, client: page.documentElement.clientWidth,
    background: style("background-color"), ink: style("color"), ...(%s)(page),
  });
};
</script>
"""
# The initiator of what Chromium asks for on its own account.
ITS_OWN = "not an origin"


def check(what: str, condition: bool, told: t.Any) -> None:
    if not condition:
        sys.exit(f"{what}: {told}")
    print(f"ok: {what}")


def _chromium(*options: str, scheme: str = "light") -> subprocess.CompletedProcess[str]:
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
    return done


def measured(page: pathlib.Path, width: int, further: str, scheme: str = "light") -> dict[str, t.Any]:
    """What the page says of itself at a width, and what ``further``, a function of JavaScript, says of its document."""
    with tempfile.NamedTemporaryFile("w", suffix=".html", dir=page.parent, encoding="utf-8") as stream:
        stream.write(FRAME % (page.name, width, further))
        stream.flush()
        options = ("--dump-dom", "--virtual-time-budget=5000", f"file://{stream.name}")
        dumped = _chromium(*options, scheme=scheme).stdout
    return json.loads(html.unescape(re.search(r'<pre id="told">(.*?)</pre>', dumped, re.DOTALL)[1]))


def complaints(page: pathlib.Path) -> list[str]:
    """What it writes to the console, and every address that it asks the network for."""
    with tempfile.TemporaryDirectory() as place:
        log = pathlib.Path(place, "net.json")
        watched = ("--enable-logging=stderr", f"--log-net-log={log}", "--virtual-time-budget=5000", "--dump-dom")
        said = _chromium(*watched, f"file://{page}").stderr
        network = json.loads(log.read_text(encoding="utf-8"))
    started = network["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [event["params"] for event in network["events"] if event["type"] == started and "params" in event]
    urls = [params["url"] for params in asked if "url" in params and params.get("initiator") != ITS_OWN]
    return [*re.findall(r"CONSOLE.*?\] (.*)", said), *urls]


def photographed(page: pathlib.Path, picture: pathlib.Path, width: int, height: int, scheme: str = "light") -> None:
    size = (f"--window-size={width},{height}", "--hide-scrollbars")
    _chromium(*size, f"--screenshot={picture}", f"file://{page}", scheme=scheme)


def printed(page: pathlib.Path, pdf: pathlib.Path) -> None:
    """On paper, by somebody whose screen is dark."""
    _chromium(f"--print-to-pdf={pdf}", "--no-pdf-header-footer", f"file://{page}", scheme="dark")


def read(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def text_of(pdf: pathlib.Path, *options: str) -> str:
    return read("pdftotext", *options, str(pdf), "-").decode()


def paper(pdf: pathlib.Path) -> tuple[str, int]:
    """The size of its pages, and their number."""
    told = dict(line.split(":", 1) for line in read("pdfinfo", str(pdf)).decode().splitlines())
    return told["Page size"].strip(), int(told["Pages"])


def pictured(pdf: pathlib.Path, prefix: pathlib.Path, dots: int) -> None:
    read("pdftoppm", "-r", str(dots), "-png", str(pdf), str(prefix))


def corner(pdf: pathlib.Path) -> bytes:
    """The grey values of the first page's corner: a dark scheme on the screen must not blacken the paper."""
    side = 5
    cut = ("-r", "20", "-x", "0", "-y", "0", "-W", str(side), "-H", str(side), "-gray", "-l", "1")
    return read("pdftoppm", *cut, str(pdf))[-side * side :]


def emptied(kept: str) -> pathlib.Path:
    """The directory in which pictures are kept for people to look at, without those of the last run."""
    place = pathlib.Path(kept).resolve()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


__all__ = [
    "check",
    "complaints",
    "corner",
    "emptied",
    "measured",
    "paper",
    "photographed",
    "pictured",
    "printed",
    "text_of",
]
