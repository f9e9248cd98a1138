# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows guest is, by its registry in memory and its programs in a directory."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import Refused
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import windows_survey
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.registry import dword, sz
from ansible_collections.homevirt.fleet.tests.unit.support import hives
from ansible_collections.homevirt.fleet.tests.unit.support.memory_hive import Memory


def survey(root, build="22631", program=None, told=""):
    windows = root / "Windows"
    (windows / "System32").mkdir(parents=True)
    if program:
        (windows / "System32/ntoskrnl.exe").write_bytes(program)
    software = {
        ("Microsoft", "Windows NT", "CurrentVersion"): {
            "ProductName": sz("Windows 10 Pro"),
            "CurrentMajorVersionNumber": dword(10),
            "CurrentMinorVersionNumber": dword(0),
            "CurrentBuildNumber": sz(build),
        }
    }
    system = {
        ("Select",): {"Current": dword(1)},
        ("ControlSet001", "Control", "ProductOptions"): {"ProductType": sz("WinNT")},
        ("ControlSet001", "Control", "Session Manager", "Environment"): {"PROCESSOR_ARCHITECTURE": sz(told)},
    }
    place = windows_survey.WindowsPlace(str(root), str(windows), {})
    return windows_survey.survey(place, Memory(system), Memory(software)).public()


@pytest.mark.parametrize(("build", "name"), [("22631", "Windows 11 Pro"), ("19045", "Windows 10 Pro")])
def test_windows_11_is_called_so(build, name, tmp_path):
    found = survey(tmp_path, build, hives.kernel())
    assert (found["name"], found["version"]) == (name, f"10.0.{build}")


@pytest.mark.parametrize(
    ("program", "told", "architecture"),
    [
        (hives.kernel(), "x86", "amd64"),
        (hives.kernel(0x14C), "AMD64", "x86"),
        (hives.kernel(0xAA64), "", "arm64"),
        (None, "AMD64", "amd64"),
        (b"no program", "ARM64", "arm64"),
        (hives.kernel(0x1234), "x86", "x86"),
    ],
)
def test_the_kernel_s_own_file_tells_the_processor_before_the_registry(program, told, architecture, tmp_path):
    assert survey(tmp_path, program=program, told=told)["architecture"] == architecture


def test_a_processor_that_nothing_tells_is_refused(tmp_path):
    with pytest.raises(Refused, match="nothing tells its processor's architecture"):
        survey(tmp_path, told="unheard-of")
