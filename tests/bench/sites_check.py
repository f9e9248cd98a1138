# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading and checking many sites costs: CPU seconds, milliseconds a site, whether that grows with their number.

Usage: python tests/bench/sites_check.py [--sites 10,100,1000] [--devices 15] [--rounds 3]
with the collection on PYTHONPATH. The sites are those of tests/unit/support/generate_sites.py, always the same; writing
them is not counted. Medians of the rounds.
"""

from __future__ import annotations

import argparse
import datetime
import resource
import statistics
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", default="10,100,1000")
    parser.add_argument("--devices", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sites.split(",")]
    texts = [generate_sites.text(number, options.devices) for number in range(max(sizes))]
    print("| sites | read, s | check, s | hosts, s | ms a site | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for size in sizes:
        rounds = [once(texts[:size]) for _round in range(options.rounds)]
        read, checked, hosts = (statistics.median(times) for times in zip(*rounds))
        each = (read + checked + hosts) / size * 1000
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"| {size} | {read:.2f} | {checked:.2f} | {hosts:.2f} | {each:.1f} | {peak:.0f} |", flush=True)


if __name__ == "__main__":
    main()
