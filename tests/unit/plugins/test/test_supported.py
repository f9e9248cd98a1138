# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test plugin: true only where enough is promised, and with the options that its documentation has."""

from __future__ import annotations

import inspect
import pathlib

import pytest
import yaml
from ansible.errors import AnsibleError

from ansible_collections.homevirt.fleet.plugins.test import supported as plugin

supported = plugin.TestModule().tests()["supported"]


@pytest.mark.parametrize(
    ("guest", "options", "want"),
    [
        ("win2k8", {"host": "rhel5.4", "on": "2009-02-01"}, False),
        ("win2k8", {"host": "rhel5.4", "on": "2009-11-01"}, True),
        ("win2k8", {"host": "rhel5.4", "on": "2009-11-01", "at_least": "validated"}, True),
        ("win2k8", {"host": "debian12", "on": "2009-11-01"}, False),
        ("win2k8", {"host": "rhel5.4", "on": "2009-11-01", "architecture": "aarch64"}, False),
        ("win2k22", {"host": "sle15sp6", "on": "2025-01-01"}, True),
        ("win2k22", {"host": "sle15sp6", "on": "2025-01-01", "at_least": "validated"}, False),
        ("win10", {"host": "sle15sp6", "on": "2025-01-01"}, False),
        ("win10", {"host": "sle15sp6", "on": "2025-01-01", "at_least": "works"}, True),
        ("win2k222", {"on": "2025-01-01", "at_least": "works"}, False),
    ],
)
def test_supported(guest, options, want):
    assert supported(guest, "kvm", **options) is want


@pytest.mark.parametrize(
    ("guest", "options", "error"),
    [
        ("win2k8", {"at_least": "maybe"}, "at_least 'maybe': it is no status that can be asked for."),
        (None, {}, "guest None: it is no name."),
        ("win2k8", {"osinfo": True, "osinfo_dir": "/nonexistent"}, "/nonexistent: there is no osinfo-db"),
    ],
)
def test_refused(guest, options, error):
    with pytest.raises(AnsibleError) as caught:
        supported(guest, "kvm", **options)
    assert str(caught.value).startswith(error)
    assert caught.value.__cause__ is None


def test_its_documentation_is_true():
    text = pathlib.Path(plugin.__file__).with_suffix(".yml").read_text(encoding="utf-8")
    documented = yaml.safe_load(text)["DOCUMENTATION"]["options"]
    written = inspect.signature(plugin.supported).parameters
    assert list(documented) == ["_input", *list(written)[1:]]
    assert {name: option.get("default") for name, option in documented.items() if not option.get("required")} == {
        name: parameter.default for name, parameter in list(written.items())[2:]
    }
