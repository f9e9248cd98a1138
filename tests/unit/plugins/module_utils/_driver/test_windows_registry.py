# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written into a Windows registry, on hives in memory; real hives are changed by the integration tests."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import (
    registry,
    windows_bound,
    windows_conflicts,
    windows_firstboot,
    windows_keys,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.driver_source import open_source
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.inf_package import Target
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.package_choice import choose
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.registry import dword, expand_sz, multi_sz, sz
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.registry_draft import Draft
from ansible_collections.homevirt.fleet.tests.unit.support.memory_hive import Memory
from ansible_collections.homevirt.fleet.tests.unit.support.phony_drivers import packages

W10 = Target("amd64", (10, 0, 17763))
CURRENT = "ControlSet002"
CRITICAL = (CURRENT, "Control", "CriticalDeviceDatabase")
CLASS = (CURRENT, "Control", "Class")


@pytest.fixture(name="viostor", scope="module")
def make_viostor(tmp_path_factory):
    place = tmp_path_factory.mktemp("drivers")
    packages.virtio(place, "viostor", "amd64", "1.0.0.1", wide=True, signer="Any")
    return choose(open_source(str(place)), ["viostor"], W10, "signed")[0][0]


def draft_of(keys):
    return Draft("SYSTEM", Memory(keys))


@pytest.mark.parametrize(
    ("there", "critical", "database"),
    [
        ([CRITICAL], True, False),
        ([("DriverDatabase",)], False, True),
        ([CRITICAL, ("DriverDatabase",)], True, True),
        ([], True, False),
    ],
)
def test_the_keys_that_are_there_decide(viostor, there, critical, database):
    draft = draft_of({path: {} for path in [(CURRENT,), *there]})
    windows_keys.plan_boot_driver(draft, CURRENT, viostor, W10)
    key = (*CRITICAL, "pci#ven_1af4&dev_1042&subsys_11001af4&rev_01")
    assert draft.exists(key) == critical
    assert draft.exists(("DriverDatabase", "DeviceIds", "PCI", "VEN_1AF4&DEV_1042")) == database
    if critical:
        assert draft.get(key, "Service") == sz("viostor")
    assert draft.get((CURRENT, "Services", "viostor"), "Start") == dword(0)
    assert draft.get((CURRENT, "Services", "viostor"), "ImagePath") == expand_sz("system32\\drivers\\viostor.sys")


def test_an_override_of_the_driver_itself_goes(viostor):
    service = (CURRENT, "Services", "viostor")
    draft = draft_of({(*service, "StartOverride"): {"0": dword(3)}})
    windows_keys.plan_boot_driver(draft, CURRENT, viostor, W10)
    assert not draft.exists((*service, "StartOverride"))


@pytest.mark.parametrize(
    ("now", "wanted", "then"),
    [
        ("%SystemRoot%\\inf", True, "%SystemRoot%\\inf;X:\\ours"),
        ("%SystemRoot%\\inf;x:\\OURS;D:\\more", True, "%SystemRoot%\\inf;x:\\OURS;D:\\more"),
        (None, True, "%SystemRoot%\\inf;X:\\ours"),
        ("", True, "%SystemRoot%\\inf;X:\\ours"),
        ("A:\\;x:\\OURS;D:\\more", False, "A:\\;D:\\more"),
        ("A:\\;;D:\\more", False, "A:\\;;D:\\more"),
        (None, False, ""),
    ],
)
def test_device_path(now, wanted, then):
    key = windows_keys.DEVICE_PATH
    draft = draft_of({key: {} if now is None else {"DevicePath": expand_sz(now)}})
    windows_keys.plan_device_path(draft, "X:\\ours", wanted=wanted)
    assert registry.text_of(draft.get(key, "DevicePath")) == then


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (multi_sz(["XenFilt"]), None),
        (multi_sz(["third", "scsifilt", "other"]), multi_sz(["third", "other"])),
        (multi_sz(["third", "myxenfilt"]), multi_sz(["third", "myxenfilt"])),
        (sz("xenfilt"), None),
        (None, None),
    ],
)
@pytest.mark.parametrize("name", ["UpperFilters", "LowerFilters"])
@pytest.mark.parametrize("guid", windows_conflicts.FILTERED_CLASSES)
def test_filters(now, then, name, guid):
    draft = draft_of({(*CLASS, guid): {} if now is None else {name: now}})
    windows_conflicts.plan_removal(draft, CURRENT, ())
    assert draft.get((*CLASS, guid), name) == then


def test_other_classes_and_services_are_left_alone():
    other = (*CLASS, "{4d36e967-e325-11ce-bfc1-08002be10318}")
    services = (CURRENT, "Services")
    draft = draft_of(
        {
            other: {"UpperFilters": multi_sz(["xenfilt"])},
            (*services, "xenomorph"): {"Start": dword(0)},
            (*services, "xenvif"): {"Start": dword(3)},
            (*services, "xenbus"): {"Start": dword(0)},
            (*services, "iaStorV", "StartOverride"): {"0": dword(3)},
        }
    )
    windows_conflicts.plan_removal(draft, CURRENT, {"xenbus"})
    assert [(change.path, change.after) for change in draft.changes()] == [((*services, "xenvif"), dword(4))]


def test_the_step_at_the_next_start():
    text = windows_firstboot.script(["b.inf", "a.inf"]).decode("ascii")
    lines = text.split("\r\n")
    assert lines.index("call :install b.inf") < lines.index("call :install a.inf")
    # A digit before a redirection would be taken for a handle's number.
    assert all(line.startswith(">") for line in lines if " echo " in line)
    assert windows_firstboot.results("ok a.inf 0\r\nfailed b.inf 87\r\nok b.inf 259\r\nnoise ok c.inf 1\r\n") == [
        {"inf": "a.inf", "code": 0, "ok": True},
        {"inf": "b.inf", "code": 259, "ok": True},
    ]


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"SystemManufacturer": sz("QEMU")}, "kvm"),
        ({"SystemManufacturer": sz("Xen")}, "xen"),
        ({"SystemManufacturer": sz("Microsoft Corporation"), "SystemProductName": sz("Virtual Machine")}, "hyperv"),
        ({"SystemManufacturer": sz("Microsoft Corporation"), "SystemProductName": sz("Surface")}, ""),
        ({"SystemManufacturer": sz("Dell Inc.")}, ""),
        ({}, ""),
    ],
)
def test_the_hypervisor_it_last_ran_on(told, kind):
    hive = Memory({(CURRENT, "Control", "SystemInformation"): told})
    assert windows_bound.hypervisor(hive, CURRENT) == kind


def test_a_disk_without_a_known_controller():
    hive = Memory({(CURRENT, "Enum", "IDE", "DiskPhony", "5&1&0&0.0.0"): {"ClassGUID": sz(windows_bound.DISK)}})
    (disk,) = windows_bound.disks(hive, CURRENT)
    assert disk.public()["driver"] == "" and not disk.paravirtual
