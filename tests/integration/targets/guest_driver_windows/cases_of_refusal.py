# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused, and that nothing moved."""

from __future__ import annotations

import pathlib
import struct

import driver_packages
import guests
from casebook import case, refused
from guests import FleetError, ask, hive_path


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
def bitlocker_is_said(lab):
    below = '[ControlSet001\\Control\\BitLockerStatus]\n"BootStatus"=dword:00000001'
    result = ask(lab.guest("w10", below), source=lab.source("iso"), check=True)
    assert any("BitLocker is on" in sentence for sentence in result["warnings"])


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
