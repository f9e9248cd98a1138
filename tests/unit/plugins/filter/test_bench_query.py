# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath over results, and what is said where it is not installed."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.homevirt.fleet.plugins.filter import bench_query
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import record
from ansible_collections.homevirt.fleet.tests.unit.support import runs

RECORDS = [runs.run(), runs.run("paravirtual", rate=0.5)]
query = bench_query.FilterModule().filters()["bench_query"]


class Text(str):
    """As Ansible's own strings are: no plain str, which JMESPath's functions refuse."""


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ("[?clock.verdict == 'fail'].arm", ["paravirtual"]),
        ("max_by(@, &reported_seconds).arm", "emulated"),
        ("[?starts_with(slot, 'pair-')] | length(@)", 2),
        ("[].nothing", []),
        ("nothing", None),
    ],
)
def test_found(expression, want):
    assert query([each.public() for each in RECORDS], expression) == want
    assert query("".join(map(record.to_line, RECORDS)), expression) == want


def test_ansibles_own_kinds_of_text():
    assert query([{Text("host"): Text("guest1")}], Text("[?contains(host, 'guest')].host")) == ["guest1"]


@pytest.mark.parametrize(
    ("results", "expression", "error"),
    [
        ([], "[?", "bench_query: [?:"),
        ([], "nosuch(@)", "nosuch"),
        ([1], "[].length(@)", "bench_query: [].length(@):"),
        ("not json", "@", "bench_query: the text is not JSON Lines:"),
    ],
)
def test_refused(results, expression, error):
    with pytest.raises(AnsibleFilterError) as caught:
        query(results, expression)
    assert error in str(caught.value)


def test_not_installed(monkeypatch):
    monkeypatch.setattr(bench_query, "jmespath", None)
    monkeypatch.setattr(bench_query, "JMESPATH_TRACEBACK", "ImportError: no jmespath")
    with pytest.raises(AnsibleFilterError) as caught:
        query([], "@")
    assert "Failed to import the required Python library (jmespath)" in str(caught.value)
