# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A look at the target before anything is measured: is it safe, and what will be measured? Changes nothing."""

from __future__ import annotations

import os
import platform
import sys
import typing as t

from .._common import smallfile
from .._common.errors import Refused
from .._common.host import Host
from .._driver import bound
from . import fio, place


class Arm(t.NamedTuple):
    """What is compared. expect_driver: refuse to measure where another driver is bound; empty: any.

    host: inventory name of the host it is on; empty: the task's.
    """

    name: str
    place: place.Place
    expect_driver: str
    host: str = ""


def survey(host: Host, arms: t.Sequence[Arm], io_engine: str) -> dict[str, t.Any]:
    """What the controller needs to know: the interpreter, the engine, and a proof for each arm. Raises FleetError."""
    for arm in arms:
        place.check(arm.place)
    program = fio.find(host.runner)
    found = {
        "python": sys.executable,
        "program": program,
        "io_engine": fio.choose_engine(host.runner, program, io_engine),
        "versions": {"engine": fio.version(host.runner, program), "python": platform.python_version()},
    }
    drivers = {disk.name: disk for disk in bound.disks(host)}
    return {**found, "proof": {arm.name: _proof(host, arm, drivers) for arm in arms}}


def clock_source(host: Host) -> str:
    """The kernel's; empty where it has none."""
    return smallfile.attribute(f"{host.sys}/devices/system/clocksource/clocksource0/current_clocksource")


def _proof(host: Host, arm: Arm, drivers: t.Mapping[str, bound.Bound]) -> dict[str, t.Any]:
    if arm.place.device:
        number = os.stat(arm.place.device).st_rdev
        fstype, options = "", ""
    else:
        number = os.stat(arm.place.directory).st_dev
        fstype, options, number = _file_system(host, arm.place.directory, number)
    disks = [drivers.get(name, bound.Bound(name, "", "", False)) for name in bound.disks_under(host, number)]
    _check_driver(arm, disks)
    return {
        "path": arm.place.device or arm.place.directory,
        "disks": [{**disk.public(), "cache": _cache(host, disk.name)} for disk in disks],
        "file_system": fstype,
        "mount_options": options,
        "kernel": platform.release(),
        "hypervisor": bound.hypervisor(host),
        "clock_source": clock_source(host),
    }


def _check_driver(arm: Arm, disks: t.Sequence[bound.Bound]) -> None:
    other = [f"{disk.name} by {disk.driver or 'none'}" for disk in disks if disk.driver != arm.expect_driver]
    if arm.expect_driver and (other or not disks):
        raise Refused(
            f"arm '{arm.name}'",
            f"its disk is not driven by {arm.expect_driver} but {', '.join(other) or 'cannot be told'}",
            "attach it the way you mean it, or correct expect_driver",
        )


def _file_system(host: Host, directory: str, number: int) -> tuple[str, str, int]:
    """Type, options and device. btrfs and overlays show a number of their own, so the mount table is asked."""
    real = os.path.realpath(directory)
    best = ("", "", number, "")
    for line in smallfile.attribute(f"{host.proc}/self/mountinfo").splitlines():
        left, _dash, right = line.partition(" - ")
        fields, (fstype, source, _super) = left.split(), right.split(" ", 2)
        mount = fields[4].encode().decode("unicode_escape")
        if (real == mount or real.startswith(mount.rstrip("/") + "/")) and len(mount) >= len(best[3]):
            device = os.stat(source).st_rdev if source.startswith("/dev/") and os.path.exists(source) else 0
            major, minor = map(int, fields[2].split(":"))
            best = (fstype, fields[5], device or os.makedev(major, minor), mount)
    return best[:3]


def _cache(host: Host, disk: str) -> str:
    return smallfile.attribute(f"{host.sys}/block/{disk}/queue/write_cache")


__all__ = ["Arm", "clock_source", "survey"]
