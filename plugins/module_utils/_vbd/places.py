# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Where a disk goes on a Xen host: which domain, and as which of its devices."""

from __future__ import annotations

import typing as t

from .._common.errors import InvalidRequest, Refused
from . import vdev, xenstore
from .diskspec import DiskRequest
from .ledger import Record
from .xenstore import Snapshot, Vbd

AUTO = "auto"
# How people call the host itself.
HOST = ("", "0", "Domain-0")


class Places:
    """The devices of all domains that are taken, as the plan of one run changes them."""

    def __init__(self, snapshot: t.Optional[Snapshot]) -> None:
        self.snapshot = snapshot
        self._taken: dict[tuple[int, int], str] = {}
        for vbd in snapshot.vbds if snapshot else ():
            self._taken[vbd.domid, vbd.devid] = _in_words(vbd)

    def resolve(self, wanted: DiskRequest, *, opening: bool) -> DiskRequest:
        """The request with the number of its domain and the bare name of its device.

        A domain that does not exist is an error only for a disk that is to be attached: without it nothing is
        attached to it. Raises InvalidRequest.
        """
        if wanted.domain in HOST:
            domid: t.Optional[int] = 0
        elif self.snapshot is None:
            raise InvalidRequest(
                wanted.image,
                f"domain {wanted.domain} is asked for, but this host is no Xen Domain-0",
                "leave domain out",
            )
        else:
            domid = _domid(self.snapshot, wanted.domain)
            if domid is None and opening:
                there = ", ".join(self.snapshot.name_of(number) for number in sorted(self.snapshot.domains))
                raise InvalidRequest(
                    wanted.image,
                    f"there is no domain {wanted.domain} (there are {there})",
                    "start it, or correct domain",
                )
        return wanted._replace(domid=GONE if domid is None else domid, vdev=_bare(wanted))

    def claim(self, wanted: DiskRequest) -> str:
        """The name of the device for a disk, which is taken from now on. Raises Refused where it is taken already."""
        chosen = vdev.parse(wanted.vdev) if wanted.vdev else None
        if chosen is None:
            chosen = vdev.first_free([devid for domid, devid in self._taken if domid == wanted.domid])
        place = (wanted.domid, chosen.devid)
        if place in self._taken:
            raise Refused(
                wanted.image,
                f"{chosen.name} of {self._name_of(wanted.domid)} is taken by {self._taken[place]}",
                "ask for another vdev, or leave it out",
            )
        self._taken[place] = wanted.image
        return chosen.name

    def free(self, record: Record) -> None:
        """What the plan detaches is free for what it attaches afterwards."""
        found = vdev.parse(record.vdev)
        if found:
            self._taken.pop((record.domid, found.devid), None)

    def _name_of(self, domid: int) -> str:
        return self.snapshot.name_of(domid) if self.snapshot else f"domain {domid}"


# In place of the number of a domain that does not exist.
GONE = -1


def _domid(snapshot: Snapshot, wanted: str) -> t.Optional[int]:
    named = [domid for domid, name in snapshot.domains.items() if name == wanted]
    if named:
        return named[0]
    return int(wanted) if wanted.isdigit() and int(wanted) in snapshot.domains else None


def _bare(wanted: DiskRequest) -> str:
    if wanted.vdev in ("", AUTO):
        return ""
    found = vdev.parse(wanted.vdev)
    if found is None:
        raise InvalidRequest(
            wanted.image, f"'{wanted.vdev}' is no device of a Xen guest", "write xvda, xvdb and so on, or auto"
        )
    return found.name


def _in_words(vbd: Vbd) -> str:
    stale = "" if vbd.state == xenstore.CONNECTED else f", a stale entry in state {vbd.state_in_words}"
    return f"{vbd.target or 'an empty drive'}{stale}"


__all__ = ["AUTO", "GONE", "Places"]
