# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What is wanted of one guest."""

from __future__ import annotations

import typing as t

from .._vbd.mounting import MountRequest

STATES = ("present", "absent", "restored")
POLICIES = ("signed", "test", "unsigned")
HYPERVISORS = ("kvm", "xen", "hyperv", "vmware")


class Request(t.NamedTuple):
    """One guest of a call.

    root:             absolute path where its system's file system is mounted; "" where mounts says how to mount it.
    state:            one of STATES.
    source:           path of the drivers ("" for none).
    drivers:          names or hardware IDs; empty means all.
    signature_policy: one of POLICIES.
    remove_conflicts: take out what another hypervisor's drivers left.
    allow_downgrade:  an older driver may replace a newer one.
    force:            take out also what devices are bound to.
    hypervisor:       on which the guest is to run ("" where it is not said); of Linux guests.
    system_root:      the Windows directory below root ("" to find it).
    mounts:           its system's file system on an image, then further ones, by their paths in the guest.
    """

    root: str
    state: str = "present"
    source: str = ""
    drivers: tuple[str, ...] = ()
    signature_policy: str = "signed"
    remove_conflicts: bool = False
    allow_downgrade: bool = False
    force: bool = False
    system_root: str = ""
    hypervisor: str = ""
    mounts: tuple[MountRequest, ...] = ()


__all__ = ["HYPERVISORS", "POLICIES", "STATES", "Request"]
