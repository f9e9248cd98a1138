# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
#
# Put one driver package into the driver store and on the devices that it fits, unless the same version is in the store.
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)][string]$Inf
)
$ErrorActionPreference = 'Stop'

$name = Split-Path -Path $Inf -Leaf
$line = Select-String -Path $Inf -Pattern '^\s*DriverVer\s*=\s*[^,]+,\s*([0-9.]+)' | Select-Object -First 1
$version = if ($line) { $line.Matches[0].Groups[1].Value } else { '' }
$there = Get-WindowsDriver -Online |
    Where-Object { (Split-Path -Path $_.OriginalFileName -Leaf) -eq $name -and [string]$_.Version -eq $version }

$Ansible.Changed = -not $there
$Ansible.Result = @{ name = $name; version = $version; status = 0; reboot_required = $false }
if ($there -or -not $PSCmdlet.ShouldProcess($name, 'pnputil /add-driver /install')) { return }

$said = & pnputil.exe /add-driver $Inf /install
# 259: no device here needs it, or one has a better driver; 3010 and 1641: installed, and Windows has to be started again.
if ($LASTEXITCODE -notin 0, 259, 3010, 1641) {
    throw "pnputil failed with $LASTEXITCODE on ${name}: $($said -join ' ')"
}
$Ansible.Result.status = $LASTEXITCODE
$Ansible.Result.reboot_required = $LASTEXITCODE -in 3010, 1641
