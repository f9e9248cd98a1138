# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Xen's domains and their disks as ``vbd_info`` returns them."""

from __future__ import annotations

import json
import os
import typing as t

from .._common.errors import ToolFailed
from .._common.host import Host
from .._common.runner import checked
from . import guests, image, xenstore
from .backend_xl import XL
from .xenstore import Snapshot, Vbd


class About(t.NamedTuple):
    """What xl knows of a domain. uuid: "" for Domain-0; type: pv, hvm or pvh."""

    uuid: str
    type: str


def gather(host: Host, snapshot: t.Optional[Snapshot], owner: t.Callable[[Vbd], str]) -> list[dict[str, t.Any]]:
    """All domains with all their disks; nothing where this host is no Domain-0. owner: of a disk, "" for others'."""
    if snapshot is None:
        return []
    about = _about(host) if host.runner.find(XL) else {}
    return [
        {
            "id": domid,
            "name": name,
            **about.get(domid, About("", ""))._asdict(),
            "disks": [_disk(vbd, owner(vbd)) for vbd in snapshot.vbds if vbd.domid == domid],
        }
        for domid, name in sorted(snapshot.domains.items())
    ]


def stale(snapshot: t.Optional[Snapshot]) -> list[str]:
    """Sentences about disks of domains that are gone and what to do about them."""
    return [
        f"{vbd.target or 'an empty drive'} is still entered as {vbd.vdev} of domain {vbd.domid}, which is gone"
        f" (state {vbd.state_in_words}). Clear it with xl block-detach --force {vbd.domid} {vbd.devid}."
        for vbd in (snapshot.vbds if snapshot else ())
        if snapshot and vbd.domid not in snapshot.domains
    ]


def configured(snapshot: t.Optional[Snapshot], names: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """Guests by their configuration files, running or not. Raises InvalidRequest."""
    found = []
    for name in names:
        config = guests.find(name)
        running = snapshot is not None and config.name in snapshot.domains.values()
        disks = [{"format": "raw", "vdev": "", "access": "w", **disk} for disk in guests.disks(config)]
        for disk in disks:
            disk["exists"] = image.identify(disk["image"]) is not None
        found.append({"name": config.name, "config": os.path.realpath(config.path), "running": running, "disks": disks})
    return found


def _disk(vbd: Vbd, owner: str) -> dict[str, t.Any]:
    return {
        "vdev": vbd.vdev,
        "devid": vbd.devid,
        "image": vbd.target,
        "format": vbd.format,
        "access": "w" if vbd.writes else "r",
        "backend_type": vbd.kind,
        "state": vbd.state,
        "connected": vbd.state == xenstore.CONNECTED,
        "owner": owner,
    }


def _about(host: Host) -> dict[int, About]:
    # Its warnings about stale entries go to stderr, so that only stdout is JSON.
    result = checked(host.runner, [XL, "list", "-l"], host.timeout, "xl list -l", "see whether xl list works")
    try:
        return {entry["domid"]: _about_one(entry["config"]["c_info"]) for entry in json.loads(result.out)}
    except (ValueError, KeyError, TypeError) as error:
        raise ToolFailed("xl list -l", f"its output cannot be read ({error})", "report it with xl info") from error


def _about_one(info: t.Mapping[str, t.Any]) -> About:
    return About(info.get("uuid", ""), info.get("type", ""))


__all__ = ["configured", "gather", "stale"]
