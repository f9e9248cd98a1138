# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every spelling comes to one name or to none; a row's patterns fit what they say and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.plugin_utils._driver import support_names
from ansible_collections.homevirt.fleet.tests.unit.support import casefile


@pytest.mark.parametrize("case", casefile.cases(__file__, "support_names.yml", "text"))
def test_system(case):
    found = support_names.system(case["text"])
    assert (found.id if found else None) == case["id"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("xen", "xen"),
        ("KVM", "kvm"),
        ("RHEV", "kvm"),
        ("Hyper-V", "hyperv"),
        ("VirtualPC", "hyperv"),
        ("VMware", "vmware"),
        ("XCP-ng", "xen"),
        # It may be the emulator as well.
        ("qemu", None),
        ("NA", None),
        ("", None),
    ],
)
def test_hypervisor(text, name):
    assert support_names.hypervisor(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("x86_64", "x86_64"),
        ("AMD64", "x86_64"),
        ("64-bit", "x86_64"),
        ("i386", "i686"),
        ("arm64", "aarch64"),
        ("vax", None),
    ],
)
def test_architecture(text, name):
    assert support_names.architecture(text) == name


@pytest.mark.parametrize(
    ("text", "fits", "fits_not"),
    [
        ("rhel5.4", ["rhel5.4"], ["rhel5", "rhel5.3", "rhel5.40", "rhel6.4", "sles5.4"]),
        ("rhel8.*", ["rhel8", "rhel8.0", "rhel8.10"], ["rhel9.0", "debian8"]),
        ("rhel9.2+", ["rhel9.2", "rhel9.10"], ["rhel9", "rhel9.1", "rhel10.2", "debian9"]),
        ("esxi.*", ["esxi5.5", "esxi8.0"], ["esx3.5"]),
        ("sle15.*", ["sle15", "sle15sp6"], ["sles12sp5"]),
        ("sle15", ["sle15"], ["sle15sp1"]),
        ("win2k8", ["win2k8"], ["win2k8r2"]),
    ],
)
def test_pattern(text, fits, fits_not):
    pattern = support_names.pattern(text)
    answers = {name: pattern.matches(support_names.system(name)) for name in (*fits, *fits_not)}
    assert answers == {**dict.fromkeys(fits, True), **dict.fromkeys(fits_not, False)}


@pytest.mark.parametrize("text", ["rhel", "win2k9", "RHEL 5.4", "sles15", "rhel9.+", "*", ""])
def test_no_pattern(text):
    with pytest.raises(ValueError, match="^" + text.replace("*", r"\*").replace("+", r"\+") + "$"):
        support_names.pattern(text)


@given(st.text())
@example("rhel" + "9" * 5000)
@example("(" * 5000)
@example("rhel9." + "1" * 5000)
@example("windows server 2008 " + "1." * 5000)
def test_any_text(text):
    """None or a name whose own id names it again."""
    found = support_names.system(text)
    assert found is None or support_names.system(found.id) == found


@given(st.sampled_from(sorted(support_names.names_data()["families"])), st.integers(0, 9999), st.integers(0, 9999))
@example("sles", 15, 0)
def test_ids_are_their_own_names(family, major, minor):
    found = support_names.system(f"{family}{major}.{minor}")
    assert support_names.system(found.id) == found
    assert support_names.system(found.title) == found
