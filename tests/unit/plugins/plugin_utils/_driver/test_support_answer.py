# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to the real matrix, and what no question may bring about."""

from __future__ import annotations

import datetime
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver import support_answer, support_names
from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver.support_answer import Asked
from ansible_collections.homevirt.fleet.tests.unit.support import casefile

PAGE = pathlib.Path(__file__).parents[5] / "docs/guest_support.md"
GUESTS = [*support_names.names_data()["windows"]["names"], "rhel5.4", "rhel9.4", "sle15sp6", "debian11", "ubuntu20.04"]
HOSTS = [None, "rhel5.4", "rhel9.4", "sle15sp6", "win2k8", "win2k22", "esx3.5", "esxi8.0", "debian12"]


@pytest.mark.parametrize("case", casefile.cases(__file__, "support_answers.yml", "title"))
def test_answer(case):
    answer = support_answer.answer(Asked(**case["ask"]))
    assert {key: answer[key] for key in case["want"]} == case["want"]
    assert case.get("says", "") in answer["reason"]


@given(
    st.one_of(st.sampled_from(GUESTS), st.text(min_size=1).filter(str.strip)),
    st.one_of(st.sampled_from(["xen", "kvm", "hyperv", "vmware"]), st.text(min_size=1).filter(str.strip)),
    st.one_of(st.sampled_from(HOSTS), st.text()).filter(lambda text: text is None or text.strip()),
    st.sampled_from([None, "x86_64", "i686", "aarch64", "?"]),
    st.dates(),
)
def test_any_question(guest, hypervisor, host, architecture, on):
    """Nothing crashes, and nothing is promised without a page that was read, for the host that was asked for."""
    answer = support_answer.answer(Asked(guest, hypervisor, host, architecture, on))
    assert answer["reason"].endswith(".")
    if answer["status"] == "unknown":
        assert not support_answer.meets(answer, "works")
        return
    assert answer["source"].startswith("http") and answer["read"]
    assert datetime.date.fromisoformat(answer["since"]) <= on
    assert answer["until"] is None or on < datetime.date.fromisoformat(answer["until"])
    assert all((architecture or "x86_64") in row["architectures"] for row in answer["rows"]) or architecture is None
    if answer["status"] != "works":
        patterns = [support_names.pattern(text) for text in answer["hosts"]]
        assert patterns
        assert host is None or any(pattern.matches(support_names.system(host)) for pattern in patterns)


@given(
    st.sampled_from(GUESTS), st.sampled_from(["xen", "kvm", "hyperv", "vmware"]), st.sampled_from(HOSTS[1:]), st.dates()
)
def test_a_host_never_makes_more_of_it(guest, hypervisor, host, on):
    statuses = support_answer.STATUSES
    anywhere, here = (support_answer.answer(Asked(guest, hypervisor, each, None, on)) for each in (None, host))
    assert statuses.index(here["status"]) <= statuses.index(anywhere["status"])


@pytest.mark.parametrize(
    ("status", "at_least", "enough"),
    [
        ("validated", "vendor-supported", True),
        ("vendor-supported", "vendor-supported", True),
        ("works", "vendor-supported", False),
        ("works", "works", True),
        ("unknown", "works", False),
        ("vendor-supported", "validated", False),
    ],
)
def test_meets(status, at_least, enough):
    assert support_answer.meets({"status": status}, at_least) is enough


@pytest.mark.parametrize("value", [datetime.date(2009, 10, 8), datetime.datetime(2009, 10, 8, 12), "2009-10-08"])
def test_days(value):
    assert support_answer.day(value) == datetime.date(2009, 10, 8)


def test_today():
    assert support_answer.answer(Asked("rhel9.4", "kvm"))["on"] == datetime.date.today().isoformat()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (
            Asked(None, "kvm"),
            "guest None: it is no name. Give a text, as in guest rhel9.4, hypervisor kvm, host sle15sp6.",
        ),
        (Asked({"a": 1}, "kvm"), "guest {'a': 1}: it is no name."),
        (Asked("rhel9.4", " "), "hypervisor ' ': it is no name."),
        (Asked("rhel9.4", "kvm", 9), "host 9: it is no name."),
        (Asked("rhel9.4", "kvm", on="8.10.2009"), "on '8.10.2009': it is no date. Write it as year-month-day"),
        (Asked("rhel9.4", "kvm", on=2009), "on 2009: it is no date."),
    ],
)
def test_refused(asked, error):
    with pytest.raises(InvalidRequest) as caught:
        support_answer.answer(asked)
    assert str(caught.value).startswith(error)


def test_no_such_status():
    with pytest.raises(InvalidRequest) as caught:
        support_answer.meets({"status": "validated"}, "unknown")
    assert str(caught.value) == (
        "at_least 'unknown': it is no status that can be asked for. Give one of works, vendor-supported, validated."
    )


@pytest.mark.parametrize(
    "asked",
    [
        Asked("win2k22", "kvm", "sle15sp6", None, "2026-11-24"),
        Asked("debian12", "kvm", "sle15sp6", None, "2026-11-24"),
        Asked("win2k8", "kvm", "rhel5.4", None, "2009-02-01"),
        Asked("win2k8", "kvm", "rhel5.4", None, "2009-03-01"),
        Asked("win2k8", "kvm", "rhel5.4", None, "2009-11-01"),
    ],
)
def test_what_the_page_shows(asked):
    assert f"{support_answer.answer(asked)['reason']}\n" in PAGE.read_text(encoding="utf-8")
