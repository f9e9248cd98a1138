# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the vbd modules return, and the one place where errors become ``fail_json``."""

from __future__ import annotations

import os
import typing as t

from .._common.errors import FleetError, InvalidRequest, Refused
from .._common.host import Host
from .._common.plan import Plan
from .._common.runner import SystemRunner
from . import engine, guests, mounting, tree
from .diskspec import DiskRequest
from .ledger import Record
from .mounting import MountRequest
from .partitions import Partition
from .work import Work, working

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

RunEngine = t.Callable[[Host], dict[str, t.Any]]


def finish(module: AnsibleModule, run: RunEngine) -> None:
    """Run one engine function on this machine and leave the module with its result or its error."""
    try:
        if os.geteuid() != 0:
            raise Refused("this host", "only root sees who uses an image and may attach it", "set become: true")
        result = run(Host(SystemRunner(), timeout=module.params.get("timeout") or 30.0))
    except (OSError, ValueError) as error:
        module.fail_json(
            msg=f"{error}. Nothing was changed.", what="this host", why=str(error), hint="mend that, then run again"
        )
    except FleetError as error:
        module.fail_json(msg=str(error), what=error.what, why=error.why, hint=error.hint, **error.details)
    for sentence in [*result.get("cleaned", []), *result.pop("warnings", [])]:
        module.warn(sentence)
    module.exit_json(**result)


def attach(host: Host, wanted: t.Sequence[DiskRequest], *, force: bool, check: bool) -> dict[str, t.Any]:
    """``vbd`` with state attached."""
    with working(host, "vbd", force=force, check=check) as work:
        wanted = _located(work, wanted, opening=True)
        tags = engine.plan_attached(work, wanted)
        if not check:
            engine.apply(work)
        return _result(work, _disks(work, tags, [(disk.image, None) for disk in wanted]))


def detach(host: Host, wanted: t.Sequence[DiskRequest], *, force: bool, check: bool) -> dict[str, t.Any]:
    """``vbd`` with state detached."""
    with working(host, "vbd", force=force, check=check) as work:
        wanted = _located(work, wanted, opening=False)
        before = [engine.record_of(work, disk) for disk in wanted]
        engine.plan_detached(work, wanted)
        if not check:
            engine.apply(work)
        return _result(work, [_gone(work, disk.image, record) for disk, record in zip(wanted, before)])


def mount(host: Host, wanted: t.Sequence[MountRequest], *, force: bool, check: bool) -> dict[str, t.Any]:
    """``vbd_mount`` with state mounted."""
    with working(host, "vbd_mount", force=force, check=check) as work:
        wanted = [_mount_located(work, request) for request in wanted]
        tags = mounting.plan_mounted(work, wanted)
        if not check:
            engine.apply(work)
        disks = _disks(work, tags, [(request.disk.image, request) for request in wanted])
        return {**_result(work, disks), "summary": [_in_words(disk) for disk in disks]}


def unmount(host: Host, wanted: t.Sequence[MountRequest], *, force: bool, check: bool) -> dict[str, t.Any]:
    """``vbd_mount`` with state unmounted."""
    with working(host, "vbd_mount", force=force, check=check) as work:
        wanted = [found for request in wanted for found in _mounts_located(work, request)]
        before = [engine.record_of(work, request.disk) for request in wanted]
        mounting.plan_unmounted(work, wanted)
        if not check:
            engine.apply(work)
        return _result(work, [_gone(work, request.disk.image, record) for request, record in zip(wanted, before)])


def _located(work: Work, wanted: t.Sequence[DiskRequest], *, opening: bool) -> list[DiskRequest]:
    """The images that are meant where a guest was named, and the numbers of their domains."""
    expanded = [disk for request in wanted for disk in guests.expand(request, work.places.snapshot, opening=opening)]
    return [work.places.resolve(disk, opening=opening) for disk in expanded]


def _mounts_located(work: Work, request: MountRequest) -> list[MountRequest]:
    return [request._replace(disk=disk) for disk in _located(work, [request.disk], opening=False)]


def _mount_located(work: Work, request: MountRequest) -> MountRequest:
    found = _located(work, [request.disk], opening=True)
    if len(found) > 1:
        raise InvalidRequest(
            request.disk.guest,
            f"it has several disks ({', '.join(disk.image for disk in found)})",
            "say which by vdev, and give each a path of its own",
        )
    return request._replace(disk=found[0])


def _result(work: Work, disks: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    plan: Plan = work.plan
    return {
        "changed": plan.changes,
        "diff": plan.diff(),
        "steps": plan.titles(),
        "disks": disks,
        "cleaned": work.cleaned,
        "warnings": work.warnings,
    }


def _there(work: Work) -> list[str]:
    """The planned disks that have a device: in check mode not those that would only be attached."""
    standing = {
        tag
        for tag, (wanted, _image) in work.planned.items()
        if tag in work.state.attachments
        and not work.state.attachments[tag].trouble
        and work.state.attachments[tag].record.same_as(wanted)
    }
    return [tag for tag in work.planned if tag in work.records and (work.applied or tag in standing)]


def _disks(
    work: Work, tags: t.Sequence[str], asked: t.Sequence[tuple[str, t.Optional[MountRequest]]]
) -> list[dict[str, t.Any]]:
    """asked: (the image as the user named it, how it is to be mounted) for each tag."""
    there = {tag: work.records[tag] for tag in _there(work)}
    found = work.partitions_of(tag for tag, record in there.items() if record.domid == 0)
    return [
        _disk(work, image, tag, request, there.get(tag), found.get(tag, []))
        for tag, (image, request) in zip(tags, asked)
    ]


def _disk(
    work: Work,
    image: str,
    tag: str,
    request: t.Optional[MountRequest],
    record: t.Optional[Record],
    found: t.Sequence[Partition],
) -> dict[str, t.Any]:
    wanted, _image = work.planned[tag]
    result = {
        "image": image,
        "format": wanted.format,
        "access": wanted.access,
        "overlay": wanted.overlay,
        "backend": record.backend if record else "",
        "device": record.device if record else "",
        "domain": wanted.domid,
        "vdev": record.vdev if record else "",
        "owner": record.owner if record else "",
        "partitions": [partition.public() for partition in found],
        "changed": work.plan.touches(tag),
    }
    if request is not None:
        result.update(_mounted(work, record, request))
    return result


def _mounted(work: Work, record: t.Optional[Record], request: MountRequest) -> dict[str, t.Any]:
    entries = [entry for entry in (record.mounts if record else ()) if entry.path == mounting.real(request.path)]
    return {
        "path": request.path,
        "partition": entries[0].partition if entries else None,
        "fstype": entries[0].fstype if entries else "",
        "options": entries[0].options if entries else "",
        "volume": entries[0].volume if entries else "",
        **(_tree(record, request) if request.mounts == "all" else {}),
    }


def _tree(record: t.Optional[Record], request: MountRequest) -> dict[str, t.Any]:
    top = mounting.real(request.path)
    return {
        "tree": [
            {
                "path": entry.path,
                "partition": entry.partition,
                "volume": entry.volume,
                "fstype": entry.fstype,
                "options": entry.options,
            }
            for entry in (record.mounts if record else ())
            if entry.tree == top
        ],
        "skipped": tree.skipped(record, top),
    }


def _in_words(disk: dict[str, t.Any]) -> str:
    """One mount as a person wants to read it."""
    writing = "for writing into a throwaway layer" if disk["overlay"] else "for writing"
    access = "read-only" if disk["access"] == "r" else writing
    if not disk["device"]:
        return f"{disk['path']}: would be mounted from {disk['image']}, {access}"
    partition = f"partition {disk['partition']}" if disk["partition"] else "the file system"
    if disk["volume"]:
        partition = f"volume {disk['volume']}"
    if "tree" in disk:
        partition = f"the tree of {len(disk['tree'])} file systems"
    return f"{disk['path']}: {partition} of {disk['image']}, {access}, by {disk['backend']} as {disk['device']}"


def _gone(work: Work, image: str, record: t.Optional[Record]) -> dict[str, t.Any]:
    return {
        "image": image,
        "device": record.device if record else "",
        "domain": record.domid if record else 0,
        "vdev": record.vdev if record else "",
        "owner": record.owner if record else "",
        "backend": record.backend if record else "",
        "paths": [mounted.path for mounted in record.mounts] if record else [],
        "changed": record is not None and work.plan.touches(record.tag),
    }


__all__ = ["attach", "detach", "finish", "mount", "unmount"]
