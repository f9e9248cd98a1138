# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Keeping udev from starting what it finds in a guest's disk.

Where the host has lvm2 or mdadm, their rules activate every volume group and array as soon as its disk appears, which
is right for the host's own disks only: the guest's group would hold the disk, clash with one of the host's of the same
name, or be written to. A rule of ours before theirs marks what lies on our devices as not theirs. It concerns devices
only that are named in a directory of ours, is in /run and so gone after a reboot, and no configuration is changed.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.host import Host

UDEVADM = "udevadm"
# After the rules that look at the content (60-), before those that act on it (64-, 69-).
RULES = "61-homevirt.fleet.rules"
MARKS = "homevirt.fleet/udev"
RULE = """\
# Made by homevirt.fleet, for guests' disks that it has attached: see docs/inside.md of the collection.
SUBSYSTEM!="block", GOTO="homevirt_fleet_end"
ENV{{ID_FS_TYPE}}!="LVM2_member|linux_raid_member|ddf_raid_member|isw_raid_member", GOTO="homevirt_fleet_end"
ENV{{DM_NAME}}=="homevirt.fleet:*", GOTO="homevirt_fleet_hush"
ENV{{DEVTYPE}}=="disk", TEST=="{marks}/%k", GOTO="homevirt_fleet_hush"
ENV{{DEVTYPE}}=="partition", TEST=="{marks}/%P", GOTO="homevirt_fleet_hush"
GOTO="homevirt_fleet_end"
LABEL="homevirt_fleet_hush"
ENV{{DM_UDEV_DISABLE_OTHER_RULES_FLAG}}="1", ENV{{SYSTEMD_READY}}="0"
LABEL="homevirt_fleet_end"
"""


def runs(host: Host) -> bool:
    """Whether this host has an udev that reacts to new devices."""
    return os.path.exists(f"{host.run}/udev/control")


def hush(host: Host, device: str) -> None:
    """Before a disk appears: what is on it is not for the host's own rules."""
    if not runs(host):
        return
    _install(host)
    os.makedirs(f"{host.run}/{MARKS}", exist_ok=True)
    with open(_mark(host, device), "w", encoding="ascii"):
        pass


def forget(host: Host, device: str) -> None:
    """After a disk has gone: its name may be somebody else's next time."""
    if device:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_mark(host, device))


def sweep(host: Host, devices: t.Iterable[str]) -> None:
    """Forget all devices but these: a run was killed before it had attached one, or after it had detached it."""
    place = f"{host.run}/{MARKS}"
    there = os.listdir(place) if os.path.isdir(place) else []
    for name in set(there) - {os.path.basename(device) for device in devices}:
        forget(host, name)


def _mark(host: Host, device: str) -> str:
    return f"{host.run}/{MARKS}/{os.path.basename(device)}"


def _install(host: Host) -> None:
    place = f"{host.run}/udev/rules.d/{RULES}"
    rule = RULE.format(marks=f"{host.run}/{MARKS}")
    with contextlib.suppress(FileNotFoundError), open(place, encoding="ascii") as stream:
        if stream.read() == rule:
            return
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(f"{place}.new", "w", encoding="ascii") as stream:
        stream.write(rule)
    os.replace(f"{place}.new", place)
    # It notices by itself too, but only after some seconds. Where it is not reachable it has read nothing yet.
    host.runner.run([UDEVADM, "control", "--reload"], host.timeout)


__all__ = ["forget", "hush", "runs", "sweep"]
