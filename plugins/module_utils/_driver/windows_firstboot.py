# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The step at the guest's next start that hands all drivers to Windows' own installer, and what it reported.

A service starts it, as the system itself, before anybody logs on. It is no real service: it starts a second command
interpreter and ends, which Windows writes into its event log, and the second one does the work. It tries three starts
of Windows at most and then takes itself away, whatever came of it.
"""

from __future__ import annotations

import re
import typing as t

from . import registry
from .registry_draft import Draft

SERVICE = "homevirt-drivers"
SCRIPT = "firstboot.cmd"
LOG = "firstboot.log"
COUNTER = "firstboot.try"
# Ending of a file that says that an INF file is done, so that a second try leaves it alone.
DONE = ".ok"
MOST_STARTS = 3
# pnputil: done; nothing to do, for the device has it; done, and a restart is needed; a restart was begun.
GOOD = (0, 259, 3010, 1641)
# Before Windows Vista there is no pnputil: Windows finds the drivers by DevicePath.
FIRST_WITH_PNPUTIL = (6, 0, 0)
OWN_PROCESS, AUTOMATIC, IGNORE = 0x10, 2, 0
RESULT = re.compile(r"^(ok|failed) (\S+) (-?\d+)\s*$", re.MULTILINE)


def script(infs: t.Sequence[str]) -> bytes:
    """The batch file; every line of the log that begins with ok or failed is a result."""
    good = " ".join(map(str, GOOD))
    lines = [
        "@echo off",
        "rem Written by homevirt.fleet. It gives the drivers beside it to Windows and then takes itself away.",
        "setlocal",
        'cd /d "%~dp0"',
        "set try=0",
        f"if exist {COUNTER} set /p try=<{COUNTER}",
        "set /a try=try+1",
        # The redirection comes first: a digit before it would be taken for the number of a file handle.
        f">{COUNTER} echo %try%",
        f">>{LOG} echo start %try% of {MOST_STARTS}",
        "set failed=0",
        *(f"call :install {inf}" for inf in infs),
        'if "%failed%"=="0" goto remove',
        f"if %try% LSS {MOST_STARTS} goto end",
        ":remove",
        f'"%SystemRoot%\\System32\\sc.exe" delete {SERVICE} >nul 2>&1',
        ":end",
        "exit /b 0",
        ":install",
        f'if exist "drivers\\%1{DONE}" exit /b 0',
        f'"%SystemRoot%\\System32\\pnputil.exe" -i -a "drivers\\%1" >>{LOG} 2>&1',
        "set code=%errorlevel%",
        f'for %%c in ({good}) do if "%code%"=="%%c" goto good',
        f">>{LOG} echo failed %1 %code%",
        "set failed=1",
        "exit /b 0",
        ":good",
        f">>{LOG} echo ok %1 %code%",
        f'>"drivers\\%1{DONE}" echo %code%',
        "exit /b 0",
        "",
    ]
    return "\r\n".join(lines).encode("ascii")


def plan_service(system: Draft, control_set: str, directory: str) -> None:
    """The service that runs the batch file. directory: as Windows sees it."""
    command = "%SystemRoot%\\System32\\cmd.exe /d /c"
    key = (control_set, "Services", SERVICE)
    system.set(key, "Type", registry.dword(OWN_PROCESS))
    system.set(key, "Start", registry.dword(AUTOMATIC))
    system.set(key, "ErrorControl", registry.dword(IGNORE))
    system.set(key, "DisplayName", registry.sz("Drivers put in by homevirt.fleet"))
    system.set(key, "ObjectName", registry.sz("LocalSystem"))
    image = f'{command} start "{SERVICE}" /b {command} {directory}\\{SCRIPT}'
    system.set(key, "ImagePath", registry.expand_sz(image))


def results(log: str) -> list[dict[str, t.Any]]:
    """The last result of each INF file: {inf, code, ok}."""
    found: dict[str, dict[str, t.Any]] = {}
    for word, inf, code in RESULT.findall(log.replace("\r\n", "\n")):
        found[inf] = {"inf": inf, "code": int(code), "ok": word == "ok"}
    return list(found.values())


__all__ = ["COUNTER", "DONE", "FIRST_WITH_PNPUTIL", "LOG", "SCRIPT", "plan_service", "results", "script"]
