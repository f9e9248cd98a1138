# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What is attached to this host, by whomever, and who uses an image: the engine of ``vbd_info``.

It changes nothing, but for taking away what a look of its own that was cut off has left.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common.host import Host
from .._common.lock import shared
from . import domains, image, inspection, ledger, partitions, state, usage, vdev, xenbus, xenstore
from .losetup import Loop


def gather(
    host: Host, images: t.Sequence[str], guests: t.Sequence[str], inspected: t.Sequence[inspection.Wanted] = ()
) -> dict[str, t.Any]:
    """The return values of ``vbd_info``. images: paths whose users are looked for; guests: of Xen, by name.

    inspected: images that are looked into, before the rest is told. Raises FleetError.
    """
    inside, told = inspection.inspect(host, inspected) if inspected else ([], inspection.Told([], []))
    with shared(host, ledger.lock_path(host)):
        seen = state.read(host)
    found = [_ours(host, seen, attachment) for attachment in seen.attachments.values()]
    owner, xen = _owners(seen), seen.seen.xen
    # The devices on which domains' disks lie are told with those.
    known = {vbd.device for vbd in (xen.vbds if xen else ())}
    known |= {device for made in seen.attachments.values() for device in (made.record.device, made.record.under_device)}
    for device, describe in [
        *((loop.device, lambda loop=loop: _foreign_loop(host, seen, loop)) for loop in seen.seen.loops),
        *((device, lambda device=device: _foreign_nbd(host, seen, device)) for device in _nbd_devices(host)),
    ]:
        if device not in known:
            # Somebody else's may go away while it is looked at.
            with contextlib.suppress(OSError):
                found.append(describe())
    found += [_foreign_vbd(host, seen, vbd) for vbd in (xen.vbds if xen else ()) if vbd.domid == 0 and not owner(vbd)]
    contents = partitions.read(host, [entry["device"] for entry in found if entry["size"]])
    for entry in found:
        entry["partitions"] = [partition.public() for partition in contents.get(entry["device"], [])]
    return {
        "changed": False,
        "attachments": found,
        "images": _users(host, seen, images),
        "domains": domains.gather(host, xen, owner),
        "guests": domains.configured(xen, guests),
        "stale": domains.stale(xen),
        "inspected": inside,
        "cleaned": told.cleaned,
        "warnings": list(dict.fromkeys([*state.left_alone(seen), *told.warnings])),
    }


def _ours(host: Host, seen: state.State, attachment: state.Attachment) -> dict[str, t.Any]:
    record = attachment.record
    return {
        "image": record.image,
        "device": record.device,
        "domain": record.domid,
        "vdev": record.vdev,
        "size": 0 if attachment.trouble else partitions.size_of(host, record.device),
        "backend": record.backend,
        "format": record.format,
        "access": record.access,
        "overlay": record.overlay,
        "owner": record.owner,
        "attached_by": record.by,
        "trouble": attachment.trouble,
        "mounts": _mounts(host, seen, record.device),
    }


def _foreign(host: Host, seen: state.State, device: str, path: str, backend: str, access: str) -> dict[str, t.Any]:
    return {
        "image": path,
        "device": device,
        "domain": 0,
        "vdev": "",
        "size": partitions.size_of(host, device),
        "backend": backend,
        "format": "",
        "access": access,
        "overlay": False,
        "owner": "",
        "attached_by": "",
        "trouble": "",
        "mounts": _mounts(host, seen, device),
    }


def _foreign_loop(host: Host, seen: state.State, loop: Loop) -> dict[str, t.Any]:
    return _foreign(host, seen, loop.device, loop.path, "loop", "w" if loop.writes else "r")


def _nbd_devices(host: Host) -> list[str]:
    names = [name for name in os.listdir(f"{host.sys}/block") if name.startswith("nbd")]
    return [f"{host.dev}/{name}" for name in sorted(names) if os.path.exists(f"{host.sys}/block/{name}/pid")]


def _foreign_nbd(host: Host, seen: state.State, device: str) -> dict[str, t.Any]:
    with open(f"{host.sys}/block/{os.path.basename(device)}/ro", encoding="ascii") as stream:
        access = "r" if stream.read().strip() == "1" else "w"
    return _foreign(host, seen, device, "", "nbd", access)


def _foreign_vbd(host: Host, seen: state.State, vbd: xenstore.Vbd) -> dict[str, t.Any]:
    device = xenbus.node(host, vbd.devid)
    found = _foreign(host, seen, device, vbd.target, "xl", "w" if vbd.writes else "r")
    trouble = "" if vbd.state == xenstore.CONNECTED else f"{vbd.vdev} of Domain-0 is in state {vbd.state_in_words}"
    return {**found, "vdev": vbd.vdev, "trouble": trouble}


def _owners(seen: state.State) -> t.Callable[[xenstore.Vbd], str]:
    """A function that tells the owner tag of a Xen disk; "" for others'."""
    tags = {}
    for made in seen.attachments.values():
        place = vdev.parse(made.record.vdev)
        if place:
            target = made.record.under_device or made.record.image
            tags[made.record.domid, place.devid, target] = made.record.owner
    return lambda vbd: tags.get((vbd.domid, vbd.devid, vbd.target), "")


def _mounts(host: Host, seen: state.State, device: str) -> list[dict[str, t.Any]]:
    numbers = partitions.numbers(host, device) if partitions.exists(host, device) else {}
    return [
        {
            "path": mount.path,
            "device": partitions.node_of(host, numbers[mount.device]),
            "fstype": mount.fstype,
            "options": list(mount.options),
        }
        for mount in seen.mounts
        if mount.device in numbers
    ]


def _users(host: Host, seen: state.State, paths: t.Sequence[str]) -> list[dict[str, t.Any]]:
    identities = {path: image.identify(path) for path in paths}
    wanted = {identity: os.path.realpath(path) for path, identity in identities.items() if identity is not None}
    found = usage.survey(host, wanted, seen.seen, seen.mounts)
    return [
        {
            "image": path,
            "exists": identity is not None,
            "owner": _owner(seen, identity),
            "users": [use.public() for use in found.get(identity, [])] if identity else [],
        }
        for path, identity in identities.items()
    ]


def _owner(seen: state.State, identity: t.Optional[image.FileId]) -> str:
    owners = [made.record.owner for made in seen.attachments.values() if made.record.id == identity]
    return owners[0] if owners else ""


__all__ = ["gather"]
