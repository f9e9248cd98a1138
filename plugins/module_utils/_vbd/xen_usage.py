# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which images Xen's domains use, by xenstore: Xen opens them without a lock, and lets two domains write to one."""

from __future__ import annotations

import typing as t

from .._common.host import Host
from .._common.runner import printable
from . import image, processes, xenstore
from .image import FileId
from .processes import OpenFile
from .use import Use
from .xenstore import Snapshot, Vbd


class DomainUse(t.NamedTuple):
    """One file that a domain's disk uses."""

    id: FileId
    use: Use


class DomainUses(t.NamedTuple):
    """What serves a domain is not reported as a user of its image again.

    servers: {process number: the domain whose disks it serves}; devices: of this host, on which domains' disks lie.
    """

    uses: list[DomainUse]
    servers: dict[int, int]
    devices: set[str]

    def explains(self, held: OpenFile) -> bool:
        """Whether a process has a file open just because it serves it to a domain."""
        domid = self.servers.get(held.pid)
        return domid is not None and any(use.id == held.id and use.use.vbd[0] == domid for use in self.uses)


def of_domains(host: Host, snapshot: t.Optional[Snapshot]) -> DomainUses:
    """The files of all domains' disks and what lies below them. Costs no command."""
    if snapshot is None:
        return DomainUses([], {}, set())
    found = [use for vbd in snapshot.vbds if vbd.target for use in _of_one(snapshot, vbd)]
    return DomainUses(found, processes.xen_servers(host), {vbd.device for vbd in snapshot.vbds})


def _of_one(snapshot: Snapshot, vbd: Vbd) -> t.Iterator[DomainUse]:
    owner = snapshot.name_of(vbd.domid)
    who = f"{owner if vbd.domid == 0 else f'domain {owner} ({vbd.domid})'} as {vbd.vdev}"
    hint = ""
    if vbd.state != xenstore.CONNECTED:
        who = f"{who} (a stale entry in state {printable(vbd.state_in_words)})"
        clear = f"xl block-detach --force {vbd.domid} {vbd.devid}"
        hint = f"if nothing uses it any more, clear it with {clear}, then run again"
    elif vbd.domid == 0:
        hint = f"unmount it and detach it with xl block-detach 0 {vbd.devid}, then run again"
    place = (vbd.domid, vbd.devid)
    for number, identity in enumerate(image.chain(vbd.target, follow=vbd.format not in ("raw", "aio", ""))):
        yield DomainUse(identity, Use(who, vbd.writes and number == 0, vbd=place, hint=hint))


__all__ = ["DomainUse", "DomainUses", "of_domains"]
