# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule: what breaks it is found, once and under its name; what is near to it is left alone."""

from __future__ import annotations

import copy
import datetime
import pathlib

import pytest

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import rules
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.tests.unit.support import yamltext
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

HERE = pathlib.Path(__file__).parent
TODAY = datetime.date(2026, 7, 1)
CASES = cases(__file__, "rules.yml", "rule")


def changed(change):
    """The base with a change made, and the sites beside it, as texts."""
    site = yamltext.read((HERE / "cases/base.yml").read_text(encoding="utf-8"))
    change = copy.deepcopy(change)
    beside = change.pop("beside", [])
    for key in change.pop("without", []):
        del site[key]
    for key, value in change.items():
        site[key] = [*site.get(key, []), *value] if isinstance(value, list) else value
    return [yamltext.written(one) for one in (site, *beside)]


def check(texts):
    return rules.check([load_site(text, f"{number}.yml") for number, text in enumerate(texts)], TODAY)


@pytest.mark.parametrize("case", CASES)
def test_what_breaks_the_rule_is_found(case):
    findings = check(changed(case["bad"]))
    own = [finding for finding in findings if finding.rule == case["rule"]]
    assert {finding.rule for finding in findings} - set(case.get("also", [])) == {case["rule"]}, findings
    for words in case["says"]:
        assert [str(finding) for finding in own if words in str(finding)], (words, own)
    assert len(own) == len({(finding.file, finding.line, finding.label, finding.message) for finding in own})


@pytest.mark.parametrize("case", CASES)
def test_what_is_near_to_it_is_left_alone(case):
    findings = check(changed(case["good"]))
    beside = ["review-missing", "contact-missing", "line-missing"] if "beside" in case["good"] else []
    assert [str(finding) for finding in findings if finding.rule not in beside] == []


def test_the_lines_are_those_of_the_records():
    text = (HERE / "cases/base.yml").read_text(encoding="utf-8").replace('b: "pc:eth0"', 'b: "pc:eth9"')
    (wrong, alone) = sorted(check([text]), key=lambda finding: finding.rule, reverse=True)
    assert (wrong.rule, text.splitlines()[wrong.line - 1].strip()[:13]) == ("port-unknown", "- { label: C3")
    assert (alone.rule, alone.label) == ("device-unreachable", "device pc")


def test_every_rule_has_cases():
    tested = {case.values[0]["rule"] for case in CASES}
    assert tested == {rule.id for rule in (*rules.WITHIN, *rules.ACROSS)}


def test_what_could_not_be_read_is_not_missing_besides():
    text = (HERE / "cases/base.yml").read_text(encoding="utf-8").replace("role: switch", "role: swich")
    assert {finding.rule for finding in check([text])} == {"value-wrong", "device-unreachable"}


def test_the_table_in_the_docs_is_current():
    page = (HERE.parents[4] / "docs/site_rules.md").read_text(encoding="utf-8")
    assert "\n".join(rules.table()) in page, "run tools/site_docs"
