# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What drawing sheets costs: time and memory for each site, an unchanged second run, and Graphviz beside it.

Usage, with the collection on PYTHONPATH: python tests/bench/sites_render.py [--sites 10,100,1000] [--devices 10]
Every number of sites runs in a process of its own, so that one's memory is not another's.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
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
DOT_SITES = 20


def reveal(secret):
    """Another password for each, as a password manager would make it."""
    return hashlib.sha256(secret.value.encode()).hexdigest()[:20]


def seconds(work):
    """CPU and wall seconds, and what the work returned."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - cpu, time.perf_counter() - wall, result


def measure(count, devices):
    texts = {f"site-{number}.yml": generate_sites.text(number, devices) for number in range(count)}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load, _wall, _sites = seconds(lambda: [load_site(text, name) for name, text in texts.items()][-1])
    with tempfile.TemporaryDirectory() as dest:
        first, first_wall, made = seconds(lambda: make_sheets(texts, dest, CHOICE, reveal))
        second, second_wall, again = seconds(lambda: make_sheets(texts, dest, CHOICE, reveal))
    if not made.changed or made.errors or again.changed or len(again.files) != 2 * count:
        sys.exit("the sheets are not what they should be")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = {"sites": count, "load": load, "first": first, "second": second}
    return {**row, "first_wall": first_wall, "second_wall": second_wall, "memory": (peak - before) / 1024}


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


def beside_dot(devices):
    plans = []
    for number in range(DOT_SITES):
        site = load_site(generate_sites.text(number, devices), "a.yml").site
        plans.append(plan_of(site, Wiring(site), Phrases("ja")))
    ours, _wall, _drawn = seconds(lambda: [svg.document(for_paper(plan), "", "") for plan in plans])
    usage = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    for plan in plans:
        subprocess.run(["dot", "-Tsvg"], input=dot_source(plan).encode(), check=True, capture_output=True)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - usage
    return ours / DOT_SITES, theirs / DOT_SITES


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sites", default="10,100,1000")
    parser.add_argument("--devices", type=int, default=10)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.devices)))
        return
    print("| sites | read, ms a site | HTML + SVG, ms a site | again, ms a site | first / again | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for count in options.sites.split(","):
        command = [sys.executable, __file__, "--one", count, "--devices", str(options.devices)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        figures = [row[name] * 1000 / row["sites"] for name in ("load", "first", "second")]
        numbers = f"{figures[0]:.1f} | {figures[1]:.1f} | {figures[2]:.2f} | {figures[1] / figures[2]:.0f}"
        print(f"| {count} | {numbers} | {row['memory']:.0f} |", flush=True)
    ours, theirs = beside_dot(options.devices)
    print(f"\nThe wiring alone, ms a site: {ours * 1000:.1f}, by dot {theirs * 1000:.1f}")


if __name__ == "__main__":
    main()
