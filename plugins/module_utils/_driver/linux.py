# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Drivers into the initramfs of a Linux guest, one that is mounted here or the running one, or out of it."""

from __future__ import annotations

import os
import typing as t

from .._common import rooted
from .._common.errors import InvalidRequest, Refused
from .._common.host import Host
from .._common.plan import Plan
from . import agents, bound, initramfs, keepsake, kernels, leftovers, linux_survey
from .kernels import FAMILIES, Kernel
from .linux_steps import Steps
from .linux_survey import IN_INITRAMFS, NOWHERE, ON_DISK, Survey
from .request import Request

AtLast = list[t.Callable[[], None]]


class LinuxGuest:
    """A file system with an os-release(5)."""

    name = "linux"

    def __init__(self) -> None:
        self._at_last: AtLast = []

    def claims(self, root: str) -> bool:
        return linux_survey.claims(root)

    def plan(self, host: Host, request: Request, plan: Plan) -> dict[str, t.Any]:
        """As engine.Kind: plan what is wanted, return the guest's part of the result."""
        read = {"present": _present, "absent": _absent, "restored": _restored}[request.state]
        return read(host, request, plan, self._at_last)

    def finish(self) -> None:
        """As engine.Kind."""
        for act in self._at_last:
            act()


def _present(host: Host, request: Request, plan: Plan, at_last: AtLast) -> dict[str, t.Any]:
    hypervisor = request.hypervisor or (bound.hypervisor(host) if os.path.realpath(request.root) == "/" else "")
    wanted = list(dict.fromkeys(map(kernels.normal, request.drivers or FAMILIES.get(hypervisor, ()))))
    if not wanted:
        raise InvalidRequest(
            request.root,
            "a Linux guest has all drivers of its kernel, and it is not said which of them it needs to boot",
            f"name the hypervisor ({', '.join(FAMILIES)}) or drivers",
        )
    survey = linux_survey.survey(host, request.root, wanted)
    usable = _usable(request, survey, wanted)
    steps = Steps(request.root, survey, plan, at_last)
    lacking = [kernel for kernel in survey.kernels if kernel.image and survey.lacking(kernel, usable)]
    found = [agents.look(survey.guest.root, hypervisor)] if hypervisor in agents.PACKAGES else []
    asleep = [] if survey.guest.running else [agent for agent in found if agent.asleep]
    if lacking:
        _plan_images(steps, survey, lacking, usable)
    elif asleep:
        steps.remember({})
    for agent in asleep:
        for link, target in agent.links.items():
            steps.link(link, target)
    return {
        "system": linux_survey.system(survey.guest),
        "drivers": [_driver(survey, driver) for driver in wanted],
        "hypervisor": hypervisor,
        "agents": [{**agent.public(), "enabled": agent.enabled or agent in asleep} for agent in found],
        "leftovers": leftovers.find(survey.guest.root, survey.kernels, wanted, hypervisor),
        "warnings": [*_warnings(survey, wanted), *_of_agents(found)],
    }


def _plan_images(steps: Steps, survey: Survey, lacking: t.Sequence[Kernel], usable: t.Sequence[str]) -> None:
    generator = initramfs.generator_of(survey.guest)
    needed = [name for name in usable if any(name in kernel.needs for kernel in lacking)]
    ours = [*generator.configured(survey.guest), *needed]
    files = _changed(survey, generator.configure(survey.guest, list(dict.fromkeys(ours))))
    steps.remember(files)
    for path, text in files.items():
        steps.file(path, text)
    for kernel in lacking:
        steps.image(kernel, generator, usable)


def _absent(host: Host, request: Request, plan: Plan, at_last: AtLast) -> dict[str, t.Any]:
    named = {kernels.normal(driver) for driver in request.drivers}
    guest = linux_survey.survey(host, request.root, ()).guest
    record = keepsake.read(guest.root)
    generator = initramfs.generator_of(guest) if record else None
    configured = generator.configured(guest) if generator else []
    going = [driver for driver in configured if not named or driver in named]
    survey = linux_survey.survey(host, request.root, going)
    steps = Steps(request.root, survey, plan, at_last)
    staying = [driver for driver in configured if driver not in going]
    if record and generator and (going or not configured):
        files = _changed(survey, generator.configure(guest, staying))
        steps.remember(files)
        for path, text in files.items():
            steps.file(path, text)
        for kernel in survey.kernels:
            if kernel.release in record.images and going:
                leaving = {name for driver in going for name in kernel.files_of(driver)}
                steps.image(kernel, generator, staying, leaving)
        if not staying:
            for link in record.links:
                if os.path.islink(f"{guest.root}{link}"):
                    steps.unlink(link)
            steps.forget()
    return _bare(survey, [{"name": driver, "version": "", "action": "removed", "kernels": []} for driver in going])


def _restored(host: Host, request: Request, plan: Plan, at_last: AtLast) -> dict[str, t.Any]:
    survey = linux_survey.survey(host, request.root, ())
    root = survey.guest.root
    record = keepsake.read(root)
    if record is None:
        return _bare(survey, [])
    for path, text in record.written.items():
        if rooted.content(root, path) not in (text, record.files.get(path)):
            raise Refused(
                f"{root}{path}", "it was changed since the drivers were put in", "take them out with state: absent"
            )
    steps = Steps(request.root, survey, plan, at_last)
    for path, text in _changed(survey, record.files).items():
        steps.file(path, text)
    for release, (image, mark) in record.images.items():
        _plan_image_back(steps, root, release, image, mark)
    for link in record.links:
        if os.path.islink(f"{root}{link}"):
            steps.unlink(link)
    steps.forget()
    return _bare(survey, [])


def _plan_image_back(steps: Steps, root: str, release: str, image: str, mark: t.Sequence[int]) -> None:
    if not rooted.exists(root, image) or not os.path.exists(keepsake.kept(root, release)):
        # The kernel was removed since, or we were killed before the first change of its image.
        return
    now = keepsake.mark(root, image)
    if now == keepsake.mark(root, f"{keepsake.STORE}/images/{release}"):
        return
    if mark and now != list(mark):
        raise Refused(
            f"{root}{image}",
            "the guest has made it anew since, and the old one may lack what it needs now",
            "take the drivers out with state: absent",
        )
    steps.image_back(release, image)


def _usable(request: Request, survey: Survey, wanted: t.Sequence[str]) -> list[str]:
    """The wanted drivers that some kernel has. Raises Refused where a named one is in none, or none is for disks."""
    usable = [driver for driver in wanted if any(kernel.has(driver) for kernel in survey.kernels)]
    missing = [driver for driver in wanted if driver not in usable]
    # Of a hypervisor's family only the disk's matter: a kernel without virtio_scsi may well boot from virtio_blk.
    if missing and (request.drivers or not kernels.OF_DISKS & set(usable)):
        releases = ", ".join(kernel.release for kernel in survey.kernels)
        raise Refused(
            request.root,
            f"none of its kernels ({releases}) has {', '.join(missing)}",
            "install a kernel that has it, or correct the name",
        )
    return usable


def _changed(survey: Survey, files: t.Mapping[str, t.Optional[str]]) -> dict[str, t.Optional[str]]:
    root = survey.guest.root
    return {path: text for path, text in files.items() if rooted.content(root, path) != text}


def _driver(survey: Survey, driver: str) -> dict[str, t.Any]:
    """What is said of one driver: where each kernel has it now, and will have it."""
    places = [(kernel, survey.place(kernel, driver)) for kernel in survey.kernels]
    having = [kernel.release for kernel in survey.kernels if kernel.has(driver)]
    added = [kernel.release for kernel, place in places if place == ON_DISK and kernel.image]
    return {
        "name": driver,
        "version": having[-1] if having else "",
        "action": "added" if added else "kept" if having else "unavailable",
        "kernels": [
            {"release": kernel.release, "before": place, "after": IN_INITRAMFS if kernel.release in added else place}
            for kernel, place in places
        ],
    }


def _bare(survey: Survey, drivers: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {
        "system": linux_survey.system(survey.guest),
        "drivers": drivers,
        "hypervisor": "",
        "agents": [],
        "leftovers": [],
        "warnings": [],
    }


def _warnings(survey: Survey, wanted: t.Sequence[str]) -> t.Iterator[str]:
    for kernel in survey.kernels:
        without = [driver for driver in wanted if survey.place(kernel, driver) == NOWHERE]
        if without:
            yield f"kernel {kernel.release} has no {', '.join(without)}"
        blind = [driver for driver in wanted if not kernel.image and survey.place(kernel, driver) == ON_DISK]
        if blind:
            yield f"kernel {kernel.release} has no initramfs, so {', '.join(blind)} can be loaded from the disk only"


def _of_agents(found: t.Sequence[agents.Agent]) -> t.Iterator[str]:
    for agent in found:
        if not agent.unit:
            yield f"{agent.package} is not installed; install it in the guest"
        elif agent.masked:
            yield f"{agent.package} is installed, but masked"


__all__ = ["LinuxGuest"]
