# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The steps by which a Windows guest gets from one state to another, in the order in which a kill does no harm.

First everything that Windows does not look at: the backup, the changed hives beside the old ones, the record, the
driver files. Then SOFTWARE is moved into place, which only tells where drivers lie, and last SYSTEM, which starts them.
Files go only after the registry has ceased to name them.
"""

from __future__ import annotations

import functools
import os
import shutil
import typing as t

from .._common.errors import Refused, ToolFailed
from .._common.plan import Plan, Step
from . import guest_files, hive, registry, windows_ledger
from .registry import Change
from .windows_ledger import BACKUP, DRIVERS, NEXT, Ledger, OwnedFile, State
from .windows_survey import WindowsPlace

ORIGINALS = "originals"
# SYSTEM decides what Windows starts, so it comes last.
ORDER = ("SOFTWARE", "SYSTEM")
# What NTFS needs for directories and the like.
SPARE = 16 << 20


class Transaction:
    """One guest's steps.

    changes:  of each hive.
    replaced: hives that are put back whole instead.
    put:      files that are written, by their paths below the Windows directory.
    leave:    nothing of ours stays in the guest.
    begun:    there are steps.
    """

    def __init__(self, place: WindowsPlace, ledger: Ledger, state: State, plan: Plan) -> None:
        self.place = place
        self.ledger = ledger
        self.state = state
        self.plan = plan
        self.changes: dict[str, list[Change]] = {}
        self.replaced: list[str] = []
        self.put: dict[str, bytes] = {}
        self.leave = False
        self.begun = False

    def add_steps(self) -> None:
        """Nothing where nothing is to be done."""
        moved = [name for name in ORDER if self.changes.get(name) or name in self.replaced]
        gone = self.leave and self.ledger.there
        if not (moved or self.put or self.state.stale or gone or self.ledger.unfinished):
            return
        self._refuse_full(moved)
        named = f"; guest {self.place.root}"
        self._add("make a place for the drivers", self._make_place, self._unmake_place, named, named)
        if moved and not self.leave and not self.state.backups:
            self._add("keep the registry as it is now", self._back_up, None)
        for name in moved:
            self._add(f"write the new {name} beside the old one", functools.partial(self._write_next, name), None)
        self._add("write down what is done", self._write_ledger, self._unwrite_ledger)
        for below in sorted(self.put):
            self._add_put(below)
        for name in moved:
            self._add_move(name)
        for below, file in sorted(self.state.stale.items()):
            self._add_removal(below, file)
        self.begun = True
        self.plan.verify = self._verify

    def _add(
        self,
        title: str,
        do: t.Callable[[], None],
        undo: t.Optional[t.Callable[[], None]],
        before: str = "",
        after: str = "",
    ) -> None:
        root = self.place.root
        self.plan.add(Step(root, f"{root}: {title}", do, undo, before, after))

    def _refuse_full(self, moved: t.Sequence[str]) -> None:
        hives = {name: os.path.getsize(path) for name, path in self.place.hives.items()}
        copies = 0 if self.leave or self.state.backups else sum(hives.values())
        # A hive grows by what is written into it, at most by some pages.
        needed = sum(map(len, self.put.values())) + copies + sum(hives[name] for name in moved) + SPARE
        stats = os.statvfs(self.place.windows)
        free = stats.f_bavail * stats.f_frsize
        if free < needed:
            raise Refused(
                self.place.root,
                f"{free >> 20} MiB are free there, and {-(-needed >> 20)} MiB are needed",
                "make room in the guest, or grow its disk",
            )

    def path(self, below: str) -> str:
        """The path of a file below the Windows directory."""
        return guest_files.place(self.place.windows, *below.split("/"))

    def _own(self, *names: str) -> str:
        return os.path.join(self.ledger.directory, *names)

    def _make_place(self) -> None:
        # Not before: check mode may look at a guest that is mounted read-only.
        if os.statvfs(self.place.root).f_flag & os.ST_RDONLY:
            raise Refused(
                self.place.root,
                "it is mounted read-only",
                "mount it with access w; an NTFS that stays read-only was not shut down properly in its guest",
            )
        shutil.rmtree(self._own(NEXT), ignore_errors=True)
        for names in ((), (DRIVERS,), (BACKUP,), (ORIGINALS,), (NEXT,)):
            guest_files.make_directory(self._own(*names), self.place.config)

    def _unmake_place(self) -> None:
        if self.ledger.raw is None:
            shutil.rmtree(self.ledger.directory, ignore_errors=True)
        else:
            shutil.rmtree(self._own(NEXT), ignore_errors=True)

    def _back_up(self) -> None:
        for name, path in self.place.hives.items():
            guest_files.copy(path, self._own(BACKUP, name), path)
        self.state = self.state._replace(
            backups={name: guest_files.digest(self._own(BACKUP, name)) for name in self.place.hives}
        )

    def _write_next(self, name: str) -> None:
        path, new = self.place.hives[name], self._own(NEXT, name)
        guest_files.copy(self._own(BACKUP, name) if name in self.replaced else path, new, path)
        if name not in self.replaced:
            hive.change(new, self.changes[name])
            hive.check(new, self.changes[name], path)
        self.state = self.state._replace(hives={**self.state.hives, name: guest_files.digest(new)})

    def _write_ledger(self) -> None:
        """The state from before and the one to come; one alone where no hive tells which of them holds."""
        before = guest_files.digest(self.place.hives["SYSTEM"])
        if self.changes.get("SYSTEM") or "SYSTEM" in self.replaced:
            self._put_ledger(windows_ledger.text(self.ledger.state, self.state, before))
        else:
            self._put_ledger(windows_ledger.text(self.state, None, before))

    def _unwrite_ledger(self) -> None:
        if self.ledger.raw is None:
            guest_files.remove(self.ledger.path)
        else:
            self._put_ledger(self.ledger.raw)

    def _put_ledger(self, data: bytes) -> None:
        guest_files.put(self.ledger.path, data, self.place.hives["SYSTEM"])

    def _add_put(self, below: str) -> None:
        data = self.put[below]
        path = self.path(below)
        old = guest_files.digest(path)
        original = self._own(ORIGINALS, below.replace("/", "!"))
        keep = self.state.files[below].original

        def do() -> None:
            if keep and not os.path.exists(original):
                guest_files.copy(path, original, path)
            if old:
                guest_files.copy(path, self._own(NEXT, "was!" + below.replace("/", "!")), path)
            directory = os.path.dirname(path)
            if not os.path.isdir(directory):
                guest_files.make_directory(directory, self.place.config)
            guest_files.put(path, data, self.place.hives["SYSTEM"])

        def undo() -> None:
            was = self._own(NEXT, "was!" + below.replace("/", "!"))
            if os.path.exists(was):
                guest_files.move(was, path, was)
            elif not old:
                guest_files.remove(path)

        verb = "replace" if old else "add"
        shown = self._shown(below)
        self._add(
            f"{verb} {shown}",
            do,
            undo,
            before=f"; {shown}, sha256 {old}" if old else "",
            after=f"; {shown}, sha256 {self.state.files[below].digest}",
        )

    def _shown(self, below: str) -> str:
        return "\\".join([os.path.basename(self.place.windows), *below.split("/")])

    def _add_move(self, name: str) -> None:
        path, new, was = self.place.hives[name], self._own(NEXT, name), self._own(NEXT, f"{name}.was")

        def do() -> None:
            # A second name keeps the old one at no cost; a file system without such names gets a copy.
            try:
                os.link(path, was)
            except OSError:
                guest_files.copy(path, was, path)
            guest_files.move(new, path, path)

        def undo() -> None:
            if os.path.exists(was):
                guest_files.move(was, path, path)

        changes = self.changes.get(name, [])
        whole = f"; {name} as it was before the first driver" if name in self.replaced else ""
        self._add(
            f"move the new {name} into its place",
            do,
            undo,
            before=registry.as_reg(name, changes, after=False),
            after=whole or registry.as_reg(name, changes, after=True),
        )

    def _add_removal(self, below: str, file: OwnedFile) -> None:
        path = self.path(below)
        if not os.path.exists(path) and not os.path.exists(path + guest_files.NEW):
            return
        original = self._own(ORIGINALS, below.replace("/", "!"))
        shown = self._shown(below)

        gone = self._own(NEXT, "gone!" + below.replace("/", "!"))

        def do() -> None:
            # What a writer that was killed left of it.
            guest_files.remove(path + guest_files.NEW)
            if guest_files.digest(path) not in {file.digest, *self.ledger.known_files.get(below, ())}:
                # The guest has another one by now, which is not ours to take.
                return
            guest_files.move(path, gone, path)
            if file.original and os.path.exists(original):
                guest_files.move(original, path, original)

        def undo() -> None:
            if os.path.exists(gone):
                if os.path.exists(path):
                    guest_files.move(path, original, path)
                guest_files.move(gone, path, gone)

        self._add(
            f"{'put back' if file.original else 'remove'} {shown}",
            do,
            undo,
            before=f"; {shown}, sha256 {file.digest}",
        )

    def finish(self) -> None:
        """Drop what only a way back needed; to be called when all guests of a call are done."""
        if not self.begun:
            return
        if self.leave:
            # The record first: without its backups it would promise what is not there.
            guest_files.remove(self.ledger.path)
            shutil.rmtree(self.ledger.directory, ignore_errors=True)
            if os.path.isdir(self.ledger.directory):
                raise ToolFailed(
                    self.ledger.directory, "it cannot be removed", "remove it by hand; nothing in the guest uses it"
                )
            return
        self.state = self.state._replace(stale={})
        self._put_ledger(windows_ledger.text(self.state, None, ""))
        shutil.rmtree(self._own(NEXT), ignore_errors=True)

    def _verify(self) -> None:
        """Look at the guest anew: what the registry and the files are is what was planned."""
        for name, changes in self.changes.items():
            if changes:
                hive.check(self.place.hives[name], changes, self.place.hives[name])
        for name in self.replaced:
            if guest_files.digest(self.place.hives[name]) != self.state.backups[name]:
                raise ToolFailed(self.place.hives[name], "it is not the one from before", "run again")
        for below in self.put:
            if guest_files.digest(self.path(below)) != self.state.files[below].digest:
                raise ToolFailed(self.path(below), "it is not what was written", "check the guest's file system")


__all__ = ["Transaction"]
