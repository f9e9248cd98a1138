# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading and checking many sites costs: CPU seconds, milliseconds a site, whether that grows with their number.

Usage: python tests/bench/sites_check.py [--sites 10,100,1000] [--devices 15] [--rounds 3]
with the collection on PYTHONPATH. The sites are those of tests/unit/support/generate_sites.py, always the same; writing
them is not counted. Medians of the rounds. Every number of sites runs in a process of its own; memory is its growth.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import rules
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.hosts import hosts_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites

TODAY = datetime.date(2026, 11, 24)


def once(texts):
    """Seconds of CPU to read, to check and to make an inventory of the same sites."""
    began = time.process_time()
    files = [load_site(text, f"{number}.yml") for number, text in enumerate(texts)]
    read = time.process_time()
    findings = rules.check(files, TODAY)
    checked = time.process_time()
    hosts = [host for file in files for host in hosts_of(file.site)]
    done = time.process_time()
    if findings or len(hosts) != len(texts):
        raise SystemExit(f"the generated sites are not as they should be: {findings[:3]}, {len(hosts)} hosts")
    return read - began, checked - read, done - checked


def measure(count, devices, rounds):
    texts = [generate_sites.text(number, devices) for number in range(count)]
    once([generate_sites.text(count, devices)])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read, checked, hosts = (statistics.median(times) for times in zip(*(once(texts) for _round in range(rounds))))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"read": read, "check": checked, "hosts": hosts, "memory": peak - before}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", default="10,100,1000")
    parser.add_argument("--devices", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.devices, options.rounds)))
        return
    print("| sites | read, s | check, s | hosts, s | ms a site | memory, MiB | KiB a site |")
    print("|---|---|---|---|---|---|---|")
    for size in map(int, options.sites.split(",")):
        command = [sys.executable, __file__, "--one", str(size), "--devices", str(options.devices)]
        command += ["--rounds", str(options.rounds)]
        row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        times = [row[name] for name in ("read", "check", "hosts")]
        shown = " | ".join(f"{seconds:.2f}" for seconds in times)
        memory = f"{row['memory'] / 1024:.0f} | {row['memory'] / size:.0f}"
        print(f"| {size} | {shown} | {sum(times) / size * 1000:.1f} | {memory} |", flush=True)
    print(f"\nSeconds are of CPU. Load: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


if __name__ == "__main__":
    main()
