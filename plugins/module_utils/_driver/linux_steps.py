# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The steps that change a Linux guest, each with its undo.

Killed at any point, the guest has for every kernel either its old initramfs or a complete new one, and the record,
which is written first, knows how it was.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from .._common import rooted
from .._common.errors import Refused, ToolFailed
from .._common.plan import Plan, Step
from . import keepsake
from .initramfs import Generator
from .keepsake import Record
from .kernels import Kernel
from .linux_survey import Survey

Files = t.Mapping[str, t.Optional[str]]


class Steps:
    """Adds steps about one guest to a plan.

    subject: its root as the user named it.
    at_last: gets what is to be done when no step of any guest can fail any more.
    """

    def __init__(self, subject: str, survey: Survey, plan: Plan, at_last: list[t.Callable[[], None]]) -> None:
        self.subject = subject
        self.at_last = at_last
        self.guest = survey.guest
        self.survey = survey
        self.plan = plan
        self.was = keepsake.read(self.guest.root)
        self.record = self.was or Record({}, {}, {}, [])

    def remember(self, files: Files) -> None:
        """Before all others: write down how these files are."""
        root = self.guest.root
        before = {path: self.record.files.get(path, rooted.content(root, path)) for path in files}

        def do() -> None:
            _require_writable(root)
            self._keep(files={**self.record.files, **before}, written={**self.record.written, **files})

        self._add("write down what the guest was like", do, lambda: keepsake.write(root, self.was))

    def file(self, path: str, text: t.Optional[str]) -> None:
        root, was = self.guest.root, rooted.content(self.guest.root, path)
        title = f"remove {path}" if text is None else f"write {path}"
        before, after = ("" if content is None else f"{path}:\n{content.rstrip()}" for content in (was, text))
        self._add(title, lambda: rooted.write(root, path, text), lambda: rooted.write(root, path, was), before, after)

    def image(
        self, kernel: Kernel, generator: Generator, wanted: t.Sequence[str], leaving: t.Container[str] = ()
    ) -> None:
        """Make a kernel's initramfs anew. leaving: modules that may be missing from it afterwards."""
        root, release = self.guest.root, kernel.release
        self._require_room(kernel)
        # One that the guest has made itself since is where ``restored`` has to go back to.
        path, mark = self.record.images.get(release, ("", []))
        first = path != kernel.image or (bool(mark) and mark != keepsake.mark(root, kernel.image))
        lacking = self.survey.lacking(kernel, wanted)

        def do() -> None:
            keepsake.keep(root, release, kernel.image, first=first)
            self._keep(images={**self.record.images, release: (kernel.image, [])})
            generator.rebuild(self.guest, kernel, lambda made: self._judge(made, kernel, generator, wanted, leaving))
            self._keep(images={**self.record.images, release: (kernel.image, keepsake.mark(root, kernel.image))})
            self.at_last.append(lambda: keepsake.forget(root, release, first=False))

        def undo() -> None:
            if os.path.exists(keepsake.kept(root, release, last=True)):
                keepsake.copy(keepsake.kept(root, release, last=True), rooted.resolve(root, kernel.image))
            keepsake.forget(root, release, first=first)

        self._add(
            f"make {kernel.image} anew with {generator.name}",
            do,
            undo,
            f"{kernel.image}: without {', '.join(lacking)}" if lacking else f"{kernel.image}: with the drivers put in",
            f"{kernel.image}: with {', '.join(lacking)}" if lacking else f"{kernel.image}: without them",
        )

    def link(self, link: str, target: str) -> None:
        """Enable a unit as systemctl(1) does."""
        place = _place(self.guest.root, link)

        def do() -> None:
            self._keep(links=sorted({*self.record.links, link}))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(target, place)

        self._add(f"enable {os.path.basename(link)}", do, lambda: _unlink(place), "", f"{link} -> {target}")

    def unlink(self, link: str) -> None:
        place = _place(self.guest.root, link)
        target = os.readlink(place)
        self._add(
            f"disable {os.path.basename(link)}",
            lambda: _unlink(place),
            lambda: os.symlink(target, place),
            f"{link} -> {target}",
            "",
        )

    def image_back(self, release: str, image: str) -> None:
        """Put the initramfs that was there at first in its place again."""
        root = self.guest.root
        place, first, last = (
            rooted.resolve(root, image),
            keepsake.kept(root, release),
            keepsake.kept(root, release, last=True),
        )

        def do() -> None:
            _require_writable(root)
            keepsake.copy(place, last)
            keepsake.copy(first, place)

        self._add(
            f"put back {image}",
            do,
            lambda: keepsake.copy(last, place) if os.path.exists(last) else None,
            f"{image}: as it was made with the drivers",
            f"{image}: as it was before them",
        )

    def forget(self) -> None:
        """Drop what is kept for going back."""
        root = self.guest.root
        self._add(
            "forget what was kept for going back", lambda: self.at_last.append(lambda: keepsake.write(root, None)), None
        )

    def _add(
        self,
        title: str,
        do: t.Callable[[], None],
        undo: t.Optional[t.Callable[[], None]],
        before: str = "",
        after: str = "",
    ) -> None:
        self.plan.add(Step(self.subject, f"{self.subject}: {title}", do, undo, *map(self._shown, (before, after))))

    def _shown(self, line: str) -> str:
        """A line of the diff that begins with a path of the guest, with the guest's root before it."""
        return f"{self.subject.rstrip('/')}{line}" if line else ""

    def _keep(self, **changed: t.Any) -> None:
        self.record = self.record._replace(**changed)
        keepsake.write(self.guest.root, self.record)

    def _judge(
        self, made: str, kernel: Kernel, generator: Generator, wanted: t.Iterable[str], leaving: t.Container[str]
    ) -> None:
        """Look into the new image: nothing is believed because a program returned 0."""
        held = generator.contents(self.guest, made)
        fresh = self.survey._replace(held={kernel.release: held})
        lacking = fresh.lacking(kernel, wanted)
        if lacking:
            raise ToolFailed(
                kernel.image,
                f"{generator.name} made it anew, and it still lacks {', '.join(lacking)}",
                "look for what keeps them out (an omit_drivers, a hook), mend that, then run again",
            )
        lost = sorted(name for name in self.survey.held.get(kernel.release, frozenset()) - held if name not in leaving)
        if lost:
            raise ToolFailed(
                kernel.image,
                f"{generator.name} leaves out what the old one had: {', '.join(lost[:8])}{' …' * bool(lost[8:])}",
                "make it anew in the guest once, or name these drivers too, then run again",
            )

    def _require_room(self, kernel: Kernel) -> None:
        free, needed = keepsake.room(self.guest.root, kernel.image)
        if free < needed:
            raise Refused(
                kernel.image,
                f"making it anew needs {needed >> 20} MiB beside it, and {free >> 20} MiB are free",
                "remove old kernels or make the file system larger, then run again",
            )


def _require_writable(root: str) -> None:
    if os.statvfs(root).f_flag & os.ST_RDONLY:
        raise Refused(root, "it is mounted read-only", "mount it with access: w, then run again")


def _place(root: str, link: str) -> str:
    """Of the link itself, whatever it points to."""
    return os.path.join(rooted.resolve(root, os.path.dirname(link)), os.path.basename(link))


def _unlink(place: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)


__all__ = ["Steps"]
