# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup: its options, its errors, and that its documentation names all that it returns."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError

from ansible_collections.homevirt.fleet.plugins.lookup import guest_support
from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver import osinfo, support_glue


@pytest.fixture(scope="module")
def lookup():
    # As Ansible's loader does, which looks for collections in its own way.
    options = yaml.safe_load(guest_support.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", "homevirt.fleet.guest_support", options)
    plugin = guest_support.LookupModule()
    plugin._load_name = "homevirt.fleet.guest_support"
    return lambda *terms, **options: plugin.run(list(terms), {}, **options)


@pytest.fixture
def no_database():
    support_glue._database.cache_clear()
    yield
    support_glue._database.cache_clear()


def test_one_answer_for_each_guest(lookup):
    found = lookup("win2k8", "rhel5.3", hypervisor="kvm", host="rhel5.4", on="2009-11-01")
    assert [(answer["guest"], answer["status"]) for answer in found] == [
        ("win2k8", "validated"),
        ("rhel5.3", "unknown"),
    ]


def test_all_that_is_returned_is_documented(lookup, tmp_path, no_database):
    (tmp_path / "VERSION").write_text("20221203")
    (answer,) = lookup("win2k8", hypervisor="kvm", on="2009-11-01", osinfo=True, osinfo_dir=str(tmp_path))
    documented = yaml.safe_load(guest_support.RETURN)["_raw"]["contains"]
    assert list(answer) and set(answer) == set(documented)
    assert set(answer["osinfo"]) <= set(documented["osinfo"]["contains"])
    rows = " ".join(documented["rows"]["description"])
    assert answer["rows"] and all(f"C({name})" in rows for name in answer["rows"][0])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"hypervisor": "kvm", "on": "yesterday"}, "on 'yesterday': it is no date."),
        ({"hypervisor": " "}, "hypervisor ' ': it is no name."),
        ({"hypervisor": "kvm", "osinfo": True, "osinfo_dir": "/nonexistent"}, "/nonexistent: there is no osinfo-db"),
        ({}, "hypervisor"),
    ],
)
def test_refused(lookup, options, error):
    with pytest.raises(AnsibleError) as caught:
        lookup("win2k8", **options)
    assert error in str(caught.value)
    # Said once: errors that are chained are told again and again.
    assert caught.value.__cause__ is None


def test_lxml_is_not_installed(lookup, monkeypatch, no_database):
    monkeypatch.setattr(osinfo, "etree", None)
    monkeypatch.setattr(osinfo, "LXML_TRACEBACK", "ImportError: no lxml")
    with pytest.raises(AnsibleError) as caught:
        lookup("win2k8", hypervisor="kvm", osinfo=True)
    assert "Failed to import the required Python library (lxml)" in str(caught.value)
    # Only who asks for osinfo needs it.
    assert lookup("win2k8", hypervisor="kvm")


def test_the_page_of_the_matrix_is_linked():
    root = pathlib.Path(__file__).parents[4]
    assert "(docs/guest_support.md)" in (root / "README.md").read_text(encoding="utf-8")
