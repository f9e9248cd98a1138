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

MACHINES = {"x86": 0x014C, "amd64": 0x8664}
SCSI = "{4D36E97B-E325-11CE-BFC1-08002BE10318}"
NET = "{4d36e972-e325-11ce-bfc1-08002be10318}"
SYSTEM = "{4d36e97d-e325-11ce-bfc1-08002be10318}"
VIRTIO_VERSION = "100.93.104.26200"
# virtio-win's directories, and what a driver's files go to there.
OLD = ("xp", "2k3", "w7", "2k12R2")
NEW = ("w10", "2k19")

STORAGE_INF = """\
;/*++
; {name}.inf of a phony driver
;--*/
[Version]
Signature="$Windows NT$"
Class=SCSIAdapter
ClassGUID={scsi}
Provider=%VENDOR%
DriverVer=06/26/2024,{version} ; stamped
CatalogFile={name}.cat
DriverPackageType = PlugAndPlay
PnpLockdown=1

[SourceDisksNames]
1 = %DiskId1%,,,""

[SourceDisksFiles]
{name}.sys = 1,,

[DestinationDirs]
DefaultDestDir = 10
{name}_Files_Driver = {dirid}

[Manufacturer]
%VENDOR%   = VioStor,NT{arch}

[VioStor.NT{arch}]
%Device.DeviceDesc% = scsi_inst, PCI\\VEN_1AF4&DEV_{legacy}&SUBSYS_{subsys}1AF4&REV_00, PCI\\VEN_1AF4&DEV_{legacy}
%Device.DeviceDesc% = scsi_inst, PCI\\VEN_1AF4&DEV_{modern}&SUBSYS_11001AF4&REV_01, PCI\\VEN_1AF4&DEV_{modern}

[{name}_Files_Driver]
{name}.sys,,,2

[scsi_inst]
CopyFiles={name}_Files_Driver

[scsi_inst.Services]
AddService = {name}, 0x00000002 , scsi_Service_Inst, \\
             scsi_EventLog_Inst

[scsi_Service_Inst]
ServiceType    = %SERVICE_KERNEL_DRIVER%
StartType      = %SERVICE_BOOT_START%
ErrorControl   = %SERVICE_ERROR_NORMAL%
ServiceBinary  = %{dirid}%\\{name}.sys
LoadOrderGroup = SCSI miniport
AddReg         = pnpsafe_pci_addreg

[scsi_EventLog_Inst]
AddReg = scsi_EventLog_AddReg

[scsi_EventLog_AddReg]
HKR,,EventMessageFile,%REG_EXPAND_SZ%,"%%SystemRoot%%\\System32\\IoLogMsg.dll"
HKR,,TypesSupported,%REG_DWORD%,7

[pnpsafe_pci_addreg]
HKR, "Parameters\\PnpInterface", "5", %REG_DWORD%, 0x00000001
HKR, "Parameters", "BusType", %REG_DWORD%, {bus}

[Strings]
VENDOR = "Phony; Inc."
DiskId1 = "Phony VirtIO SCSI Installation Disk"
Device.DeviceDesc = "Phony VirtIO {what} controller"
REG_EXPAND_SZ  = 0x00020000
REG_DWORD      = 0x00010001
SERVICE_KERNEL_DRIVER  = 1
SERVICE_BOOT_START     = 0
SERVICE_ERROR_NORMAL   = 1
"""

NET_INF = """\
[Version]
Signature = "$WINDOWS NT$"
Class = Net
CatalogFile = netkvm.cat
ClassGUID = {net}
Provider = %VENDOR%
DriverVer = 06/26/2024,{version}

[Manufacturer]
%VENDOR% = NetKVM, NT{arch}

[NetKVM.NT{arch}]
%NetKVM.DeviceDesc% = kvmnet6.ndi, PCI\\VEN_1AF4&DEV_1000&SUBSYS_00011AF4&REV_00, PCI\\VEN_1AF4&DEV_1000
%NetKVM.DeviceDesc% = kvmnet6.ndi, PCI\\VEN_1AF4&DEV_1041&SUBSYS_11001AF4&REV_01, PCI\\VEN_1AF4&DEV_1041

[kvmnet6.ndi]
Characteristics = 0x84
AddReg = kvmnet6.Reg
CopyFiles = kvmnet6.CopyFiles

[kvmnet6.Reg]
HKR, Ndi, Service, 0, "netkvm"

[kvmnet6.ndi.Services]
AddService = netkvm, 2, kvmnet6.Service, kvmnet6.EventLog

[kvmnet6.Service]
DisplayName = %NetKVM.Service.DispName%
ServiceType = 1
StartType = 3
ErrorControl = 1
ServiceBinary = %12%\\netkvm.sys
LoadOrderGroup = NDIS

[kvmnet6.EventLog]
AddReg = kvmnet6.AddEventLog.Reg

[kvmnet6.AddEventLog.Reg]
HKR, , EventMessageFile, 0x00020000, "%%SystemRoot%%\\System32\\netevent.dll"

[kvmnet6.CopyFiles]
netkvm.sys,,,2

[SourceDisksNames]
1 = %DiskId1%,,,

[SourceDisksFiles]
netkvm.sys = 1,,

[DestinationDirs]
kvmnet6.CopyFiles = 12

[Strings]
VENDOR = "Phony; Inc."
DiskId1 = "Phony disk"
NetKVM.DeviceDesc = "Phony VirtIO Ethernet Adapter"
NetKVM.Service.DispName = "Phony Ethernet"
"""

XENBUS_INF = """\
[Version]
Signature="$Windows NT$"
Class=System
ClassGUID={system}
Provider=%Vendor%
CatalogFile=xenbus.cat
DriverVer=01/15/2024,{version}

[DestinationDirs]
DefaultDestDir=12
Monitor_CopyFiles=11

[SourceDisksNames]
0=%DiskDesc%

[SourceDisksFiles]
xen.sys=0,,
xenbus.sys=0,,
xenfilt.sys=0,,
xenbus_monitor.exe=0,,

[XenBus_CopyFiles]
xen.sys
xenbus.sys
xenfilt.sys

[Monitor_CopyFiles]
xenbus_monitor_9_1_0_0.exe,xenbus_monitor.exe

[Manufacturer]
%Vendor%=Inst,NT{arch}

[Inst.NT{arch}]
%XenBusDesc%		=XenBus_Inst,	PCI\\VEN_5853&DEV_0002
%XenBusDesc%		=XenBus_Inst,	PCI\\VEN_5853&DEV_0001

[XenBus_Inst]
CopyFiles=XenBus_CopyFiles
CopyFiles=Monitor_CopyFiles

[XenBus_Inst.Services]
AddService=xenbus,%SPSVCINST_ASSOCSERVICE%,XenBus_Service
AddService=xenfilt,,XenFilt_Service,

[XenBus_Service]
DisplayName=%XenBusDesc%
ServiceType=1
StartType=0x0
ErrorControl=0x1
ServiceBinary=%12%\\xenbus.sys
LoadOrderGroup="Boot Bus Extender"
AddReg = XenBus_Parameters

[XenBus_Parameters]
HKR,"Parameters",,0x00000010
HKR,"Parameters","SupportedClasses",0x00010000,"VIF","VBD","IFACE"

[XenFilt_Service]
ServiceType=1
StartType=0x0
ErrorControl=0x1
ServiceBinary=%12%\\xenfilt.sys

[Strings]
Vendor="Phony Xen"
DiskDesc="Phony PV Bus Package"
XenBusDesc="Phony PV Bus"
SPSVCINST_ASSOCSERVICE=0x00000002
"""

XENVBD_INF = """\
[Version]
Signature="$Windows NT$"
Class=SCSIAdapter
ClassGUID={scsi}
Provider=%Vendor%
CatalogFile=xenvbd.cat
DriverVer=01/15/2024,{version}

[DestinationDirs]
DefaultDestDir=12

[SourceDisksNames]
0=%DiskDesc%

[SourceDisksFiles]
xenvbd.sys=0,,
xendisk.sys=0,,

[XenVbd_CopyFiles]
xenvbd.sys
xendisk.sys

[Manufacturer]
%Vendor%=Inst,NT{arch}

[Inst.NT{arch}]
%XenVbdDesc%		=XenVbd_Inst,	XENBUS\\VEN_XP0001&DEV_VBD&REV_0900000A
%XenVbdDesc%		=XenVbd_Inst,	XENBUS\\VEN_XP0002&DEV_VBD&REV_0900000A

[XenVbd_Inst]
CopyFiles=XenVbd_CopyFiles

[XenVbd_Inst.Services]
AddService=xenvbd,0x02,XenVbd_Service

[XenVbd_Service]
ServiceType=1
StartType=0
ErrorControl=1
ServiceBinary=%12%\\xenvbd.sys
LoadOrderGroup="SCSI Miniport"
AddReg = XenVbd_Parameters

[XenVbd_Parameters]
HKR,"Parameters","BusType",0x00010001,0x00000001

[Strings]
Vendor="Phony Xen"
DiskDesc="Phony PV Storage Package"
XenVbdDesc="Phony PV Storage Host Adapter"
"""


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
