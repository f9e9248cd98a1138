# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What INF files say about their drivers, for different Windows."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import inf, inf_package, registry
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.inf_package import Target

XP = Target("x86", (5, 1, 2600))
W2003 = Target("amd64", (5, 2, 3790), 3)
W7 = Target("amd64", (6, 1, 7601))
W10 = Target("amd64", (10, 0, 17763))
W10X86 = Target("x86", (10, 0, 17763))
S2019 = Target("amd64", (10, 0, 17763), 3)
ARM = Target("arm64", (10, 0, 22000))


@pytest.mark.parametrize(
    ("decorations", "target", "chosen"),
    [
        ("", XP, "bare"),
        ("", W7, None),
        (", NT", XP, "NT"),
        (", NT", W7, None),
        (", NTx86", XP, "NTx86"),
        (", NTx86, NTamd64", W2003, "NTamd64"),
        (", ntAMD64", W7, "ntAMD64"),
        (", NTamd64.6.2", W7, None),
        (", NTamd64.6.1, NTamd64.10.0", W7, "NTamd64.6.1"),
        (", NTamd64.6.1, NTamd64.10.0", W10, "NTamd64.10.0"),
        (", NTamd64, NTamd64.10.0...17763", W10, "NTamd64.10.0...17763"),
        (", NTamd64, NTamd64.10.0...18362", W10, "NTamd64"),
        (", NTamd64.10.0, NTamd64.10.0.3", W10, "NTamd64.10.0"),
        (", NTamd64.10.0, NTamd64.10.0.3", S2019, "NTamd64.10.0.3"),
        (", NTamd64.10.0.0x3", S2019, "NTamd64.10.0.0x3"),
        (", NTamd64.5.2..0x80", W2003, None),
        (", NTarm64, NTamd64", ARM, "NTarm64"),
        (", NTx86.10.0, NT", W10X86, "NTx86.10.0"),
        (", nonsense", W10, None),
    ],
)
def test_the_section_that_fits_best(decorations, target, chosen):
    names = ["bare", *[each.strip() for each in decorations.split(",") if each.strip()]]
    sections = [f"[M{'' if name == 'bare' else '.' + name}]\ndevice = {name}, PCI\\VEN_1\n" for name in names]
    text = inf.parse(f"[Manufacturer]\nmaker = M{decorations}\n{''.join(sections)}")
    _rank, models = inf_package.models(text, target)
    assert [model.install for model in models] == ([chosen] if chosen else [])


@pytest.mark.parametrize("excluded", ["[M.NTamd64.10.0]\n", ""])
def test_an_empty_or_missing_section_excludes(excluded):
    text = inf.parse(f"[Manufacturer]\nm = M, NTamd64, NTamd64.10.0\n[M.NTamd64]\nd = i, PCI\\VEN_1\n{excluded}")
    assert inf_package.models(text, W10)[1] == []
    assert inf_package.models(text, W7)[1] != []


@pytest.mark.parametrize(
    ("line", "date", "version"),
    [
        ("06/26/2024,100.93.104.26200", (2024, 6, 26), (100, 93, 104, 26200)),
        (" 10/10/2009 , 5.3.0.17241 ; stamped", (2009, 10, 10), (5, 3, 0, 17241)),
        ("1-2-2003", (2003, 1, 2), ()),
        ("nonsense", (0, 0, 0), ()),
    ],
)
def test_driver_ver(line, date, version):
    assert inf_package.driver_version(inf.parse(f"[Version]\nDriverVer={line}")) == (date, version)


def test_catalogs():
    text = inf.parse("[Version]\nCatalogFile=a.cat\nCatalogFile.NTamd64=b.cat\n")
    assert inf_package.catalogs(text, W10) == ["b.cat"]
    assert inf_package.catalogs(text, XP) == ["a.cat"]
    assert inf_package.catalogs(inf.parse("[Version]"), XP) == []


SERVICE = """
[Inst.NTamd64]
CopyFiles = Files, @alone.dll
CopyFiles = Renamed
[Inst]
CopyFiles = Wrong
[Inst.NTamd64.CoInstallers]
CopyFiles = Co
[Inst.NTamd64.Services]
AddService = filter,, Filter_Service
AddService = drv, %ASSOC%, Service
[Service]
ServiceType = 1
StartType = 0
ErrorControl = 0x1
ServiceBinary = %13%\\DRV.sys
LoadOrderGroup = "SCSI miniport"
AddReg = First, Second
[First]
HKR, "Parameters\\PnpInterface", "5", 0x00010001, 0x00000001
HKR, Parameters, Multi, 0x00010000, a, b
HKR, Parameters, Text,, "words, more"
HKR, Parameters, Path, 0x00020000, %%SystemRoot%%\\x
HKR, Parameters, Bytes, 1, 01, ff
HKR, Parameters, Big, 0x000B0001, 1,0,0,0,0,0,0,0
HKR, Empty,, 0x10
[Second]
HKLM, Software, Not, , relative
HKR, Parameters, Gone, 0x4
[Files]
drv.sys,,,2
[Renamed]
drv2.sys, source.sys
[Co]
co.dll
[DestinationDirs]
DefaultDestDir = 11
Files = 13
Renamed = 12
[SourceDisksNames]
1 = disk,,,below
2 = disk
[SourceDisksFiles]
drv.sys = 1
source.sys = 1, sub\\dir
co.dll = 2
[Strings]
ASSOC = 0x00000002
"""


def test_the_service_of_the_function_driver():
    service = inf_package.service(inf.parse(SERVICE), "Inst", W10)
    assert (service.name, service.type, service.start, service.error_control) == ("drv", 1, 0, 1)
    assert (service.group, service.binary) == ("SCSI miniport", "drv.sys")
    assert service.values == {
        ("Parameters\\PnpInterface", "5"): registry.dword(1),
        ("Parameters", "Multi"): registry.multi_sz(["a", "b"]),
        ("Parameters", "Text"): registry.sz("words, more"),
        ("Parameters", "Path"): registry.expand_sz("%SystemRoot%\\x"),
        ("Parameters", "Bytes"): registry.binary(b"\x01\xff"),
        ("Parameters", "Big"): registry.RegValue(11, b"\x01" + bytes(7)),
        ("Empty", None): None,
    }


def test_an_install_section_without_a_service():
    assert inf_package.service(inf.parse("[Other]\nx=y"), "Other", W10) is None


def test_files_and_where_they_are_in_the_source():
    text = inf.parse(SERVICE)
    found = [(file.source, file.name, file.directory) for file in inf_package.files(text, ["Inst"], W10)]
    assert found == [
        ("drv.sys", "drv.sys", "13"),
        ("alone.dll", "alone.dll", "11"),
        ("source.sys", "drv2.sys", "12"),
        ("co.dll", "co.dll", "11"),
    ]
    assert inf_package.places(text, "drv.sys", W10) == ["below", ""]
    assert inf_package.places(text, "source.sys", W10) == ["below/sub/dir", ""]
    assert inf_package.places(text, "co.dll", W10) == [""]
