# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: look.py DIRECTORY [--sweep]: print as JSON what the host has to do with the images in a directory.

The independent reader: it shares no code with the collection and asks losetup, findmnt and /proc. Other people's
disks on the same host are left out, so that two test runs, or a test and a real guest, do not disturb each other.

--sweep then takes away what was found, so that a test that failed leaves nothing to the next one.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

RECORDS = Path("/run/homevirt.fleet/vbd")
FSTAB = Path("/etc/fstab")
CHUNK = 1 << 16
# What may serve or use an image; the processes of Ansible and of this test name the directory too.
SERVERS = ("qemu", "nbdfuse")


def output(*argv: str) -> str:
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def digest(path: Path) -> str:
    """Of the content. Holes are skipped, so that the sum of a sparse disk costs what it holds and not what it could."""
    total, end, start = hashlib.sha256(), path.stat().st_size, 0
    with open(path, "rb") as stream:
        while start < end:
            try:
                start = os.lseek(stream.fileno(), start, os.SEEK_DATA)
            except OSError:
                break
            stop = os.lseek(stream.fileno(), start, os.SEEK_HOLE)
            start -= start % CHUNK
            stream.seek(start)
            while start < stop and (chunk := stream.read(CHUNK)):
                # A hole that became a block of zeros is no change of the content.
                if chunk.count(0) != len(chunk):
                    total.update(b"%d:" % start + chunk)
                start += len(chunk)
    return f"{end}:{total.hexdigest()}"


def is_of(loops: list[dict[str, t.Any]], node: t.Optional[str]) -> bool:
    """Whether a device is one of these or a partition of one."""
    return bool(node) and any(node == loop["name"] or node.startswith(f"{loop['name']}p") for loop in loops)


class Host:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.tags = {f"{path.stat().st_dev:x}-{path.stat().st_ino:x}-host" for path in self.regular()}
        self.records = sorted(filter(self.is_ours, RECORDS.iterdir())) if RECORDS.is_dir() else []
        self.places = [f"{directory}/", *(f"{record}/" for record in self.records)]

    def regular(self) -> list[Path]:
        """Files of the directory itself; what is mounted below it is not ours to read."""
        return sorted(path for path in self.directory.iterdir() if path.is_file() and not path.is_symlink())

    def is_ours(self, record: Path) -> bool:
        try:
            image = json.loads((record / "record.json").read_text(encoding="utf-8"))["image"]
        except (OSError, ValueError):
            image = ""
        return record.name in self.tags or image.startswith(f"{self.directory}/")

    def inside(self, path: t.Optional[str]) -> bool:
        return bool(path) and any(path.startswith(place) for place in self.places)

    def loops(self) -> list[dict[str, t.Any]]:
        listed = output("losetup", "--json", "--list", "--output", "NAME,BACK-FILE,RO,OFFSET,SIZELIMIT")
        all_loops = json.loads(listed)["loopdevices"] if listed else []
        found = [loop for loop in all_loops if self.inside(loop["back-file"])]
        # Also those that are built on one of ours.
        return found + [loop for loop in all_loops if is_of(found, loop["back-file"])]

    def mounts(self) -> list[dict[str, t.Any]]:
        listed = output("findmnt", "--json", "--list", "--output", "TARGET,SOURCE,FSTYPE,OPTIONS")
        loops, found = self.loops(), json.loads(listed)["filesystems"]
        return [mount for mount in found if self.inside(mount["target"]) or is_of(loops, mount["source"])]

    def processes(self) -> list[dict[str, t.Any]]:
        found = []
        for pid in sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
            try:
                name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
                argv = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
            except OSError:
                continue
            if name.startswith(SERVERS) and any(place in word for place in self.places for word in argv):
                found.append({"pid": pid, "name": name, "argv": argv})
        return found

    def record_files(self) -> dict[str, t.Any]:
        """Names, and the record's own content and time: a run that changes nothing does not even write it again."""
        found = {}
        for record in self.records:
            file = record / "record.json"
            known = [file.read_text(encoding="utf-8"), file.stat().st_mtime_ns] if file.exists() else None
            found[record.name] = {"names": sorted(os.listdir(record)), "record": known}
        return found

    def fstab(self) -> str:
        return FSTAB.read_bytes().decode("utf-8", "surrogateescape") if FSTAB.exists() else ""

    def look(self) -> dict[str, t.Any]:
        # What the kernel still holds back of a mount for writing would show as a change in a later look.
        os.sync()
        return {
            "loops": self.loops(),
            "mounts": self.mounts(),
            "processes": self.processes(),
            "records": self.record_files(),
            "fstab": [line for line in self.fstab().splitlines() if f"{self.directory}/" in line],
            "names": sorted(os.listdir(self.directory)),
            "files": {path.name: digest(path) for path in self.regular()},
        }

    def sweep(self) -> None:
        """Best effort: each thing may have gone together with the one before it."""
        loops, mounts = self.loops(), self.mounts()
        # A loop device on a file that FUSE shows must go before its file system, with which its name goes.
        for mount in reversed([mount for mount in mounts if not mount["fstype"].startswith("fuse")]):
            subprocess.run(["umount", "--lazy", mount["target"]], check=False)
        for loop in reversed(loops):
            subprocess.run(["losetup", "--detach", loop["name"]], check=False)
        for process in self.processes():
            os.kill(process["pid"], signal.SIGKILL)
        for mount in [mount for mount in mounts if mount["fstype"].startswith("fuse")]:
            subprocess.run(["umount", "--lazy", mount["target"]], check=False)
        for record in self.records:
            for entry in record.iterdir():
                if not entry.is_dir():
                    entry.unlink()
                elif not os.path.ismount(entry):
                    entry.rmdir()
            record.rmdir()
        if f"{self.directory}/" in self.fstab():
            kept = [line for line in self.fstab().splitlines(keepends=True) if f"{self.directory}/" not in line]
            FSTAB.write_text("".join(kept), encoding="utf-8", errors="surrogateescape")


def main() -> None:
    host = Host(Path(sys.argv[1]))
    found = host.look()
    print(json.dumps(found, sort_keys=True))
    if "--sweep" in sys.argv[2:] and any(found[kind] for kind in ("loops", "mounts", "processes", "records", "fstab")):
        host.sweep()


if __name__ == "__main__":
    main()
