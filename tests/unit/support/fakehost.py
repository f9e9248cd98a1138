# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a temporary directory: a recording runner whose commands change a tree of /proc, /sys and /dev.

It models just what the engines read, so that a test can let any command fail and compare the host before and after.
That the model is right is shown by the integration tests, which run the same operations on a real kernel.
"""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re

from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import losetup
from ansible_collections.homevirt.fleet.tests.unit.support.fakedisks import FakeDisks
from ansible_collections.homevirt.fleet.tests.unit.support.fakemapper import FakeMapper
from ansible_collections.homevirt.fleet.tests.unit.support.fakeservers import FakeServers
from ansible_collections.homevirt.fleet.tests.unit.support.fakexen import FakeXen

SIZE = 1 << 20
PARTITION = re.compile(r"(?:(?:loop|nbd)\d+p|xvd[a-z])(\d+)")


class FakeHost(FakeServers, FakeDisks, FakeMapper):
    """contents: {partition number: blkid's tags} of every disk; fail: number of the command that fails (from 1)."""

    def __init__(self, root: pathlib.Path, contents=None, *, systemd=False, nbd=False, kernel_parses=True, xen=None):
        super().__init__()
        self.root = root
        self.contents = (
            contents if contents is not None else {1: {}, 2: {"TYPE": "ext4", "UUID": "u-2", "LABEL": "data"}}
        )
        self.kernel_parses = kernel_parses
        self.size = SIZE
        self.commands = []
        self.fail = 0
        self.absent = set()
        self.loops = {}
        # A file that somebody else puts behind the loop device that was free a moment ago.
        self.loop_rival = None
        # {partition number: its first bytes}, and {end of a device's name: files} of what is mounted from it.
        self.raw = {}
        self.trees = {}
        self.minors = itertools.count(1)
        self.xen = FakeXen(self, **xen) if xen is not None else None
        for name in ("proc/self", "sys/block", "dev", "run", "srv", "mnt"):
            (root / name).mkdir(parents=True)
        (root / "dev/fuse").touch()
        (root / "dev/loop-control").touch()
        (root / "proc/self/mountinfo").write_text("")
        if systemd:
            (root / "run/systemd/system").mkdir(parents=True)
        if self.xen:
            self.xen.boot()
        if nbd:
            for number in range(2):
                self._disk(f"nbd{number}", 43, number, 0)
        self.host = Host(
            self,
            timeout=1.0,
            proc=f"{root}/proc",
            sys=f"{root}/sys",
            dev=f"{root}/dev",
            run=f"{root}/run",
            lib=f"{root}/lib",
            clock=itertools.count(step=0.1).__next__,
            sleep=lambda pause: None,
            ioctl=self._ioctl,
        )

    # What engines call.

    def find(self, program):
        return None if program in self.absent else program if "/" in program else f"/usr/bin/{program}"

    def run(self, argv, timeout, given=""):
        self.given = given
        if not self._begin(argv):
            return Result(tuple(argv), 1, "", "it failed, as this test wants\n")
        verb = argv[0].rpartition("/")[2].replace("-", "_")
        out, code = getattr(self, f"_{verb}")(list(argv[1:])) or ("", 0)
        return Result(tuple(argv), code, *(("", out) if code else (out, "")))

    def run_all(self, argvs, timeout):
        return [self.run(argv, timeout) for argv in argvs]

    def spawn(self, argv, log, env):
        if self._begin(argv):
            return self._serve(list(argv), log)
        pathlib.Path(log).write_text("qemu-nbd: it failed, as this test wants\n")
        return lambda: False

    def _begin(self, argv):
        self.commands.append([self.shown(word) for word in argv])
        return len(self.commands) != self.fail

    def shown(self, text):
        """Text with this tree's own path taken out, so that cases can be written down."""
        return str(text).replace(str(self.root), "")

    # What tests look at.

    def image(self, name, content):
        path = self.root / "srv" / name
        path.write_bytes(content)
        return str(path)

    def snapshot(self):
        """Everything that an operation may change, to be compared before and after."""
        files = sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*"))
        mounts = (self.root / "proc/self/mountinfo").read_text()
        return [name for name in files if not STAYS.search(name) and name not in EMPTIES], mounts

    # The commands.

    def _losetup(self, argv):
        if "--list" in argv:
            return json.dumps({"loopdevices": [dict(loop) for loop in self.loops.values()]}) if self.loops else "", 0
        if "--detach" in argv:
            self._remove_disk(argv[1].rpartition("/")[2])
            del self.loops[argv[1]]
            return None
        if argv == ["--find"]:
            return f"{self.root}/dev/loop{self._free_loop()}\n", 0
        named = [word for word in argv[:-1] if word.startswith(f"{self.root}/dev/loop")]
        path, device = argv[-1], named[0] if named else f"{self.root}/dev/loop{self._free_loop()}"
        if named:
            if self.loop_rival:
                rival, self.loop_rival = self.loop_rival, None
                self._losetup(["--read-only", device, rival])
            if device in self.loops:
                return "", 1
        name = device.rpartition("/")[2]
        status = os.stat(path)
        self.loops[device] = {
            "name": device,
            "back-file": path,
            "back-ino": status.st_ino,
            "ro": "--read-only" in argv,
            "back-maj:min": f"  {os.major(status.st_dev)}:{os.minor(status.st_dev)} ",
        }
        self._disk(name, 7, int(name[4:]) + 1, SIZE)
        (self.root / f"sys/block/{name}/loop").mkdir()
        (self.root / f"sys/block/{name}/loop/backing_file").write_text(f"{path}\n")
        return f"{device}\n", 0

    def _free_loop(self):
        return next(number for number in itertools.count() if f"{self.root}/dev/loop{number}" not in self.loops)

    def _ioctl(self, _fd, request):
        assert request == losetup.GET_FREE
        return self._free_loop()

    def _partx(self, argv):
        self._partition(argv[-1].rpartition("/")[2])

    def _blkid(self, argv):
        blocks = []
        for node in argv[3:]:
            name = node.rpartition("/")[2]
            part = PARTITION.fullmatch(name)
            tags = self.contents[int(part[1])] if part else {"PTTYPE": "gpt"}
            if name.startswith("dm-"):
                tags = self._tags_of(name)
            if tags is not None:
                lines = [f"{key}={value}\n" for key, value in {"DEVNAME": node, **tags}.items()]
                blocks.append("".join(lines))
        return "\n".join(blocks), 0 if blocks else 2

    def _mount(self, argv):
        fstype, options, device, path = argv[1], argv[3], argv[4], argv[5]
        major_minor = self._node(device).read_text().strip()
        access = "ro" if "ro" in options.split(",") else "rw"
        self._mounted(f"1 1 {major_minor} / {path} {access},nodev - {fstype} {device} {access}\n")
        self._fill(device.rpartition("/")[2], pathlib.Path(path))

    def _umount(self, argv):
        path = argv[-1]
        table = self.root / "proc/self/mountinfo"
        lines = table.read_text().splitlines(keepends=True)
        kept = [line for line in lines if line.split()[4] != path]
        if kept == lines:
            return "", 32
        table.write_text("".join(kept))
        self._empty(path)
        if path.endswith("/fuse"):
            for file in pathlib.Path(path).iterdir():
                file.unlink()
            if not self.copied_mounts:
                for pid in self.served.pop(path, ()):
                    self._end(pid)
        return None

    def _systemd_run(self, argv):
        start = next(index for index, word in enumerate(argv) if not word.startswith("--"))
        log = next(word.partition("file:")[2] for word in argv if word.startswith("--property=StandardError="))
        self._serve(argv[start:], log)

    def _systemctl(self, argv):
        return "", 3

    def _modprobe(self, argv):
        return "", 1 if not self.xen or "--show-depends" in argv else self.xen.load(argv[-1])

    def _xl(self, argv):
        return self.xen.xl(argv)

    def _xm(self, argv):
        return self.xen.xm(argv)

    def _mounted(self, line):
        with open(self.root / "proc/self/mountinfo", "a", encoding="utf-8") as table:
            table.write(line)


# The lock's file, and a kernel module that was loaded.
STAYS = re.compile(r"vbd\.lock$|^sys/bus/[^/]+/drivers")
# Directories that stay once made: nobody is helped by their removal.
EMPTIES = ("run/homevirt.fleet", "run/homevirt.fleet/vbd", "lib", "lib/homevirt.fleet", "lib/homevirt.fleet/vbd")
