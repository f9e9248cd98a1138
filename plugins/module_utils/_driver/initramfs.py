# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The two programs that make a Linux guest's initramfs, and nothing else knows their words.

update-initramfs(8), initramfs.conf(5), lsinitramfs(8); dracut(8), dracut.conf(5), lsinitrd(1).
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._common import rooted
from .._common.errors import Refused, ToolFailed
from .._common.runner import Result, last_words
from .chroot import Guest
from .kernels import Kernel, module_of

BEGIN, END = "# BEGIN homevirt.fleet guest_driver", "# END homevirt.fleet guest_driver"
BLOCK = re.compile(rf"^{BEGIN}\n(?P<lines>.*?)^{END}\n", re.MULTILINE | re.DOTALL)
ADDED = re.compile(r'^add_drivers\+=" (?P<names>[^"]*) "$', re.MULTILINE)
# The policy dep looks at the hardware of the machine it runs on.
EVERYTHING = "# Of homevirt.fleet: made from outside, where the guest's own hardware is not seen.\nMODULES=most\n"
Judge = t.Callable[[str], None]
ASSIGNED = re.compile(r"^\s*MODULES=[\"']?(\w+)", re.MULTILINE)


class Generator(t.Protocol):
    """One program that makes initramfs images."""

    name: str
    # Configuration files of the guest that it is told by.
    files: tuple[str, ...]

    def configured(self, guest: Guest) -> list[str]:
        """Drivers that we have told it to take in."""

    def configure(self, guest: Guest, drivers: t.Sequence[str]) -> dict[str, t.Optional[str]]:
        """{file: new content, None for no file} so that it takes these in; none of ours for no drivers."""

    def rebuild(self, guest: Guest, kernel: Kernel, judge: Judge) -> None:
        """Make a kernel's image anew. Until it is complete the old one stays in its place. Raises ToolFailed.

        judge: given the new image, as soon as it can be looked into; raises FleetError for one that is not good.
        """

    def contents(self, guest: Guest, image: str) -> frozenset[str]:
        """The modules that an image holds. Raises ToolFailed."""


class InitramfsTools:
    """Debian's and Ubuntu's."""

    name = "initramfs-tools"
    files = ("/etc/initramfs-tools/modules", "/etc/initramfs-tools/conf.d/homevirt-fleet")

    def configured(self, guest: Guest) -> list[str]:
        found = BLOCK.search(rooted.whole(guest.root, self.files[0]))
        return found["lines"].split() if found else []

    def configure(self, guest: Guest, drivers: t.Sequence[str]) -> dict[str, t.Optional[str]]:
        text = BLOCK.sub("", rooted.whole(guest.root, self.files[0]))
        if not drivers:
            return {self.files[0]: text or None, self.files[1]: None}
        text += "" if text.endswith("\n") or not text else "\n"
        found: dict[str, t.Optional[str]] = {
            self.files[0]: text + "\n".join([BEGIN, *drivers, END, ""]),
        }
        if not guest.running and self._policy(guest) == "dep":
            found[self.files[1]] = EVERYTHING
        return found

    def rebuild(self, guest: Guest, kernel: Kernel, judge: Judge) -> None:
        words = ["update-initramfs", "-u", "-k", kernel.release]
        result = guest.run(words, writing=True)
        _require(result, kernel.image, "the old one is still in its place; mend what it says, then run again")
        judge(kernel.image)

    def contents(self, guest: Guest, image: str) -> frozenset[str]:
        return _listed(guest.run(["lsinitramfs", image]), image)

    def _policy(self, guest: Guest) -> str:
        directory = "/etc/initramfs-tools/conf.d"
        paths = [f"{directory}/{name}" for name in rooted.names(guest.root, directory)]
        texts = [rooted.whole(guest.root, path) for path in ("/etc/initramfs-tools/initramfs.conf", *paths)]
        said = [word for text in texts for word in ASSIGNED.findall(text)]
        return said[-1] if said else "most"


class Dracut:
    """Fedora's, Red Hat's and SUSE's, and to be had for Debian."""

    name = "dracut"
    files = ("/etc/dracut.conf.d/90-homevirt-fleet.conf",)

    def configured(self, guest: Guest) -> list[str]:
        return [name for names in ADDED.findall(rooted.whole(guest.root, self.files[0])) for name in names.split()]

    def configure(self, guest: Guest, drivers: t.Sequence[str]) -> dict[str, t.Optional[str]]:
        text = f'# Of homevirt.fleet, guest_driver.\nadd_drivers+=" {" ".join(drivers)} "\n' if drivers else None
        return {self.files[0]: text}

    def rebuild(self, guest: Guest, kernel: Kernel, judge: Judge) -> None:
        # dracut copies over the image that is there: killed in the middle, it would leave half of one.
        draft = f"{kernel.image}.homevirt-new"
        place, fresh = (rooted.resolve(guest.root, path) for path in (kernel.image, draft))
        # From outside dracut sees this host's hardware, which says nothing of the guest's.
        outside = [] if guest.running else ["--no-hostonly"]
        try:
            result = guest.run(["dracut", "--force", *outside, draft, kernel.release], writing=True)
            _require(result, kernel.image, "the old one is still in its place; mend what it says, then run again")
            judge(draft)
            _settle(fresh)
            os.replace(fresh, place)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(fresh)

    def contents(self, guest: Guest, image: str) -> frozenset[str]:
        return _listed(guest.run(["lsinitrd", image]), image)


def generator_of(guest: Guest) -> Generator:
    """Which of them a guest has. Raises Refused where it has none that is known."""
    # dracut brings a program of this name too, in newer Debians; and may lie beside Debian's own, unused.
    if "mkinitramfs" in rooted.whole(guest.root, "/usr/sbin/update-initramfs"):
        return InitramfsTools()
    if rooted.exists(guest.root, "/usr/bin/dracut") or rooted.exists(guest.root, "/sbin/dracut"):
        return Dracut()
    others = [name for name in ("mkinitrd", "mkinitcpio", "booster") if rooted.exists(guest.root, f"/usr/bin/{name}")]
    raise Refused(
        guest.root,
        f"its initramfs is made by {others[0]}, not served" if others else "it has neither initramfs-tools nor dracut",
        "install one of the two in the guest, or add the drivers by hand",
    )


def listed_modules(text: str) -> frozenset[str]:
    """The modules in what lsinitramfs or lsinitrd printed: a file to a line, its path last."""
    return frozenset(module_of(line.split(" -> ")[0]) for line in text.splitlines() if "/modules/" in line) - {""}


def _listed(result: Result, image: str) -> frozenset[str]:
    _require(result, image, "it may be damaged: make it anew in the guest, then run again")
    return listed_modules(result.out)


def _require(result: Result, image: str, hint: str) -> None:
    if result.rc != 0:
        said = last_words(result.err if result.err.strip() else result.out)
        raise ToolFailed(image, f"the guest's own program failed with status {result.rc}: {said}", hint)


def _settle(path: str) -> None:
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())


__all__ = ["Dracut", "Generator", "InitramfsTools", "generator_of", "listed_modules"]
