# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What the vbd modules return, and the one place where errors become ``fail_json``."""

from __future__ import annotations

import os
import typing as t

from .._common import interrupts
from .._common.errors import FleetError, InvalidRequest, Refused
from .._common.host import Host
from .._common.plan import Plan
from .._common.runner import SystemRunner
from . import engine, guests, mounting, tree
from .batch import ROLLBACK_ALL, Batch
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
        params = module.params
        host = Host(SystemRunner(), timeout=params.get("timeout") or 30.0, workers=params.get("workers") or 1)
        with interrupts.catching():
            result = run(host)
    except interrupts.Interrupted as signal:
        module.fail_json(**signal.failure())
    except (OSError, ValueError) as error:
        module.fail_json(
            msg=f"{error}. Nothing was changed.", what="this host", why=str(error), hint="mend that, then run again"
        )
    except FleetError as error:
        _warn(module, error.details)
        module.fail_json(msg=str(error), what=error.what, why=error.why, hint=error.hint, **error.details)
    _warn(module, result)
    module.exit_json(**result)


def _warn(module: AnsibleModule, result: dict[str, t.Any]) -> None:
    for sentence in [*result.get("cleaned", []), *result.pop("warnings", [])]:
        module.warn(sentence)


def attach(
    host: Host, wanted: t.Sequence[DiskRequest], *, force: bool, check: bool, on_error: str = ROLLBACK_ALL
) -> dict[str, t.Any]:
    """``vbd`` with state attached."""
    with working(host, "vbd", force=force, check=check) as work:
        batch = Batch(work, on_error)
        asked, tags = batch.plan(_located(work, wanted, opening=True), engine.plan_attached)
        if not check:
            batch.apply([(tag, disk.image) for disk, tag in zip(asked, tags)])
        there = [(tag, disk.image, None) for disk, tag in zip(asked, tags) if disk.image not in batch.failures]
        return batch.judged(_result(work, _disks(work, there)))


def detach(
    host: Host, wanted: t.Sequence[DiskRequest], *, force: bool, check: bool, on_error: str = ROLLBACK_ALL
) -> dict[str, t.Any]:
    """``vbd`` with state detached."""
    with working(host, "vbd", force=force, check=check) as work:
        batch = Batch(work, on_error)
        asked, _tags = batch.plan(_located(work, wanted, opening=False), engine.plan_detached)
        before = [(disk.image, engine.record_of(work, disk)) for disk in asked]
        if not check:
            batch.apply([(record.tag, image) for image, record in before if record])
        return batch.judged(_result(work, _those_gone(work, batch, before)))


def mount(
    host: Host, wanted: t.Sequence[MountRequest], *, force: bool, check: bool, on_error: str = ROLLBACK_ALL
) -> dict[str, t.Any]:
    """``vbd_mount`` with state mounted."""
    with working(host, "vbd_mount", force=force, check=check) as work:
        batch = Batch(work, on_error)
        asked, tags = batch.plan([_mount_located(work, request) for request in wanted], mounting.plan_mounted)
        if not check:
            named = [(tag, request.disk.image) for request, tag in zip(asked, tags)]
            batch.apply(named, [(tag, mounting.real(request.path)) for request, tag in zip(asked, tags)])
        there = [(tag, request.disk.image, request) for request, tag in zip(asked, tags)]
        disks = _disks(work, [disk for disk in there if disk[1] not in batch.failures])
        return batch.judged({**_result(work, disks), "summary": [_in_words(disk) for disk in disks]})


def unmount(
    host: Host, wanted: t.Sequence[MountRequest], *, force: bool, check: bool, on_error: str = ROLLBACK_ALL
) -> dict[str, t.Any]:
    """``vbd_mount`` with state unmounted."""
    with working(host, "vbd_mount", force=force, check=check) as work:
        batch = Batch(work, on_error)
        located = [found for request in wanted for found in _mounts_located(work, request)]
        asked, _none = batch.plan(located, mounting.plan_unmounted)
        before = [(request.disk.image, engine.record_of(work, request.disk)) for request in asked]
        if not check:
            named = [(mounting.real(request.path), request.disk.image) for request in asked if request.path]
            named += [(record.tag, image) for image, record in before if record]
            mounted = [(record.tag, entry.path) for record in work.records.values() for entry in record.mounts]
            batch.apply(named, mounted)
        return batch.judged(_result(work, _those_gone(work, batch, before)))


def _those_gone(work: Work, batch: Batch, before: t.Sequence[tuple[str, t.Optional[Record]]]) -> list[dict[str, t.Any]]:
    return [_gone(work, image, record) for image, record in before if image not in batch.failures]


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


def _disks(work: Work, asked: t.Sequence[tuple[str, str, t.Optional[MountRequest]]]) -> list[dict[str, t.Any]]:
    """asked: (tag, the image as the user named it, how it is to be mounted)."""
    there = {tag: work.records[tag] for tag in _there(work)}
    found = work.partitions_of(tag for tag, record in there.items() if record.domid == 0)
    return [_disk(work, image, tag, request, there.get(tag), found.get(tag, [])) for tag, image, request in asked]


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
