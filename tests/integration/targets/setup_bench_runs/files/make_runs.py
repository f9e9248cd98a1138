# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: make_runs.py DIRECTORY: write files of runs, spelled out here and not by the collection's own code.

liar.jsonl      the original experiment: the guest's clock hides that the new driver is three times as fast
monday.jsonl, friday.jsonl   the same disk on two days, a third slower on the second
all.jsonl       the original experiment, and two days on which the same disk was equally fast
torn.jsonl      a controller was killed while it wrote the last line
forged.jsonl    liar.jsonl's first run with another number in it
hostile.jsonl   names that would break out of HTML, CSV and Prometheus' labels
not_runs.jsonl  JSON, but no runs
"""

from __future__ import annotations

import json
import pathlib
import sys

GIB = 1 << 30
HOSTILE = "</title></svg><script>document.title='broken into'</script>\"\\\n=1+1"
# By how much a run differs from its arm's middle: nothing special about these.
WOBBLE = (0.00, 0.02, -0.01, 0.01, -0.02, 0.015, -0.005, 0.01, -0.015)


def run(arm, pair, place, seconds, rate, **fields):
    width = seconds * 1e-4
    started = f"2026-11-01T10:{place:02d}:00Z"
    return {
        "schema": 1,
        "run_id": "original",
        "slot": f"pair-{pair:04d}-{arm}" if pair else f"warmup-0001-{arm}",
        "arm": arm,
        "pair": pair,
        "position": place,
        "host": "guest1",
        "started": started,
        "profile": "crystaldiskmark",
        "job": "seq1m_q8t1_read",
        "engine": "fio",
        "bytes": GIB,
        "operations": 1024,
        "reported_seconds": seconds * rate,
        "true_seconds": {"low": seconds - width, "high": seconds + width},
        "clock": {
            "verdict": "pass" if rate == 1 else "fail",
            "reason": "the rate lies wholly outside 1 ± 1000 ppm" if rate != 1 else "",
            "rate": {"low": rate * 0.9999, "high": rate * 1.0001},
            "idle_rate": {"low": 0.999, "high": 1.001},
            "pings": 40,
            "tolerance": 0.001,
        },
        "cpu": {"hypervisor_seconds": 3.5},
        "proof": {"driver": "virtio_blk" if arm == "paravirtual" else "ata_piix", "clocksource": "tsc"},
        "versions": {"fio": "fio-3.33"},
        **fields,
    }


def experiment(seconds, rates, pairs=8, **fields):
    arms = list(seconds)
    order = [(arm, 0) for arm in arms]
    for pair in range(1, pairs + 1):
        order += [(arm, pair) for arm in (arms if pair % 2 else reversed(arms))]
    return [
        run(arm, pair, place, seconds[arm] * (1 + WOBBLE[(place * 5 + pair) % len(WOBBLE)]), rates[arm], **fields)
        for place, (arm, pair) in enumerate(order)
    ]


def day(date, seconds):
    records = experiment({"emulated": seconds}, {"emulated": 1}, run_id=f"nightly-{date}", proof={})
    return [{**record, "started": f"{date}T03:{record['position']:02d}:00Z"} for record in records]


def main():
    place = pathlib.Path(sys.argv[1])
    liar = experiment({"emulated": 20.0, "paravirtual": 6.0}, {"emulated": 0.09, "paravirtual": 0.3})
    second = experiment(
        {"emulated": 31.0, "paravirtual": 30.8}, {"emulated": 0.5, "paravirtual": 0.8}, job="rnd4k_q1t1_read"
    )
    lines = {
        "liar": [json.dumps(record) for record in liar + second],
        "monday": [json.dumps(record) for record in day("2026-11-02", 10.0)],
        "friday": [json.dumps(record) for record in day("2026-11-06", 15.0)],
        "all": [json.dumps(record) for record in liar + day("2026-11-02", 10.0) + day("2026-11-06", 10.0)],
        "torn": [json.dumps(record) for record in liar[:4]] + [json.dumps(liar[4])[:200]],
        "forged": [json.dumps({**liar[0], "bytes": 1})],
        "hostile": [
            json.dumps({**record, "arm": f"{record['arm']}{HOSTILE}", "host": f"={HOSTILE}", "run_id": HOSTILE})
            for record in liar
        ],
        "not_runs": ['{"hello": "world"}'],
    }
    for name, texts in lines.items():
        end = "" if name == "torn" else "\n"
        (place / f"{name}.jsonl").write_text("\n".join(texts) + end, encoding="utf-8")


if __name__ == "__main__":
    main()
