# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Programs of a guest, run with its root as theirs: jailed for one that is mounted here, plainly in a running one."""

from __future__ import annotations

import os
import sys
import typing as t

from .._common import executable, rooted
from .._common.errors import Refused
from .._common.host import Host
from .._common.runner import Result, last_words
from . import jail

# An initramfs of an emulated CPU takes minutes.
PATIENCE = 1800.0


class Guest:
    """root: a directory of this host that holds a guest, or / for the guest that this host is."""

    def __init__(self, host: Host, root: str) -> None:
        self.host = host
        self.root = os.path.realpath(root)
        self.running = self.root == "/"

    def run(self, argv: t.Sequence[str], *, writing: bool = False) -> Result:
        """Run a program of the guest; without ``writing`` nothing of the guest can be changed by it."""
        if self.running:
            return self.host.runner.run(argv, PATIENCE)
        words = [sys.executable or "python3", "-c", _source(), "w" if writing else "r", self.root, *argv]
        return self.host.runner.run(words, PATIENCE)

    def require_runnable(self) -> None:
        """Raise Refused where this host cannot run the guest's programs, before anything is changed."""
        if self.running:
            return
        result = self.run(["/bin/sh", "-c", "exit 0"])
        if result.rc == 0:
            return
        of_guest, of_host = machine_of(self.root), os.uname().machine
        if of_guest and of_guest != of_host and (of_guest, of_host) != ("i686", "x86_64"):
            raise Refused(
                self.root,
                f"its programs are for {of_guest}, and this host ({of_host}) cannot run them",
                f"do it on a {of_guest} host, in the running guest, or install qemu-user-static",
            )
        raise Refused(
            self.root,
            f"its programs cannot be run: {last_words(result.err)}",
            "look whether the root is complete (a separate /usr?), or do it in the running guest",
        )


def machine_of(root: str) -> str:
    """For which machine a guest's shell was built; "" where that cannot be told."""
    return executable.elf_machine(rooted.read(root, "/bin/sh", executable.ENOUGH) or b"")


def _source() -> str:
    """The jail's text; a target has it only inside of the archive that Ansible sent."""
    return jail.__loader__.get_source(jail.__name__)


__all__ = ["Guest", "machine_of"]
