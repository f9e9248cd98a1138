# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phony Windows guests: a tree with a registry that looks to tools as that of a Windows does, and disks with it.

phony_windows.py tree KIND DIRECTORY [REG]   a tree; REG: .reg text for its SYSTEM hive beside what every Windows has
phony_windows.py image KIND FILE [REG]       a raw disk with that tree on an NTFS, without mounting anything

Nothing of Microsoft's is in it: the programs are headers that name a processor, the registry is made key by key.
"""

from __future__ import annotations

import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import typing as t

MIB = 1 << 20
IMAGE_MIB = 96
X86, AMD64 = 0x014C, 0x8664
NONE = 0xFFFFFFFF


class Kind(t.NamedTuple):
    """version: (major, minor, build); database: has DriverDatabase; critical: has CriticalDeviceDatabase."""

    name: str
    version: tuple[int, int, int]
    machine: int
    product: str
    database: bool
    critical: bool
    control_set: int = 1
    label: str = "dos"


KINDS = {
    "xp": Kind("Microsoft Windows XP", (5, 1, 2600), X86, "WinNT", False, True),
    "2003x64": Kind("Microsoft Windows Server 2003", (5, 2, 3790), AMD64, "ServerNT", False, True),
    "w7": Kind("Windows 7 Professional", (6, 1, 7601), AMD64, "WinNT", False, True, control_set=2),
    "2012r2": Kind("Windows Server 2012 R2 Standard", (6, 3, 9600), AMD64, "ServerNT", True, True),
    "w10": Kind("Windows 10 Pro", (10, 0, 17763), AMD64, "WinNT", True, False),
    "w10x86": Kind("Windows 10 Pro", (10, 0, 17763), X86, "WinNT", True, False),
    "2019": Kind("Windows Server 2019 Standard", (10, 0, 17763), AMD64, "ServerNT", True, False, label="gpt"),
}


def empty_hive() -> bytes:
    """A hive with a root key and its security, and room for more."""
    descriptor = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)
    root_at, root_size = 0x20, 0x60
    security_at = root_at + root_size
    security = b"sk\0\0" + struct.pack("<IIII", security_at, security_at, 1, len(descriptor)) + descriptor
    security_size = -(-(4 + len(security)) // 8) * 8
    name = b"ROOT"
    root = struct.pack("<2sHQII", b"nk", 0x2C, 0, 0, NONE)
    root += struct.pack("<IIIIIIII", 0, 0, NONE, NONE, 0, NONE, security_at, NONE)
    root += struct.pack("<IIIIIHH", 0, 0, 0, 0, 0, len(name), 0) + name
    page = b"hbin" + struct.pack("<IIQQI", 0, 0x1000, 0, 0, 0)
    page += struct.pack("<i", -root_size) + root.ljust(root_size - 4, b"\0")
    page += struct.pack("<i", -security_size) + security.ljust(security_size - 4, b"\0")
    page += struct.pack("<i", 0x1000 - len(page))
    base = b"regf" + struct.pack("<IIQIIIIII", 1, 1, 0, 1, 3, 0, 1, root_at, 0x1000) + struct.pack("<I", 1)
    base = base.ljust(508, b"\0")
    checksum = 0
    for (word,) in struct.iter_unpack("<I", base):
        checksum ^= word
    return (base + struct.pack("<I", checksum)).ljust(0x1000, b"\0") + page.ljust(0x1000, b"\0")


def program(machine: int) -> bytes:
    """The headers of a program for a processor, which does nothing: enough for file(1) and libguestfs to tell which."""
    magic = 0x10B if machine == X86 else 0x20B
    optional = struct.pack("<H", magic).ljust(68, b"\0") + struct.pack("<H", 3)
    optional = optional.ljust(240 if magic == 0x20B else 224, b"\0")
    start = (b"MZ".ljust(24, b"\0") + struct.pack("<H", 64)).ljust(60, b"\0") + struct.pack("<I", 128)
    head = struct.pack("<4sHHIIIHH", b"PE\0\0", machine, 0, 0, 0, 0, len(optional), 0x0102)
    return start.ljust(128, b"\0") + head + optional


def system_reg(kind: Kind) -> str:
    current = f"ControlSet{kind.control_set:03d}"
    environment = "AMD64" if kind.machine == AMD64 else "x86"
    lines = [
        "[Select]",
        f'"Current"=dword:{kind.control_set:08x}',
        f'"Default"=dword:{kind.control_set:08x}',
        '"Failed"=dword:00000000',
        f'"LastKnownGood"=dword:{kind.control_set:08x}',
        "[MountedDevices]",
        '"\\\\DosDevices\\\\C:"=hex:01,02,03,04,00,00,10,00,00,00,00,00',
        "[Setup]",
        '"SystemSetupInProgress"=dword:00000000',
    ]
    for name in dict.fromkeys(("ControlSet001", current)):
        lines += [
            f"[{name}]",
            f"[{name}\\Enum]",
            f"[{name}\\Services]",
            f"[{name}\\Services\\atapi]",
            '"Start"=dword:00000000',
            '"Type"=dword:00000001',
            '"ErrorControl"=dword:00000001',
            f"[{name}\\Control]",
            f"[{name}\\Control\\Class]",
            f"[{name}\\Control\\ProductOptions]",
            f'"ProductType"="{kind.product}"',
            f"[{name}\\Control\\Session Manager]",
            f"[{name}\\Control\\Session Manager\\Environment]",
            f'"PROCESSOR_ARCHITECTURE"="{environment}"',
            *([f"[{name}\\Control\\CriticalDeviceDatabase]"] if kind.critical else []),
        ]
    if kind.database:
        lines += [
            "[DriverDatabase]",
            "[DriverDatabase\\DeviceIds]",
            "[DriverDatabase\\DeviceIds\\PCI]",
            "[DriverDatabase\\DriverInfFiles]",
            "[DriverDatabase\\DriverPackages]",
        ]
    return "\n".join(lines)


def software_reg(kind: Kind) -> str:
    major, minor, build = kind.version
    old = f"{min(major, 6)}.{3 if major > 6 else minor}"
    server = kind.product != "WinNT"
    path = "%SystemRoot%\\inf".encode("utf-16-le") + b"\0\0"
    lines = [
        "[Microsoft]",
        "[Microsoft\\Windows]",
        "[Microsoft\\Windows\\CurrentVersion]",
        f'"DevicePath"=hex(2):{",".join(f"{byte:02x}" for byte in path)}',
        "[Microsoft\\Windows\\CurrentVersion\\RunOnce]",
        "[Microsoft\\Windows NT]",
        "[Microsoft\\Windows NT\\CurrentVersion]",
        f'"ProductName"="{kind.name}"',
        f'"CurrentVersion"="{old}"',
        f'"CurrentBuildNumber"="{build}"',
        f'"CurrentBuild"="{build}"',
        '"SystemRoot"="C:\\\\Windows"',
    ]
    if major >= 6:
        lines.append(f'"InstallationType"="{"Server" if server else "Client"}"')
    if major >= 10:
        lines += [f'"CurrentMajorVersionNumber"=dword:{major:08x}', '"CurrentMinorVersionNumber"=dword:00000000']
    return "\n".join(lines)


def write_hive(path: pathlib.Path, hive: str, reg: str) -> None:
    path.write_bytes(empty_hive())
    merge(path, hive, reg)


def merge(path: pathlib.Path, hive: str, reg: str) -> None:
    """Put keys into a hive. reg: sections named below the hive's root, every parent key among them."""
    prefix = f"HKEY_LOCAL_MACHINE\\{hive}"
    text = "Windows Registry Editor Version 5.00\n\n" + reg.replace("\n[", "\n\n[")
    text = "\n".join(
        f"[{prefix}\\{line[1:]}" if line.startswith("[") and not line.startswith("[-") else line
        for line in text.splitlines()
    )
    with tempfile.NamedTemporaryFile("w", suffix=".reg", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        subprocess.run(["hivexregedit", "--merge", str(path), "--prefix", prefix, file.name], check=True)


def make_tree(kind: Kind, root: pathlib.Path, reg: str = "") -> None:
    windows = root / "Windows"
    config = windows / "System32/config"
    for name in ("System32/config", "System32/drivers", "inf", "Temp"):
        (windows / name).mkdir(parents=True)
    for name in ("Program Files", "Users"):
        (root / name).mkdir()
    (windows / "System32/cmd.exe").write_bytes(program(kind.machine))
    (windows / "System32/ntoskrnl.exe").write_bytes(program(kind.machine))
    (windows / "System32/drivers/null.sys").write_bytes(program(kind.machine))
    write_hive(config / "SYSTEM", "SYSTEM", "\n".join(filter(None, (system_reg(kind), reg))))
    write_hive(config / "SOFTWARE", "SOFTWARE", software_reg(kind))


def make_image(kind: Kind, image: pathlib.Path, reg: str = "") -> None:
    with tempfile.TemporaryDirectory(prefix="phony-", dir=image.parent) as name:
        place = pathlib.Path(name)
        make_tree(kind, place / "tree", reg)
        with open(place / "part", "wb") as part:
            part.truncate((IMAGE_MIB - 2) * MIB)
        geometry = ["-s", "512", "-p", "2048", "-H", "255", "-S", "63"]
        for command in (
            ["mkntfs", "-F", "-Q", *geometry, place / "part"],
            ["wimcapture", place / "tree", place / "t.wim", "--compress=none"],
            ["wimapply", place / "t.wim", "1", place / "part"],
        ):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(image, "wb") as disk:
            disk.truncate(IMAGE_MIB * MIB)
        kinds = {"dos": "7,*", "gpt": "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"}
        table = f"label: {kind.label}\n2048,{(IMAGE_MIB - 2) * 2048},{kinds[kind.label]}\n"
        subprocess.run(["sfdisk", "--quiet", str(image)], input=table.encode(), check=True)
        with open(place / "part", "rb") as part, open(image, "r+b") as disk:
            disk.seek(MIB)
            shutil.copyfileobj(part, disk)


def main() -> None:
    make = {"tree": make_tree, "image": make_image}[sys.argv[1]]
    reg = pathlib.Path(sys.argv[4]).read_text(encoding="utf-8") if len(sys.argv) > 4 else ""
    make(KINDS[sys.argv[2]], pathlib.Path(sys.argv[3]).resolve(), reg)


if __name__ == "__main__":
    main()
