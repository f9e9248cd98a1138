# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the guard's shell: the real script and real files, with a systemd that only remembers what it was told.

Nothing waits here: a test says itself when a window ends. The Molecule scenario guard has real hosts.
"""

from __future__ import annotations

import collections
import pathlib
import shlex
import shutil
import subprocess

from ansible_collections.homevirt.fleet.plugins.plugin_utils._guard import script

SYSTEMD_RUN = """#!/bin/sh
for word; do case $word in --unit=*) unit=${word#*=} ;; --on-active=*) kind=timer ;; esac; done
[ ! -e PLACE/broken ] && [ ! -e "PLACE/active/$unit.${kind:-service}" ] || exit 1
echo "$@" > "PLACE/active/$unit.${kind:-service}"
"""
SYSTEMCTL = """#!/bin/sh
verb=
for word; do
  case $word:$verb in
    -*) ;;
    *:) verb=$word ;;
    *:stop) rm -f "PLACE/active/$word" ;;
    *:is-active) [ ! -e "PLACE/active/$word" ] || { echo active; found=1; } ;;
  esac
done
[ "$verb" != is-active ] || [ -n "${found:-}" ]
"""
WORLD = """
init_of() { echo systemd; }
UNITS=PLACE/units RUN=PLACE/run LOCK_PATIENCE=0 PATH=PLACE/bin:$PATH
"""
Answer = collections.namedtuple("Answer", "rc said")


class FakeGuardHost:
    def __init__(self, place: pathlib.Path, shell=("sh",)):
        self.place, self.shell = place, shell
        self.guards, self.active, self.units = place / "guards", place / "active", place / "units"
        for each in ("active", "units", "bin", "guards"):
            (place / each).mkdir()
        for name, text in (("systemd-run", SYSTEMD_RUN), ("systemctl", SYSTEMCTL)):
            (place / "bin" / name).write_text(text.replace("PLACE", str(place)))
            (place / "bin" / name).chmod(0o755)

    def ask(self, verb, *words, files=(), undo=(), check=False):
        """What the guard answers: its exit status, and of each key the last value."""
        asked = script.asked(verb, words, directory=str(self.guards), check=check, files=[*map(str, files)], undo=undo)
        text, world = script.guard_text(), WORLD.replace("PLACE", str(self.place))
        ours = text.replace("\nchoose_directory\n", f"\n{world}\nchoose_directory\n")
        asked = asked.decode().replace(shlex.quote(text.rstrip()), shlex.quote(ours.rstrip()))
        assert ours != text and world.strip() in asked
        done = subprocess.run(self.shell, input=asked, capture_output=True, text=True, timeout=60, check=False)
        lines = [line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.startswith("homevirt-guard ")]
        return Answer(done.returncode, dict(lines))

    def arm(self, name, files=(), owner="me", identifier="1", mark="m", **more):
        return self.ask("arm", name, owner, identifier, 600, "rollback", mark, files=files, **more)

    def state(self, name):
        return (self.guards / name / "state").read_text().strip()

    def hooks(self):
        return sorted(path.name for path in self.units.iterdir())

    def forget_processes(self):
        """What is left of what systemd-run started, after a systemd that was started anew: nothing."""
        for path in self.active.iterdir():
            path.unlink()

    def lock(self, path):
        """Keep a lock of the guard as a live process of another question would; the process, to be ended."""
        process = subprocess.Popen(["sleep", "60"])
        path.mkdir()
        (path / "pid").write_text(f"{process.pid}\n")
        (path / "start").write_text(
            pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        )
        shutil.copy("/proc/sys/kernel/random/boot_id", path / "boot")
        return process
