# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The INF files of the phony driver packages, with places for what differs between versions of one driver."""

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
