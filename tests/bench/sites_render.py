# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing sheets costs: time and memory for each site, an unchanged second run, and Graphviz beside it.

Usage, with the collection on PYTHONPATH: python tests/bench/sites_render.py [--sites 10,100,1000] [--devices 10]
Every number of sites runs in a process of its own, so that one's memory is not another's. Before they are measured one
more is drawn, for which the libraries are loaded.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import svg
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drawing import plan_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.layout import for_paper
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.phrases import Phrases
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet_render import Choice
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.sheet_run import make_sheets
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.wiring import Wiring
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites

CHOICE = Choice(("ja",), ("family",), ("html", "svg"))


def reveal(secret):
    """Another password for each, as a password manager would make it."""
    return hashlib.sha256(secret.value.encode()).hexdigest()[:20]


def seconds(work):
    """CPU seconds, and what the work returned."""
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def measure(count, devices):
    texts = {f"site-{number}.yml": generate_sites.text(number, devices) for number in range(count)}
    with tempfile.TemporaryDirectory() as dest:
        other = {"other.yml": generate_sites.text(count, devices)}
        start, _made = seconds(lambda: make_sheets(other, dest, CHOICE, reveal))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load, _site = seconds(lambda: [load_site(text, name) for name, text in texts.items()][-1])
    with tempfile.TemporaryDirectory() as dest:
        first, made = seconds(lambda: make_sheets(texts, dest, CHOICE, reveal))
        second, again = seconds(lambda: make_sheets(texts, dest, CHOICE, reveal))
    if not made.changed or made.errors or again.changed or len(again.files) != 2 * count:
        sys.exit("the sheets are not what they should be")
    if second * 10 > first:
        sys.exit(f"an unchanged run takes {second} s, not a tenth of {first} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours, theirs = beside_dot(texts)
    row = {"sites": count, "start": start, "load": load, "first": first, "second": second, "ours": ours, "dot": theirs}
    return {**row, "memory": peak - before}


def dot_source(plan):
    """The same boxes with the same ports and cables, as Graphviz draws them."""
    lines = ["graph { graph [rankdir=LR]; node [shape=plain];"]
    for node in plan.nodes:
        rows = "".join(
            f'<tr><td port="p{index}">{html.escape(socket.label or " ")}</td></tr>'
            for index, socket in enumerate(node.sockets)
        )
        lines.append(f"{node.name} [label=<<table><tr><td>{html.escape(node.label)}</td></tr>{rows}</table>>];")
    ports = {
        (node.name, socket.name): f"{node.name}:p{index}"
        for node in plan.nodes
        for index, socket in enumerate(node.sockets)
    }
    lines += [f'{ports[wire.a]} -- {ports[wire.b]} [label="{wire.text}"];' for wire in plan.wires]
    return "\n".join([*lines, "}"])


def beside_dot(texts):
    """CPU seconds for the same wirings, ours and Graphviz', one process for each site."""
    sites = [load_site(text, name).site for name, text in texts.items()]
    plans = [plan_of(site, Wiring(site), Phrases("ja")) for site in sites]
    ours, _drawn = seconds(lambda: [svg.document(for_paper(plan), "", "") for plan in plans])
    usage = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    for plan in plans:
        subprocess.run(["dot", "-Tsvg"], input=dot_source(plan).encode(), check=True, capture_output=True)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - usage
    return ours, theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", default="10,100,1000")
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.devices)))
        return
    columns = ("sites", "the first one", "read", "HTML + SVG", "again", "first / again", "wiring alone", "by dot")
    print(f"| {' | '.join(columns)} | memory, MiB | KiB a site |\n{'|---' * (len(columns) + 2)}|")
    for count in options.sites.split(","):
        command = [sys.executable, __file__, "--one", count, "--devices", str(options.devices)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        each = {name: row[name] * 1000 / row["sites"] for name in ("load", "first", "second", "ours", "dot")}
        times = [f"{each[name]:.{2 if name == 'second' else 1}f}" for name in ("load", "first", "second")]
        ratio, wirings = f"{row['first'] / row['second']:.0f}", [f"{each[name]:.1f}" for name in ("ours", "dot")]
        memory = (f"{row['memory'] / 1024:.0f}", f"{row['memory'] / row['sites']:.0f}")
        cells = (count, f"{row['start'] * 1000:.0f}", *times, ratio, *wirings, *memory)
        print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\nTimes are ms of CPU a site. Load: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
