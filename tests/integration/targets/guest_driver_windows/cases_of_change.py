# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""More drivers, other versions, what others changed, and the way back."""

from __future__ import annotations

import pathlib

import phony_windows
from casebook import BOUND, MULTI_SZ, case, folded, four_ways, number, refused, text
from guests import FleetError, ask, besides_hives, files, hive_path

XEN_LEFT = """
[ControlSet001\\Services\\stornvme]
[ControlSet001\\Services\\stornvme\\StartOverride]
"0"=dword:00000003
[ControlSet001\\Services\\XEN]
"Keep"="this"
[ControlSet001\\Services\\XEN\\ForceUnplug]
"DISKS"=dword:00000001
[ControlSet001\\Services\\xenbus]
"Start"=dword:00000000
[ControlSet001\\Services\\xenfilt]
"Start"=dword:00000000
[ControlSet001\\Control\\Class\\{4d36e96a-e325-11ce-bfc1-08002be10318}]
"UpperFilters"=hex(7):58,00,45,00,4e,00,46,00,49,00,4c,00,54,00,00,00,00,00
[ControlSet001\\Control\\Class\\{4d36e97d-e325-11ce-bfc1-08002be10318}]
"UpperFilters"=hex(7):74,00,68,00,69,00,72,00,64,00,00,00,78,00,65,00,6e,00,66,00,69,00,6c,00,74,00,00,00,00,00
"""


@case
def one_more_driver_keeps_the_first(lab):
    root = lab.guest("w10")
    before = lab.registry(root)
    rest = besides_hives(root)
    ask(root, source=lab.source("iso"), drivers=("viostor",))
    only = lab.registry(root)
    ask(root, source=lab.source("iso"), drivers=("vioscsi", "netkvm"))
    ask(root, state="absent", drivers=("vioscsi", "netkvm.inf"))
    assert lab.registry(root) == only
    script = pathlib.Path(root, "Windows/homevirt.fleet/firstboot.cmd").read_text(encoding="ascii")
    assert "viostor.inf" in script and "vioscsi.inf" not in script
    ask(root, state="absent")
    assert lab.registry(root) == before and besides_hives(root) == rest


@case
def upgrade_downgrade_replace(lab):
    root = lab.guest("w10")
    before, rest = lab.registry(root), besides_hives(root)
    newer = lab.source("iso", "100.95.104.26400")
    ask(root, source=lab.source("iso"), drivers=("viostor",))
    _before, after, result = four_ways(lab, root, source=newer, drivers=("viostor",))
    assert result["guests"][0]["drivers"][0]["action"] == "upgraded"
    packages = [name for name in after["SYSTEM"] if name.startswith("DriverDatabase\\DriverPackages\\")]
    assert len({name.split("\\")[2] for name in packages}) == 1, "the older package is still there"
    refused("which is newer", root, source=lab.source("iso"), drivers=("viostor",))
    result = ask(root, source=lab.source("iso"), drivers=("viostor",), allow_downgrade=True)
    assert result["guests"][0]["drivers"][0]["action"] == "downgraded"
    other = lab.source("iso", signer="Another Publisher")
    assert ask(root, source=other, drivers=("viostor",))["guests"][0]["drivers"][0]["action"] == "replaced"
    ask(root, state="absent")
    assert lab.registry(root) == before and besides_hives(root) == rest


@case
def what_windows_has_bound_is_respected(lab):
    root = lab.guest("w10", BOUND)
    refused("100.95.104.26400, which is newer", root, source=lab.source("iso"), drivers=("viostor",))
    ask(root, source=lab.source("iso", "100.99.1.1"), drivers=("viostor",))
    refused("bound it to Phony controller", root, state="absent")
    assert ask(root, state="absent", force=True)["changed"]


@case
def conflicts_go_precisely(lab):
    root = lab.guest("w10", XEN_LEFT)
    before = lab.registry(root)
    wanted = {"source": lab.source("iso"), "drivers": ("viostor",)}
    ask(root, **wanted)
    _before, after, _result = four_ways(lab, root, remove_conflicts=True, **wanted)
    system = folded(after["SYSTEM"])
    assert "controlset001\\services\\stornvme\\startoverride" not in system
    assert "controlset001\\services\\xen\\forceunplug" not in system
    assert text(system["controlset001\\services\\xen"]["Keep"]) == "this"
    assert [number(system[f"controlset001\\services\\{name}"]["Start"]) for name in ("xenbus", "xenfilt")] == [4, 4]
    classes = "controlset001\\control\\class\\"
    assert "UpperFilters" not in system[f"{classes}{{4d36e96a-e325-11ce-bfc1-08002be10318}}"]
    kept = system[f"{classes}{{4d36e97d-e325-11ce-bfc1-08002be10318}}"]["UpperFilters"]
    assert kept == [MULTI_SZ, "third\0\0".encode("utf-16-le").hex()]
    ask(root, state="absent")
    assert lab.registry(root) == before


@case
def xen_drivers_are_no_conflict_with_themselves(lab):
    root = lab.guest("w10", XEN_LEFT)
    ask(root, source=lab.source("winpv"), remove_conflicts=True)
    system = folded(lab.registry(root)["SYSTEM"])
    assert number(system["controlset001\\services\\xenbus"]["Start"]) == 0
    assert number(system["controlset001\\services\\xenfilt"]["Start"]) == 4


@case
def a_guest_that_has_run_is_not_restored(lab):
    root = lab.guest("w10")
    before = lab.registry(root)
    ask(root, source=lab.source("iso"))
    add = '[ControlSet001\\Services\\Guests]\n"Own"="work"'
    phony_windows.merge(pathlib.Path(hive_path(root, "SYSTEM")), "SYSTEM", add)
    refused("the guest has run since", root, state="restored")
    assert not ask(root, source=lab.source("iso"))["changed"]
    # Putting in more does not make that good again.
    ask(root, source=lab.source("winpv"))
    refused("the guest has run since", root, state="restored")
    ask(root, state="absent")
    after = lab.registry(root)
    assert text(after["SYSTEM"].pop("ControlSet001\\Services\\Guests")["Own"]) == "work"
    assert after == before


@case
def device_path_of_others(lab):
    root = lab.guest("w10")
    ask(root, source=lab.source("iso"))
    path = pathlib.Path(hive_path(root, "SOFTWARE"))
    long = "%SystemRoot%\\inf;%SystemRoot%\\HOMEVIRT.fleet\\drivers;D:\\more\0".encode("utf-16-le")
    data = ",".join(f"{byte:02x}" for byte in long)
    phony_windows.merge(path, "SOFTWARE", f'[Microsoft\\Windows\\CurrentVersion]\n"DevicePath"=hex(2):{data}')
    ask(root, state="absent")
    now = lab.registry(root)["SOFTWARE"]["Microsoft\\Windows\\CurrentVersion"]["DevicePath"]
    assert text(now) == "%SystemRoot%\\inf;D:\\more", text(now)


@case
def a_driver_that_was_there_comes_back(lab):
    root = lab.guest("w10", '[ControlSet001\\Services\\viostor]\n"Start"=dword:00000003\n"Mine"="x"')
    own = pathlib.Path(root, "Windows/System32/drivers/VioStor.sys")
    own.write_bytes(b"the guest's own")
    before, rest = lab.registry(root), besides_hives(root)
    ask(root, source=lab.source("iso"))
    assert own.read_bytes() != b"the guest's own" and not own.with_name("viostor.sys").exists()
    ask(root, state="absent")
    assert lab.registry(root) == before and besides_hives(root) == rest


@case
def many_guests_are_one_transaction(lab):
    first, second = lab.guest("w10"), lab.guest("w7")
    broken = pathlib.Path(second, "Windows/System32/drivers/viostor.sys.homevirt-new")
    broken.mkdir()
    trees = [files(first), files(second)]
    try:
        ask([first, second], source=lab.source("iso"))
    except FleetError as error:
        assert any("move the new SYSTEM" in title for title in error.details["rolled_back"]), error.details
    else:
        raise AssertionError("a directory in the way did not stop it")
    assert [files(first), files(second)] == trees
    broken.rmdir()
    assert all(guest["changed"] for guest in ask([first, second], source=lab.source("iso"))["guests"])
    assert not ask([first, second], source=lab.source("iso"))["changed"]


@case
def taking_out_of_a_guest_without_any(lab):
    root = lab.guest("w10")
    for state in ("absent", "restored"):
        assert not ask(root, state=state)["changed"]
