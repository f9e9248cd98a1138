# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: read_exports.py CSV PROM JSONL: print the exports as other programs read them."""

from __future__ import annotations

import csv
import json
import pathlib
import re
import sys

# Prometheus' text format: a name, labels whose values have only these three escapes, one number, no time stamp.
SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} (-?[0-9.e+-]+)')


def main():
    table, metrics, lines = sys.argv[1:]
    with open(table, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    samples = []
    for line in pathlib.Path(metrics).read_text(encoding="utf-8").split("\n")[:-1]:
        match = SAMPLE.fullmatch(line)
        if match:
            samples.append({"name": match[1], "labels": match[2], "value": float(match[3])})
        elif not line.startswith(("# HELP homevirt_bench_", "# TYPE homevirt_bench_")):
            sys.exit(f"this is no line of Prometheus' text format: {line}")
    records = [json.loads(line) for line in pathlib.Path(lines).read_text(encoding="utf-8").split("\n")[:-1]]
    print(json.dumps({"rows": rows, "samples": samples, "records": records}))


if __name__ == "__main__":
    main()
