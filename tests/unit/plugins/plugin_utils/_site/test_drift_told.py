# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit gives to people: the patch, the reports, and what is remembered for the next one."""

from __future__ import annotations

import re
import subprocess
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import drift_report, drift_state
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drift_book import Edit
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drift_patch import patch
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.drift_run import Choice, audit
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.tests.unit.support.observing import observation

SITE = """\
slug: home
name: Home
devices:
  - { name: sw, role: switch, managed: linux, interfaces: [{ name: p1 }, { name: p2 }, { name: p3 }] }  # below
  - name: pc
    role: endpoint
    interfaces:
      # The one in the office.
      - name: eth0
        type: 1000base-t
  - { name: tv, role: tv, interfaces: [{ name: tv }] }
cables:
  - { label: C1, a: "sw:p1", b: "pc:eth0" } # blue
  - label: C2
    a: 'sw:p2'
    b: tv:tv
ip_addresses:
  - { address: 192.0.2.5/24, interface: "pc:eth0" }
"""


def edit(which, key, old, new):
    site = load_site(SITE, "home.yml").site
    records = {
        "C1": site.cables[0], "C2": site.cables[1], "address": site.ip_addresses[0],
        "eth0": site.devices[1].interfaces[0], "tv": site.devices[2].interfaces[0],
    }  # fmt: skip
    return Edit(records[which], key, old, new)


@pytest.mark.parametrize(
    ("edits", "added"),
    [
        ([("C1", "a", "sw:p1", "sw:p3")], ['  - { label: C1, a: "sw:p3", b: "pc:eth0" } # blue']),
        ([("C2", "a", "sw:p2", "sw:p3")], ["    a: 'sw:p3'"]),
        ([("C2", "b", "tv:tv", "pc:eth0")], ["    b: pc:eth0"]),
        ([("address", "address", "192.0.2.5/24", "192.0.2.6/24")],
         ['  - { address: 192.0.2.6/24, interface: "pc:eth0" }']),
        ([("eth0", "mac", None, "00:00:5e:00:53:42")], ['        mac: "00:00:5e:00:53:42"']),
        # The device and its port have the same name in one line, so nobody can tell where the key goes.
        ([("tv", "mac", None, "00:00:5e:00:53:43")], []),
        # What the file does not say cannot be replaced.
        ([("C1", "a", "sw:p2", "sw:p3")], []),
        # Two that contradict each other are none.
        ([("C1", "a", "sw:p1", "sw:p2"), ("C1", "a", "sw:p1", "sw:p3")], []),
        # Whatever a value holds, it stays one value.
        ([("C1", "a", "sw:p1", 'sw:p3", b: "tv:tv')],
         ['  - { label: C1, a: "sw:p3\\", b: \\"tv:tv", b: "pc:eth0" } # blue']),
        ([("eth0", "mac", None, "nonsense")], []),
        ([("C1", "a", "sw:p1", "sw:p3"), ("eth0", "mac", None, "00:00:5e:00:53:42")],
         ['        mac: "00:00:5e:00:53:42"', '  - { label: C1, a: "sw:p3", b: "pc:eth0" } # blue']),
    ],
)  # fmt: skip
def test_a_patch_changes_these_lines_alone(edits, added, tmp_path):
    text = patch(SITE, "home.yml", [edit(*one) for one in edits])
    lines = [line[1:] for line in text.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert lines == added
    if text:
        (tmp_path / "home.yml").write_text(SITE, encoding="utf-8")
        subprocess.run(["patch", "--quiet", "home.yml"], input=text.encode(), cwd=tmp_path, check=True)
        patched = (tmp_path / "home.yml").read_text(encoding="utf-8")
        assert re.findall("#.*", patched) == re.findall("#.*", SITE)
        assert not load_site(patched, "home.yml").findings


def test_a_password_beside_a_change_is_not_shown():
    text = SITE.replace("ip_addresses:", "credentials:\n  - { name: c, secret: geheim }\nip_addresses:")
    site = load_site(text, "home.yml").site
    told = patch(text, "home.yml", [Edit(site.ip_addresses[0], "address", "192.0.2.5/24", "192.0.2.6/24")])
    assert "192.0.2.6" in told and "geheim" not in told


def run(tmp_path, told, today="2026-11-25", fail_on="warning"):
    choice = Choice("en", fail_on, str(tmp_path / "state.json"), str(tmp_path / "report"), today)
    outcome = audit([load_site(SITE, "home.yml")], {"home.yml": SITE}, told, choice)
    for difference in outcome.differences:
        path = tmp_path / difference.path
        path.parent.mkdir(exist_ok=True)
        path.write_text(difference.after, encoding="utf-8")
    return outcome


def answer(**told):
    ports = {"p1": "21", "p2": "22", "p3": "23"}
    return {"sw.home": {"observation": observation({"ports": ports, **told})}}


def test_new_then_known_then_open_then_gone(tmp_path):
    stranger = answer(table={"p3": ["99"]})
    first = run(tmp_path, stranger, "2026-11-25")
    assert first.bad and first.result["changed"] and [one["new"] for one in first.result["findings"]] == [True]
    again = run(tmp_path, stranger, "2026-11-26")
    assert again.bad and not again.result["changed"]
    assert [(one["new"], one["since"]) for one in again.result["findings"]] == [(False, "2026-11-25")]
    silent = run(tmp_path, {"sw.home": {"unreachable": True, "msg": "down"}}, "2026-11-27")
    assert silent.result["findings"] == [] and [one["since"] for one in silent.result["open"]] == ["2026-11-25"]
    assert silent.result["warnings"] == ["sw.home: did not answer (down)"]
    back = run(tmp_path, stranger, "2026-11-28")
    assert [(one["new"], one["since"]) for one in back.result["findings"]] == [(False, "2026-11-25")]
    mended = run(tmp_path, answer(), "2026-11-29")
    assert not mended.bad and mended.result["changed"] and len(mended.result["gone"]) == 1
    assert not run(tmp_path, answer(), "2026-11-30").result["changed"]


SITES = {name: SITE.replace("slug: home", f"slug: {name}") for name in ("home", "oji")}
DOWN = {"sw.oji": {"unreachable": True, "msg": "down"}}


def nightly(tmp_path, told, today, **options):
    """Two houses, of which ``told`` holds the answers. Returns the outcome; the state is kept."""
    choice = Choice(
        options.pop("language", "en"), "warning", str(tmp_path / "state.json"), str(tmp_path), today, **options
    )
    files = [load_site(text, f"{name}.yml") for name, text in SITES.items()]
    outcome = audit(files, {f"{name}.yml": text for name, text in SITES.items()}, told, choice)
    for difference in outcome.differences:
        (tmp_path / difference.path).write_text(difference.after, encoding="utf-8")
    return outcome


def test_a_house_that_does_not_answer_for_a_week_fails_the_night(tmp_path):
    told = {**answer(), **DOWN}
    first = nightly(tmp_path, told, "2026-11-01")
    assert first.result["msg"].splitlines()[-2:] == [
        "1 of 2 sites compared: 0 errors, 0 warnings, 0 notices; 5 unknown",
        "oji has not answered since 2026-11-01",
    ]
    assert not first.bad and first.result["unseen"] == [{"site": "oji", "since": "2026-11-01"}]
    sixth = nightly(tmp_path, told, "2026-11-07")
    assert not sixth.bad and not sixth.result["changed"]
    assert "oji has not answered since 2026-11-01" in (tmp_path / "audit.md").read_text(encoding="utf-8")
    seventh = nightly(tmp_path, told, "2026-11-08")
    assert seventh.bad and [one["rule"] for one in seventh.result["new"]] == ["site-unseen"]
    assert "oji.yml:1: warning: site oji: no device of it has answered since 2026-11-01" in seventh.result["msg"]
    cases = ElementTree.parse(tmp_path / "audit.xml").findall("testsuite[@name='oji']/testcase[failure]")
    assert [case.get("name") for case in cases] == ["site-unseen"]
    later = nightly(tmp_path, told, "2026-11-09")
    assert later.bad and not later.result["changed"]
    back = nightly(tmp_path, {**answer(), "sw.oji": answer()["sw.home"]}, "2026-11-10")
    assert not back.bad and [one["site"] for one in back.result["gone"]] == ["oji"]
    assert back.result["msg"].splitlines()[-1].startswith("2 sites compared: 0 errors")
    assert not nightly(tmp_path, told, "2026-11-11").bad


def test_unseen_days_and_languages(tmp_path):
    at_once = nightly(tmp_path, {**answer(), **DOWN}, "2026-11-01", unseen_days=0, language="ja")
    assert at_once.bad and "家 oji：2026-11-01 から応答する機器がなく" in at_once.result["msg"]


def test_without_a_state_file_nobody_knows_since_when():
    files = [load_site(text, f"{name}.yml") for name, text in SITES.items()]
    outcome = audit(files, {}, {**answer(), **DOWN}, Choice("en", "warning", "", "", "2026-11-01"))
    assert not outcome.bad and outcome.result["msg"].splitlines()[-1] == "oji did not answer"


@pytest.mark.parametrize("managed", ["", "managed: routeros, "])
def test_a_house_that_cannot_be_asked_is_no_house_that_does_not_answer(managed, tmp_path):
    files = [load_site(SITE.replace("managed: linux, ", managed).replace("home", "own"), "own.yml")]
    choice = Choice("en", "warning", str(tmp_path / "state.json"), "", "2026-11-01", 0)
    outcome = audit([*files, load_site(SITE, "home.yml")], {}, answer(), choice)
    assert not outcome.bad and outcome.result["unseen"] == []
    assert outcome.result["msg"].splitlines()[-1] == "own has no device that can be asked"


def test_a_file_that_cannot_be_read_was_not_compared():
    outcome = audit([load_site("slug: [", "bad.yml")], {}, {}, Choice("en", "warning", "", "", "2026-11-01"))
    assert "0 of 1 site compared: 1 error" in outcome.result["msg"]


def test_a_day_that_is_none_in_the_state_file():
    text = '{"version": 1, "sites": {}, "unseen": {"home": "2026-11-01", "oji": "x", "own": 7}}'
    assert drift_state.read(text, "state.json").unseen == {"home": "2026-11-01"}


def test_nobody_answers_at_all(tmp_path):
    assert run(tmp_path, {}).bad
    assert not run(tmp_path, {}, fail_on="never").bad


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2, "sites": {}}', '{"version": 1}', "[" * 99999])
def test_a_state_file_that_is_none_is_refused(text):
    with pytest.raises(FleetError, match="not the state of an audit"):
        drift_state.read(text, "state.json")


def test_a_broken_file_hides_no_other_one(tmp_path):
    files = [load_site("slug: [", "bad.yml"), load_site(SITE, "home.yml")]
    choice = Choice("en", "warning", "", str(tmp_path), "2026-11-25")
    outcome = audit(files, {"home.yml": SITE}, answer(table={"p3": ["99"]}), choice)
    assert outcome.bad
    assert [one["rule"] for one in outcome.result["findings"]] == ["yaml-syntax", "device-unknown"]


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_a_hostile_name_is_no_markup(name):
    stranger = answer(table={"p3": ["99"]}, neighbors={"192.0.2.9": "99"})
    stranger["sw.home"]["observation"]["dhcp_leases"] = [
        {"ip": "192.0.2.9", "mac_address": "00:00:5e:00:53:99", "host_name": f"<b>{name}|", "evidence": "measured"}
    ]
    choice = Choice("en", "warning", "", "/nonexistent", "2026-11-25")
    outcome = audit([load_site(SITE, "home.yml")], {"home.yml": SITE}, stranger, choice)
    texts = {difference.path.rpartition("/")[2]: difference.after for difference in outcome.differences}
    row = next(line for line in texts["audit.md"].splitlines() if "device-unknown" in line)
    assert "<b>" not in row and len(re.findall(r"(?<!\\)\|", row)) == 6
    suite = ElementTree.fromstring(texts["audit.xml"])[0]
    assert (suite.get("failures"), suite.get("tests")) == ("1", str(len(suite)))


def test_the_severity_that_fails():
    finding = run_one("notice")
    assert [drift_report.failing(finding, limit) for limit in ("error", "warning", "notice", "never")] == [
        False, False, True, False,
    ]  # fmt: skip


def run_one(severity):
    found = load_site("slug: [", "bad.yml").findings[0]
    return found._replace(severity=severity)
