# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a modelled host, and the servers among them: qemu-nbd on a /dev/nbdX, and nbdfuse with its qemu-nbd.

also_opened:   a file that qemu-nbd opens beside its image.
copied_mounts: another mount namespace keeps a copy of each FUSE mount.
nbd_rival:     an image whose server, somebody else's, gets the nbd device that was free a moment ago.
slow:          servers do not come to serving before catch_up().
"""

from __future__ import annotations

import pathlib

# The thread of a server that made the connection, whose number the kernel names, from the process's own.
THREAD = 1000


class FakeServers:
    """What FakeHost has on top of disks."""

    def __init__(self):
        super().__init__()
        self.also_opened = None
        self.copied_mounts = False
        self.nbd_rival = None
        self.slow = False
        # {where nbdfuse shows its file: (its number, that of its qemu-nbd)}
        self.served = {}
        self.late = []
        self.next_pid = 100

    # What tests call.

    def kill(self, name):
        """End the processes of this name as kill -9 does; what they served stays as a torso."""
        for directory in list((self.root / "proc").glob("[0-9]*")):
            if (directory / "comm").read_text().strip() == name:
                self._end(int(directory.name))

    def lives(self, pid):
        return (self.root / f"proc/{pid}").exists()

    def serve_as_others_do(self, device, image):
        """As an administrator does it by hand, to read; returns the server's number."""
        pid = self._process("qemu-nbd", 1, image)
        info = self.root / f"proc/{pid}/fdinfo"
        info.mkdir()
        (info / "2").write_text("pos:\t0\nflags:\t0100000\n")
        self._connect(device.rpartition("/")[2], pid)
        return pid

    def catch_up(self):
        """The slow servers are ready now, as far as they still live."""
        for pid, serve in self.late:
            if self.lives(pid):
                serve()
        self.late = []

    # What engines call.

    def terminate(self, pid):
        self.commands.append(["SIGTERM", str(pid)])
        for place, family in list(self.served.items()):
            if pid in family:
                # libfuse unmounts it on its way out; each of the two ends with the other.
                table = self.root / "proc/self/mountinfo"
                lines = table.read_text().splitlines(keepends=True)
                table.write_text("".join(line for line in lines if line.split()[4] != place))
                for file in pathlib.Path(place).iterdir():
                    file.unlink()
                for other in self.served.pop(place):
                    self._end(other)
        for device in (self.root / "sys/block").glob("nbd*"):
            if self._server_of(device.name) == pid:
                self._disconnect(device.name)
        self._end(pid)

    def _qemu_nbd(self, argv):
        name = argv[-1].rpartition("/")[2]
        pid = self._server_of(name)
        if pid:
            self._disconnect(name)
            self._end(pid)

    # The kernel.

    def _serve(self, argv, log):
        """Start a server; returns what tells whether it runs."""
        connect = [word.partition("=")[2] for word in argv if word.startswith("--connect=")]
        if connect and self.nbd_rival:
            image, self.nbd_rival = self.nbd_rival, None
            self.serve_as_others_do(connect[0], image)
            pathlib.Path(log).write_text("qemu-nbd: Failed to set NBD socket\n")
            return lambda: False
        chief = self._process("qemu-nbd" if connect else "nbdfuse", 1, log)

        def serve():
            if connect:
                self._open(chief, argv[-1])
                self._connect(connect[0].rpartition("/")[2], chief)
            else:
                self._show(argv, chief, log)

        if self.slow:
            self.late.append((chief, serve))
        else:
            serve()
        return lambda: self.lives(chief)

    def _show(self, argv, chief, log):
        child = self._process("qemu-nbd", chief, log, argv[-1], *([self.also_opened] if self.also_opened else []))
        pathlib.Path(argv[argv.index("--pidfile") + 1]).write_text(f"{chief}\n")
        served = pathlib.Path(argv[argv.index("--socket-activation") - 1])
        served.write_bytes(b"")
        self.served[str(served.parent)] = (chief, child)
        self._mounted(f"1 1 0:40 / {served.parent} rw - fuse /dev/fuse rw\n")

    def _connect(self, name, pid):
        self._remove_disk(name)
        self._disk(name, 43, int(name[3:]), self.size)
        thread = self.root / f"proc/{pid + THREAD}"
        thread.mkdir()
        (thread / "comm").write_text("qemu-nbd\n")
        (thread / "status").write_text(f"Name:\tqemu-nbd\nTgid:\t{pid}\n")
        (self.root / f"sys/block/{name}/pid").write_text(f"{pid + THREAD}\n")

    def _disconnect(self, name):
        self._remove_disk(name)
        self._disk(name, 43, int(name[3:]), 0)

    def _server_of(self, name):
        place = self.root / f"sys/block/{name}/pid"
        return int(place.read_text()) - THREAD if place.exists() else 0

    def _process(self, name, parent, *opened):
        pid, self.next_pid = self.next_pid, self.next_pid + 1
        place = self.root / f"proc/{pid}"
        (place / "fd").mkdir(parents=True)
        (place / "stat").write_text(f"{pid} ({name}) S {parent} " + "0 " * 17 + f"{pid}000 0\n")
        (place / "comm").write_text(f"{name}\n")
        for path in filter(None, opened):
            self._open(pid, path)
        return pid

    def _open(self, pid, path):
        place = self.root / f"proc/{pid}/fd"
        (place / str(2 + len(list(place.iterdir())))).symlink_to(path)

    def _end(self, pid):
        for place in (self.root / f"proc/{pid}", self.root / f"proc/{pid + THREAD}"):
            if place.exists():
                for path in sorted(place.rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
                place.rmdir()
