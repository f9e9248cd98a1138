# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Driver packages as the makers lay them out, with INF files of the real structure and drivers that do nothing.

driver_packages.py LAYOUT DIRECTORY [VERSION]   LAYOUT: iso or rpm (virtio-win), winpv (Xen Project), gplpv
"""

from __future__ import annotations

import hashlib
import pathlib
import struct
import sys

from driver_infs import NET_INF, STORAGE_INF, XENBUS_INF, XENVBD_INF

MACHINES = {"x86": 0x014C, "amd64": 0x8664}
SCSI = "{4D36E97B-E325-11CE-BFC1-08002BE10318}"
NET = "{4d36e972-e325-11ce-bfc1-08002be10318}"
SYSTEM = "{4d36e97d-e325-11ce-bfc1-08002be10318}"
VIRTIO_VERSION = "100.93.104.26200"
# virtio-win's directories, and what a driver's files go to there.
OLD = ("xp", "2k3", "w7", "2k12R2")
NEW = ("w10", "2k19")


def der(tag: int, content: bytes) -> bytes:
    length = bytes([len(content)]) if len(content) < 128 else struct.pack(">BH", 0x82, len(content))
    return bytes([tag]) + length + content


def catalog(inf: bytes, signer: str) -> bytes:
    """What of a catalog can be seen without verifying it: the signer's name, and the INF file's hash."""
    name = der(0x31, der(0x30, bytes.fromhex("0603550403") + der(0x0C, signer.encode())))
    member = der(0x30, der(0x04, hashlib.sha1(inf).digest()))
    return der(0x30, bytes.fromhex("06092a864886f70d010702") + der(0xA0, der(0x30, member + name)))


def binary(arch: str, text: str) -> bytes:
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
    return head + struct.pack("<4sHHIIIHH", b"PE\0\0", MACHINES[arch], 0, 0, 0, 0, 0, 0) + text.encode()


def write(place: pathlib.Path, name: str, arch: str, text: str, files: list[str], signer: str, *, wide: bool) -> None:
    """One package. wide: its INF in UTF-16, as the makers' tools write it."""
    place.mkdir(parents=True, exist_ok=True)
    lines = text.replace("\n", "\r\n")
    inf = lines.encode("utf-16") if wide else lines.encode("cp1252")
    (place / f"{name}.inf").write_bytes(inf)
    for file in files:
        (place / file).write_bytes(binary(arch, f"{file} for {place.name}: {text}"))
    (place / f"{name}.pdb").write_bytes(b"symbols, which nobody installs")
    if signer:
        (place / f"{name}.cat").write_bytes(catalog(inf, signer))


def virtio(place: pathlib.Path, name: str, arch: str, version: str, *, wide: bool, signer: str) -> None:
    if name == "netkvm":
        text = NET_INF.format(net=NET, arch=arch, version=version)
    else:
        viostor = name == "viostor"
        text = STORAGE_INF.format(
            name=name,
            scsi=SCSI,
            arch=arch,
            version=version,
            dirid=13 if wide else 12,
            legacy="1001" if viostor else "1004",
            modern="1042" if viostor else "1048",
            subsys="0002" if viostor else "0008",
            bus="0x00000001" if viostor else "0x0000000A",
            what="block" if viostor else "SCSI",
        )
    write(place, name, arch, text, [f"{name}.sys"], signer, wide=wide)


def make_virtio(root: pathlib.Path, version: str, layout: str, signer: str = "Phony Hardware Publisher") -> None:
    for name, directory in (("viostor", "viostor"), ("vioscsi", "vioscsi"), ("netkvm", "NetKVM")):
        for system in (*OLD, *NEW):
            for arch in ("x86", "amd64"):
                if (arch == "x86" and system in ("2k12R2", "2k19")) or (name == "vioscsi" and system in ("xp", "2k3")):
                    continue
                ours = f"{directory}/{system}/{arch}" if layout == "iso" else f"by-os/{arch}/{system}"
                virtio(root / ours, name, arch, version, wide=system in NEW, signer=signer)
    (root / "virtio-win_license.txt").write_text("A phony licence.\n")


def make_winpv(root: pathlib.Path, version: str, _layout: str, signer: str = "Phony Hardware Publisher") -> None:
    for arch, directory in (("amd64", "x64"), ("x86", "x86")):
        for name, text, files in (
            ("xenbus", XENBUS_INF, ["xen.sys", "xenbus.sys", "xenfilt.sys", "xenbus_monitor.exe"]),
            ("xenvbd", XENVBD_INF, ["xenvbd.sys", "xendisk.sys"]),
        ):
            filled = text.format(system=SYSTEM, scsi=SCSI, arch=arch, version=version)
            write(root / name / directory, name, arch, filled, files, signer, wide=False)


def make_gplpv(root: pathlib.Path, version: str, _layout: str, signer: str = "GPL PV Drivers (test)") -> None:
    """Unpacked from its MSI: all in one directory, undecorated sections for x86, signed by a test certificate."""
    filled = XENVBD_INF.format(scsi=SCSI, arch="x86", version=version)
    filled = filled.replace("Inst,NTx86", "Inst").replace("Inst.NTx86", "Inst")
    filled = filled.replace("XENBUS\\VEN_XP0001&DEV_VBD&REV_0900000A", "XEN\\VBD")
    filled = filled.replace("XENBUS\\VEN_XP0002&DEV_VBD&REV_0900000A", "XEN\\VEN_XEN&DEV_VBD")
    write(root, "xenvbd", "x86", filled, ["xenvbd.sys", "xendisk.sys"], signer, wide=False)


MAKERS = {"iso": make_virtio, "rpm": make_virtio, "winpv": make_winpv, "gplpv": make_gplpv}


def main() -> None:
    layout, place = sys.argv[1], pathlib.Path(sys.argv[2])
    place.mkdir(parents=True)
    versions = {"winpv": "9.1.0.0", "gplpv": "0.11.0.373"}
    version = sys.argv[3] if len(sys.argv) > 3 else versions.get(layout, VIRTIO_VERSION)
    MAKERS[layout](place, version, layout)


if __name__ == "__main__":
    main()
