# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is put into a guest, and what is read out of it."""

from __future__ import annotations

import itertools
import pathlib
import re

import driver_packages
import phony_windows
from casebook import BOUND, EXPAND_SZ, case, folded, four_ways, number, text
from guests import ask, besides_hives, files


@case
def there_and_back(lab):
    """Each kind of Windows from each kind of source: in four ways, out again key by key, restored byte by byte."""
    sources = [lab.packed("iso"), lab.source("rpm"), lab.packed("zip")]
    for kind, source in zip(phony_windows.KINDS, itertools.cycle(sources)):
        root = lab.guest(kind)
        rest = besides_hives(root)
        wanted = {"source": source, "drivers": ("viostor", "netkvm")}
        before, after, _result = four_ways(lab, root, **wanted)
        expected(kind, after)
        assert before["SYSTEM"].items() <= after["SYSTEM"].items() or phony_windows.KINDS[kind].critical
        back, again, _result = four_ways(lab, root, state="absent")
        assert back == after and again == before and besides_hives(root) == rest, kind
        tree = files(root)
        ask(root, **wanted)
        four_ways(lab, root, state="restored")
        assert files(root) == tree, kind


def expected(kind: str, after: dict) -> None:
    """The keys that make the guest boot, written here by hand."""
    about = phony_windows.KINDS[kind]
    current = f"controlset{about.control_set:03d}"
    system, software = folded(after["SYSTEM"]), folded(after["SOFTWARE"])
    service = system[f"{current}\\services\\viostor"]
    assert [number(service[name]) for name in ("Type", "Start", "ErrorControl")] == [1, 0, 1]
    assert service["ImagePath"][0] == EXPAND_SZ and text(service["ImagePath"]) == "system32\\drivers\\viostor.sys"
    assert text(service["Group"]) == "SCSI miniport"
    assert number(system[f"{current}\\services\\viostor\\parameters"]["BusType"]) == 1
    assert number(system[f"{current}\\services\\viostor\\parameters\\pnpinterface"]["5"]) == 1
    device = "ven_1af4&dev_1042"
    critical = f"{current}\\control\\criticaldevicedatabase\\pci#{device}"
    assert (critical in system) == about.critical
    if about.critical:
        assert text(system[critical]["Service"]) == "viostor"
        assert text(system[critical]["ClassGUID"]) == driver_packages.SCSI
    assert ("driverdatabase" in system) == about.database
    if about.database:
        assert system[f"driverdatabase\\deviceids\\pci\\{device}"] == {"viostor.inf": [3, "01ff0000"]}
        file = system["driverdatabase\\driverinffiles\\viostor.inf"]
        label = text(file["Active"]).casefold()
        arch = "x86" if about.machine == phony_windows.X86 else "amd64"
        assert re.fullmatch(rf"viostor\.inf_{arch}_[0-9a-f]{{16}}", label), label
        package = f"driverdatabase\\driverpackages\\{label}"
        assert system[package]["Version"][1] == "00ff0900000000007be9364d25e3ce11bfc108002be10318" + "00" * 24
        assert text(system[f"{package}\\descriptors\\pci\\{device}"]["Configuration"]) == "scsi_inst"
        assert text(system[f"{package}\\configurations\\scsi_inst"]["Service"]) == "viostor"
    path = software["microsoft\\windows\\currentversion"]["DevicePath"]
    assert path[0] == EXPAND_SZ
    assert text(path).split(";") == ["%SystemRoot%\\inf", "%SystemRoot%\\homevirt.fleet\\drivers"]
    assert (f"{current}\\services\\homevirt-drivers" in system) == (about.version >= (6, 0, 0))
    others = "controlset001" if about.control_set == 2 else "controlset002"
    assert f"{others}\\services\\viostor" not in system


@case
def values_come_from_the_inf(lab):
    root = lab.guest("w10")
    _before, after, result = four_ways(lab, root, source=lab.source("iso"), drivers=("vioscsi",))
    parameters = folded(after["SYSTEM"])["controlset001\\services\\vioscsi\\parameters"]
    assert number(parameters["BusType"]) == 0x0A
    (driver,) = result["guests"][0]["drivers"]
    assert driver["inf"] == "vioscsi/w10/amd64/vioscsi.inf" and driver["boot"] and driver["action"] == "added"


@case
def files_are_flat_and_whole(lab):
    root = lab.guest("2019")
    ask(root, source=lab.source("iso"))
    place = pathlib.Path(root, "Windows/homevirt.fleet/drivers")
    there = sorted(path.name for path in place.iterdir())
    assert there == sorted(
        f"{name}.{end}" for name in ("netkvm", "vioscsi", "viostor") for end in ("cat", "inf", "sys")
    )
    source = pathlib.Path(lab.source("iso"), "viostor/2k19/amd64/viostor.sys").read_bytes()
    assert pathlib.Path(root, "Windows/System32/drivers/viostor.sys").read_bytes() == source
    assert (place / "viostor.sys").read_bytes() == source
    assert not pathlib.Path(root, "Windows/System32/drivers/netkvm.sys").exists()


@case
def first_boot_is_bounded_and_reported(lab):
    root = lab.guest("w10")
    ask(root, source=lab.source("winpv"))
    ours = pathlib.Path(root, "Windows/homevirt.fleet")
    script = (ours / "firstboot.cmd").read_bytes().decode("ascii")
    assert script.index("call :install xenbus.inf") < script.index("call :install xenvbd.inf"), "the bus comes first"
    assert "LSS 3 goto end" in script and "in (0 259 3010 1641)" in script
    assert script.endswith("\r\n") and "\n" not in script.replace("\r\n", "")
    # As the script would write it.
    log = "start 1 of 3\r\nMicrosoft PnP Utility\r\nok xenbus.inf 3010\r\nfailed xenvbd.inf 87\r\n"
    (ours / "firstboot.log").write_bytes(log.encode())
    (result,) = ask(root, source=lab.source("winpv"))["guests"]
    assert result["first_boot"] == [
        {"inf": "xenbus.inf", "code": 3010, "ok": True},
        {"inf": "xenvbd.inf", "code": 87, "ok": False},
    ]
    assert not result["changed"]
    # A newer driver is installed anew, whatever the script of the older one has left.
    done = ours / "drivers/xenbus.inf.ok"
    done.write_text("3010\n", encoding="ascii")
    ask(root, source=lab.source("winpv", "101.2.0.0"))
    assert not done.exists() and not (ours / "firstboot.log").exists()
    assert "call :install xenbus.inf" in (ours / "firstboot.cmd").read_text(encoding="ascii")


@case
def by_hardware_id(lab):
    for wanted, name in (
        ("PCI\\VEN_1AF4&DEV_1001", "viostor"),
        ("pci\\ven_1af4&dev_1048&subsys_11001af4&rev_01", "vioscsi"),
    ):
        (guest,) = ask(lab.guest("w10"), source=lab.source("iso"), drivers=(wanted,), check=True)["guests"]
        assert [driver["name"] for driver in guest["drivers"]] == [name]


@case
def what_is_bound_is_read_offline(lab):
    from ansible_collections.homevirt.fleet.plugins.module_utils._driver import windows_info

    below = """
[ControlSet001\\Enum\\PCI\\VEN_1AF4&DEV_1001\\3&13c0b0c5&0&20]
"ParentIdPrefix"="4&35dc7040&0"
[ControlSet001\\Enum\\SCSI]
[ControlSet001\\Enum\\SCSI\\Disk&Ven_Red_Hat&Prod_VirtIO]
[ControlSet001\\Enum\\SCSI\\Disk&Ven_Red_Hat&Prod_VirtIO\\4&35dc7040&0&000000]
"ClassGUID"="{4d36e967-e325-11ce-bfc1-08002be10318}"
"Service"="disk"
"FriendlyName"="@disk.inf,%x%;Red Hat VirtIO SCSI Disk Device"
[ControlSet001\\Enum\\PCI\\VEN_8086&DEV_100E]
[ControlSet001\\Enum\\PCI\\VEN_8086&DEV_100E\\3&13c0b0c5&0&18]
"ClassGUID"="{4d36e972-e325-11ce-bfc1-08002be10318}"
"Service"="E1G60"
"DeviceDesc"="@net.inf,%y%;Intel PRO/1000"
[ControlSet001\\Enum\\ROOT]
[ControlSet001\\Enum\\ROOT\\KDNIC]
[ControlSet001\\Enum\\ROOT\\KDNIC\\0000]
"ClassGUID"="{4d36e972-e325-11ce-bfc1-08002be10318}"
"Service"="kdnic"
[ControlSet001\\Control\\SystemInformation]
"SystemManufacturer"="QEMU"
"""
    found = windows_info.read(lab.guest("w10", BOUND + below), "")
    assert found["hypervisor"] == "kvm" and found["kernel"] == "10.0.17763"
    assert found["disks"] == [
        {
            "name": "Red Hat VirtIO SCSI Disk Device",
            "driver": "viostor",
            "version": "100.95.104.26400",
            "paravirtual": True,
        }
    ]
    assert found["interfaces"] == [{"name": "Intel PRO/1000", "driver": "e1g60", "version": "", "paravirtual": False}]
