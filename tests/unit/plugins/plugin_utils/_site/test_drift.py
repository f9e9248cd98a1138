# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every finding of an audit: what shows it is found, what only looks like it is left alone."""

from __future__ import annotations

import copy
import pathlib

import pytest

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import drift_text
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drift import compare
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drift_book import RULES
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.phrases import catalogue
from ansible_collections.homevirt.fleet.tests.unit.support import replugs, yamltext
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases
from ansible_collections.homevirt.fleet.tests.unit.support.observing import observation

HERE = pathlib.Path(__file__).parent
ABOUT = ("address", "cable", "circuit", "device", "machine", "port", "prefix", "site")
REASONS = ("unreachable", "not-asked", "not-seen", "no-mac")
CASES = cases(__file__, "drift.yml", "case")
BASE = yamltext.read((HERE / "cases/drift_base.yml").read_text(encoding="utf-8"))


def the_site(**more):
    file = load_site(yamltext.written({**BASE["site"], **more}), "home.yml")
    assert not file.findings
    return file.site


def results(changes):
    answers = copy.deepcopy(BASE["answers"])
    for name, change in changes.items():
        answers[name] = {**answers[name], **change} if change is not None else None
    return {f"{name}.home": {"observation": observation(told)} for name, told in answers.items() if told is not None}


@pytest.mark.parametrize("case", CASES)
def test_what_is_found(case):
    compared = compare(the_site(), results(case.get("answers", {})), "en")
    found = [f"{drift.finding.rule} {drift.finding.label}" for drift in compared.drifts]
    words = "\n".join(str(drift.finding) for drift in compared.drifts)
    assert sorted(found) == sorted(case["finds"]), words
    for part in case.get("says", []):
        assert part in words
    if "edits" in case:
        edits = [f"{edit.key}: {edit.old} -> {edit.new}" for drift in compared.drifts for edit in drift.edits]
        assert sorted(edits) == sorted(case["edits"])
    if "unknown" in case:
        assert [f"{one.device} {one.reason}" for one in compared.unknown] == case["unknown"]
    if "evidence" in case:
        assert [drift.evidence for drift in compared.drifts] == [case["evidence"]]
    assert compared.passing == case.get("passing", compared.passing)


GUEST = {"name": "web", "device": "nas", "interfaces": [{"name": "eth0", "mac": "00:16:3e:00:00:01"}]}
BEHIND_NAS = ["00:00:5e:00:53:41", "00:16:3e:00:00:01", "52:54:00:00:00:02"]


@pytest.mark.parametrize(
    ("hypervisor", "guests", "behind", "finds"),
    [
        (None, [], BEHIND_NAS, ["switch-undocumented port sw:p2"]),
        # Xen's addresses last, libvirt's are made up.
        ("kvm", [], BEHIND_NAS, ["device-unknown port sw:p2"]),
        ("kvm", [GUEST], BEHIND_NAS, []),
        (None, [GUEST], BEHIND_NAS, []),
        # The hypervisor itself says nothing.
        (None, [GUEST], BEHIND_NAS[1:], []),
        ("xen", [GUEST], [*BEHIND_NAS, "00:16:3e:00:00:09"], ["device-unknown port sw:p2"]),
    ],
)
def test_guests_of_a_hypervisor_are_no_switch(hypervisor, guests, behind, finds):
    devices = copy.deepcopy(BASE["site"]["devices"])
    nas = next(device for device in devices if device["name"] == "nas")
    if hypervisor:
        nas["hypervisor"] = hypervisor
    site = the_site(devices=devices, **({"virtual_machines": guests} if guests else {}))
    compared = compare(site, results({"sw": {"table": {"p1": [11, 31, 51, 52, 61], "p2": behind, "p3": [42]}}}), "en")
    assert [f"{drift.finding.rule} {drift.finding.label}" for drift in compared.drifts] == finds


@pytest.mark.parametrize("case", [case for case in CASES if case.values[0]["finds"]])
def test_japanese_says_it_too(case):
    compared = compare(the_site(), results(case.get("answers", {})), "ja")
    for drift in compared.drifts:
        assert any("\u3040" <= char <= "\u30ff" for char in drift.finding.message)
        assert "{" not in drift.in_words("ja")


def test_every_rule_has_a_case():
    found = {line.split()[0] for case in CASES for line in case.values[0]["finds"]}
    # That no device of a site answers is a matter of nights, in test_drift_told.
    assert found == {rule.id for rule in RULES} - {"site-unseen"}


def test_the_catalogue_has_the_words_of_each_finding_and_no_others():
    rules = {rule.id for rule in RULES}
    variants = {("address-changed", "gone"), ("line-down", "route"), ("switch-undocumented", "free")}
    variants |= {("site-unseen", variant) for variant in ("once", "short", "short.once", "silent")}
    wanted = {f"drift.{name}{tail}" for name in rules for tail in ("", ".hint")}
    wanted |= {f"drift.{name}.{variant}" for name, variant in variants}
    wanted |= {f"drift.about.{kind}" for kind in ABOUT} | {f"drift.unknown.{reason}" for reason in REASONS}
    words = {key for key in catalogue("en") if key.startswith("drift.") and not key.startswith("drift.report.")}
    assert words == wanted


def test_an_unreachable_device_says_why():
    told = {**results({"sw": None}), "sw.home": {"unreachable": True, "msg": "no route\nto host"}}
    unknown = compare(the_site(), told, "en").unknown
    assert [(one.device, one.reason, one.why) for one in unknown if one.device == "sw"] == [
        ("sw", "unreachable", "no route\\nto host")
    ]


def test_an_observation_may_say_whose_it_is():
    told = {
        "router-at-home": {"observation": {**results({})["rt.home"]["observation"], "site": "home", "device": "rt"}}
    }
    assert compare(the_site(), told, "en").answered == ("rt",)
    told["router-at-home"]["observation"]["site"] = "elsewhere"
    assert compare(the_site(), told, "en").answered == ()


@pytest.mark.parametrize("table", [drift_text.table, replugs.replug_table])
def test_the_tables_in_the_docs_are_current(table):
    page = (HERE.parents[4] / "docs/audit.md").read_text(encoding="utf-8")
    assert "\n".join(table()) in page, "run tools/site_docs"
