# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of guest_driver on phony Windows guests, in one process, for starting Ansible costs more than a case.

run_cases.py DIRECTORY READER   READER: a Python that has dissect.regf
"""

from __future__ import annotations

import itertools
import pathlib
import re
import struct
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "setup_phony_windows/files"))

import driver_packages  # noqa: E402
import guests  # noqa: E402
import phony_windows  # noqa: E402
from guests import FleetError, ask, besides_hives, files, hive_path  # noqa: E402

DWORD, SZ, EXPAND_SZ, MULTI_SZ = 4, 1, 2, 7
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
BOUND = """
[ControlSet001\\Enum\\PCI]
[ControlSet001\\Enum\\PCI\\VEN_1AF4&DEV_1001]
[ControlSet001\\Enum\\PCI\\VEN_1AF4&DEV_1001\\3&13c0b0c5&0&20]
"Service"="viostor"
"FriendlyName"="Phony controller"
"ClassGUID"="{4d36e97b-e325-11ce-bfc1-08002be10318}"
"Driver"="{4d36e97b-e325-11ce-bfc1-08002be10318}\\\\0001"
[ControlSet001\\Control\\Class\\{4d36e97b-e325-11ce-bfc1-08002be10318}]
[ControlSet001\\Control\\Class\\{4d36e97b-e325-11ce-bfc1-08002be10318}\\0001]
"DriverVersion"="100.95.104.26400"
"""
CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(pattern: str, root: str, **wanted: object) -> None:
    """In check mode and for real, with nothing moved."""
    before = files(root)
    for check in (True, False):
        try:
            ask(root, check=check, **wanted)
        except FleetError as error:
            assert re.search(pattern, str(error)), f"{error} does not match {pattern}"
        else:
            raise AssertionError(f"not refused: {pattern}")
    assert files(root) == before, "the guest was touched"


def four_ways(lab, root: str, **wanted: object) -> tuple[dict, dict, dict]:
    """(registry before, registry after, result) of a request that changes something, asked for in all four ways."""
    before, tree = lab.registry(root), files(root)
    foretold = ask(root, check=True, **wanted)
    assert foretold["changed"] and files(root) == tree, "check mode touched the guest, or foretold nothing"
    result = ask(root, **wanted)
    assert result["changed"] and result["steps"] == foretold["steps"] and result["diff"] == foretold["diff"]
    tree = files(root)
    for check in (False, True):
        again = ask(root, check=check, **wanted)
        assert not again["changed"] and not again["steps"] and files(root) == tree, again["steps"]
    return before, lab.registry(root), result


def text(value: list) -> str:
    return bytes.fromhex(value[1]).decode("utf-16-le").rstrip("\0")


def number(value: list) -> int:
    return struct.unpack("<I", bytes.fromhex(value[1]))[0]


def folded(hive: dict) -> dict:
    return {name.casefold(): values for name, values in hive.items()}


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
def by_hardware_id(lab):
    for wanted, name in (
        ("PCI\\VEN_1AF4&DEV_1001", "viostor"),
        ("pci\\ven_1af4&dev_1048&subsys_11001af4&rev_01", "vioscsi"),
    ):
        (guest,) = ask(lab.guest("w10"), source=lab.source("iso"), drivers=(wanted,), check=True)["guests"]
        assert [driver["name"] for driver in guest["drivers"]] == [name]


@case
def no_match_lists_what_there_is(lab):
    root = lab.guest("w10")
    refused(
        "nosuch for amd64 10.0.17763 .* it has netkvm, vioscsi, viostor",
        root,
        source=lab.source("iso"),
        drivers=("nosuch",),
    )
    refused("has none for this Windows; for others xenvbd.inf", root, source=lab.source("gplpv"))
    refused("needs drivers from outside", root)
    refused("there is no such directory", root, source="/nowhere")


@case
def signatures(lab):
    root, strict = lab.guest("xp"), lab.guest("w10")
    refused("signed with a test certificate, and signature_policy is signed", root, source=lab.source("gplpv"))
    ask(root, source=lab.source("gplpv"), signature_policy="test")
    bare = lab.source("iso", signer="")
    for policy in ("signed", "test"):
        refused("is not signed", strict, source=bare, signature_policy=policy)
    result = ask(strict, source=bare, signature_policy="unsigned", check=True)
    assert any("does not start it" in sentence for sentence in result["warnings"])


@case
def a_package_without_its_file(lab):
    source = pathlib.Path(lab.source("rpm", "1.2.3.4"))
    (source / "by-os/amd64/w10/viostor.sys").unlink()
    refused(
        "the file viostor.sys that it installs is not beside it",
        lab.guest("w10"),
        source=str(source),
        drivers=("viostor",),
    )


@case
def windows_that_only_sleeps(lab):
    root = lab.guest("w10")
    for start in (b"hibr", b"HIBR", b"RSTR"):
        pathlib.Path(root, "Hiberfil.SYS").write_bytes(start + bytes(4096))
        refused("hibernated", root, source=lab.source("iso"))
    pathlib.Path(root, "Hiberfil.SYS").write_bytes(b"wake" + bytes(4096))
    ask(root, source=lab.source("iso"))


def header(data: bytearray) -> bytes:
    """The header with a checksum that is right."""
    checksum = 0
    for (word,) in struct.iter_unpack("<I", bytes(data[:508])):
        checksum ^= word
    data[508:512] = struct.pack("<I", checksum)
    return bytes(data)


@case
def a_registry_that_is_not_finished(lab):
    root = lab.guest("w10")
    path = pathlib.Path(hive_path(root, "SYSTEM"))
    whole = path.read_bytes()
    dirty = bytearray(whole)
    struct.pack_into("<II", dirty, 4, 8, 7)
    path.write_bytes(header(dirty))
    refused(r"did not finish writing it \(sequence 8, 7\)", root, source=lab.source("iso"))
    damaged = bytearray(whole)
    damaged[20] ^= 0xFF
    path.write_bytes(bytes(damaged))
    refused("its header is damaged", root, source=lab.source("iso"))
    path.write_bytes(whole)
    sequence = struct.unpack_from("<I", whole, 8)[0]
    log = path.with_name("SYSTEM.LOG1")
    for newest, live in ((sequence + 5, True), (sequence, False)):
        entries = b"".join(
            struct.pack("<4sIII", b"HvLE", 512, 0, each).ljust(512, b"\0") for each in (newest - 1, newest)
        )
        log.write_bytes(header(bytearray(whole[:512])) + entries)
        if live:
            refused("is newer than the hive", root, source=lab.source("iso"))
    older = bytearray(whole[:512])
    struct.pack_into("<II", older, 4, sequence + 1, sequence + 1)
    log.write_bytes(header(older) + b"DIRT" + bytes(508))
    refused("is newer than the hive", root, source=lab.source("iso"))
    log.write_bytes(b"")
    ask(root, source=lab.source("iso"))


@case
def two_windows_and_two_spellings(lab):
    root = lab.guest("w10")
    pathlib.Path(lab.guest("xp"), "Windows").rename(f"{root}/WINNT")
    refused("several Windows directories: WINNT, Windows", root, source=lab.source("iso"))
    (guest,) = ask(root, source=lab.source("iso"), system_root="winnt", drivers=("viostor",))["guests"]
    assert guest["system"]["version"] == "5.1.2600"
    root = lab.guest("w10")
    pathlib.Path(root, "Windows/system32").mkdir()
    refused("System32 and system32 are there", root, source=lab.source("iso"))


@case
def no_room(lab):
    real = guests.engine.windows.windows_ledger.os.statvfs
    full = type("Full", (), {"f_bavail": 1, "f_frsize": 4096, "f_flag": 0})
    try:
        guests.engine.windows.windows_ledger.os.statvfs = lambda path: full
        refused("0 MiB are free there, and 17 MiB are needed", lab.guest("w10"), source=lab.source("iso"))
    finally:
        guests.engine.windows.windows_ledger.os.statvfs = real


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


@case
def a_record_that_cannot_be_read(lab):
    root = lab.guest("w10")
    pathlib.Path(root, "Windows/homevirt.fleet").mkdir()
    pathlib.Path(root, "Windows/homevirt.fleet/ledger.json").write_text("{", encoding="ascii")
    refused("cannot be read", root, source=lab.source("iso"))


@case
def neither_windows_nor_a_directory(lab):
    empty = lab.place / "empty"
    empty.mkdir()
    refused("no guest that drivers can be put into", str(empty), source=lab.source("iso"))
    try:
        ask("relative", source=lab.source("iso"))
    except FleetError as error:
        assert "not the absolute path" in str(error)


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


@case
def links_of_the_guest_are_not_followed(lab):
    outside = lab.place / "host"
    outside.mkdir()
    victim = outside / "victim"
    victim.write_text("the host's own", encoding="ascii")
    wanted = {"source": lab.source("iso"), "drivers": ("viostor",)}
    for name, target in (
        ("Windows/homevirt.fleet", outside),
        ("Windows/System32/drivers/viostor.sys", victim),
        ("hiberfil.sys", victim),
        ("Windows/System32/config/SYSTEM.LOG1", victim),
    ):
        root = lab.guest("w10")
        pathlib.Path(root, name).symlink_to(target)
        refused("neither a file nor a directory, but a link", root, **wanted)
    root = lab.guest("w10")
    own = pathlib.Path(root, "Windows/homevirt.fleet")
    own.mkdir()
    for name in ("ledger.json.homevirt-new", "firstboot.cmd.homevirt-new", "next"):
        (own / name).symlink_to(victim)
    try:
        ask(root, **wanted)
    except FleetError as error:
        assert "but a link" in str(error)
    (own / "next").unlink(missing_ok=True)
    ask(root, **wanted)
    assert victim.read_text(encoding="ascii") == "the host's own" and list(outside.iterdir()) == [victim]


@case
def a_compressed_kernel_tells_nothing(lab):
    """As ntfs-3g shows what Windows 10 has compressed."""
    root = lab.guest("w10x86")
    for name in ("ntoskrnl.exe", "cmd.exe"):
        path = pathlib.Path(root, "Windows/System32", name)
        path.unlink()
        path.symlink_to("unsupported reparse tag 0x80000017")
    (guest,) = ask(root, source=lab.source("iso"), check=True)["guests"]
    assert guest["system"]["architecture"] == "x86"


@case
def a_record_that_names_files_of_the_host(lab):
    outside = lab.place / "taken"
    outside.write_text("the host's own", encoding="ascii")
    root = lab.guest("w10")
    ask(root, source=lab.source("iso"), drivers=("viostor",))
    ledger = pathlib.Path(root, "Windows/homevirt.fleet/ledger.json")
    ours = "homevirt.fleet/drivers/viostor.inf"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace(ours, "../../../taken"), encoding="utf-8")
    refused("no name of a file", root, state="absent")
    refused("no name of a file", root, state="restored")
    assert outside.read_text(encoding="ascii") == "the host's own"


@case
def an_inf_that_names_files_of_the_host(lab):
    source = pathlib.Path(lab.source("gplpv", "5.6.7.8", "Any"))
    inf = source / "xenvbd.inf"
    text = inf.read_bytes().replace(b"xendisk.sys", b"../escape.sys")
    inf.write_bytes(text)
    (source / "xenvbd.cat").write_bytes(driver_packages.catalog(text, "Any"))
    (source.parent / "escape.sys").write_bytes(b"x")
    refused("is not beside it|no name of a file", lab.guest("xp"), source=str(source))


@case
def without_hivex(lab):
    from ansible_collections.homevirt.fleet.plugins.module_utils._driver import hive

    real, hive.hivex = hive.hivex, None
    try:
        refused("this Python has no module of that name", lab.guest("w10"), source=lab.source("iso"))
    finally:
        hive.hivex = real


def main() -> None:
    lab = guests.Lab(pathlib.Path(sys.argv[1]), sys.argv[2])
    only = sys.argv[3:]
    failed = 0
    for function in CASES:
        if only and function.__name__ not in only:
            continue
        try:
            function(lab)
            print(f"ok      {function.__name__}")
        except Exception:  # noqa: BLE001  # Every case is run, whatever one of them raises.
            failed += 1
            print(f"FAILED  {function.__name__}\n{traceback.format_exc()}")
    lab.close()
    if failed:
        sys.exit(f"{failed} of {len(CASES)} cases failed")
    print(f"{len(CASES)} cases")


if __name__ == "__main__":
    main()
