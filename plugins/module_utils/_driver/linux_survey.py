# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a Linux guest has now: its kernels, what each initramfs holds, and which drivers that makes usable at boot."""

from __future__ import annotations

import os
import typing as t

from .._common import os_name, rooted
from .._common.errors import Refused
from .._common.host import Host
from . import initramfs, kernels
from .chroot import Guest, machine_of
from .kernels import Kernel

# A driver's place in a kernel, from the best for booting to the worst.
IN_KERNEL, IN_INITRAMFS, ON_DISK, NOWHERE = "built-in", "initramfs", "module", "none"


class Survey(t.NamedTuple):
    """held: {release: modules in its initramfs} of the kernels whose image had to be looked into."""

    guest: Guest
    kernels: tuple[Kernel, ...]
    held: t.Mapping[str, frozenset[str]]

    def place(self, kernel: Kernel, driver: str) -> str:
        """Where a kernel has a driver: built-in, initramfs, module (on the disk only) or none."""
        if driver in kernel.builtin:
            return IN_KERNEL
        if driver not in kernel.needs:
            return NOWHERE
        held = self.held.get(kernel.release, frozenset())
        return IN_INITRAMFS if kernel.files_of(driver) - kernel.builtin <= held else ON_DISK

    def lacking(self, kernel: Kernel, drivers: t.Iterable[str]) -> list[str]:
        """The drivers that a kernel has, but not in its initramfs."""
        return [driver for driver in drivers if self.place(kernel, driver) == ON_DISK]


def claims(root: str) -> bool:
    return os_name.has_os_release(root)


def survey(host: Host, root: str, drivers: t.Sequence[str]) -> Survey:
    """Read a guest, as far as these drivers ask for it. Raises Refused, ToolFailed; changes nothing."""
    guest = Guest(host, root)
    _require_boot(guest)
    found = tuple(kernels.installed(guest.root))
    if not found:
        raise Refused(
            root, "it has no kernel", "mount its /boot and /usr too; a container has none, and uses its host's drivers"
        )
    asked = [kernel for kernel in found if kernel.image and any(map(kernel.files_of, drivers))]
    if not asked:
        return Survey(guest, found, {})
    guest.require_runnable()
    generator = initramfs.generator_of(guest)
    return Survey(guest, found, {kernel.release: generator.contents(guest, kernel.image) for kernel in asked})


def system(guest: Guest) -> dict[str, str]:
    """Name, version and processor of a guest, by os-release(5)."""
    said = os_name.os_release(guest.root)
    architecture = os.uname().machine if guest.running else machine_of(guest.root)
    return {
        "name": said.get("PRETTY_NAME", said.get("NAME", "Linux")),
        "id": said.get("ID", "linux"),
        "version": said.get("VERSION_ID", ""),
        "architecture": architecture,
    }


def _require_boot(guest: Guest) -> None:
    """A guest whose /boot is elsewhere would get its images into a directory that nobody boots from."""
    for line in rooted.whole(guest.root, "/etc/fstab").splitlines():
        words = line.split()
        if len(words) > 2 and words[1].rstrip("/") == "/boot" and not words[0].startswith("#"):
            place = rooted.resolve(guest.root, "/boot")
            if not os.path.ismount(place):
                raise Refused(
                    guest.root,
                    f"its /boot is a file system of its own ({words[0]}), and is not mounted",
                    f"mount that on {place} too, then run again",
                )


__all__ = ["IN_INITRAMFS", "IN_KERNEL", "NOWHERE", "ON_DISK", "Survey", "claims", "survey", "system"]
