# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV and Prometheus, read back by their own readers."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import tables
from ansible_collections.homevirt.fleet.tests.unit.support import runs

# What a JSON Lines file can hold, read as UTF-8.
texts = st.text(st.characters(codec="utf-8"), min_size=1)


def samples(records):
    families = text_string_to_metric_families(tables.to_prometheus(records))
    return [sample for family in families for sample in family.samples]


def rows(records):
    return list(csv.DictReader(io.StringIO(tables.to_csv(records), newline="")))


@given(texts, texts, texts)
def test_any_label_comes_back_as_it_was(host, arm, job):
    found = samples([runs.run(arm, host=host, job=job)])
    assert {(each.labels["host"], each.labels["arm"], each.labels["job"]) for each in found} == {(host, arm, job)}


def test_metrics_are_in_base_units():
    record = runs.run(seconds=10.0, rate=0.5, width=0.02)
    found = {(each.name, each.labels.get("bound")): each.value for each in samples([record])}
    assert found == {
        ("homevirt_bench_reported_bytes_per_second", None): runs.BYTES / 5,
        ("homevirt_bench_true_bytes_per_second", "low"): pytest.approx(runs.BYTES / 10.1),
        ("homevirt_bench_true_bytes_per_second", "high"): pytest.approx(runs.BYTES / 9.9),
        ("homevirt_bench_reported_seconds", None): 5.0,
        ("homevirt_bench_true_seconds", "low"): pytest.approx(9.9),
        ("homevirt_bench_true_seconds", "high"): pytest.approx(10.1),
        ("homevirt_bench_transferred_bytes", None): runs.BYTES,
        ("homevirt_bench_clock_rate_ratio", "low"): pytest.approx(0.49),
        ("homevirt_bench_clock_rate_ratio", "high"): pytest.approx(0.51),
        ("homevirt_bench_clock_trusted", None): 0.0,
        ("homevirt_bench_hypervisor_cpu_seconds", None): 2.5,
        ("homevirt_bench_run_timestamp_seconds", None): 1793527260.0,
    }


def test_the_newest_run_is_told_and_no_warmup():
    """Newest by time, not by the order of their texts: 11:30 in Paris was before 11:00 in UTC."""
    records = [
        runs.run(pair=1, seconds=10.0, started="2026-11-01T11:00:00Z"),
        runs.run(pair=2, seconds=99.0, started="2026-11-01T11:30:00+01:00"),
        runs.run(pair=0, seconds=50.0, started="2026-11-02T00:00:00Z"),
    ]
    assert [each.value for each in samples(records) if each.name.endswith("reported_seconds")] == [10.0]


def test_what_was_not_measured_has_no_metric():
    names = {each.name for each in samples([runs.without_time(runs.run())])}
    assert "homevirt_bench_true_seconds" not in names and "homevirt_bench_clock_trusted" in names
    assert tables.to_prometheus([]) == ""


@given(texts)
def test_no_cell_is_a_formula_and_all_come_back(host):
    (row,) = rows([runs.run(host=host)])
    assert row["host"].removeprefix("'") == host.removeprefix("'")
    assert not row["host"].startswith(tables.FORMULA)


def test_csv_has_units_in_its_names():
    first, second = rows([runs.run(seconds=10.0, width=0.02), runs.without_time(runs.run())])
    assert tuple(first) == tables.COLUMNS
    assert float(first["true_seconds_low"]) == pytest.approx(9.9)
    assert float(first["true_bytes_per_second_high"]) == pytest.approx(runs.BYTES / 9.9)
    assert (second["true_seconds_low"], second["clock_verdict"]) == ("", "invalid")
