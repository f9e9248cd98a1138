# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A modelled Domain-0: xenstore, the two toolstacks, and the kernel's view of Xen's disks.

It behaves as Xen 4.17 was seen to in the Molecule scenario ``xen``, its lies included: success for a disk that never
comes (a qcow2 that is to be read only), and an entry that stays where the other end does not answer.
"""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import vdev
from ansible_collections.homevirt.fleet.tests.unit.support import fakexenstored

CONNECTED, INITIALISING, CLOSED = 4, 1, 6


class FakeXen:
    """domains: {id: name} beside Domain-0; without_qemu: those that have none of their own.

    xend: xm is the toolstack; never: devices that never connect.
    """

    def __init__(self, fake, *, domains=None, without_qemu=(), xend=False, never=()):
        self.fake = fake
        self.domains = {0: "Domain-0", **(domains or {})}
        self.without_qemu = set(without_qemu)
        self.xend = xend
        self.never = set(never)
        # (domain, device number): [kind, target, format, mode, state]
        self.vbds = {}
        # The devices of Domain-0 under those of kind vbd.
        self.devices = {}

    def boot(self):
        root = self.fake.root
        for name in ("proc/xen", "sys/bus/xen/devices", "sys/bus/xen-backend/devices"):
            (root / name).mkdir(parents=True)
        (root / "proc/xen/capabilities").write_text("control_d\n")
        fakexenstored.serve(root / "run/xenstored/socket", self.tree, self._greet)
        if self.xend:
            (root / "run/xend.pid").touch()
        self.servers = {domid: self._server(domid) for domid in self.domains if domid not in self.without_qemu}

    def _server(self, domid):
        pid = self.fake._process("qemu-system-i386", 1, None)
        words = ["qemu-system-i386", "-xen-domid", str(domid), "-xen-attach"]
        (self.fake.root / f"proc/{pid}/cmdline").write_text("".join(f"{word}\0" for word in words))
        return pid

    def load(self, module):
        bus = {"xen-blkfront": "xen", "xen-blkback": "xen-backend"}[module]
        (self.fake.root / f"sys/bus/{bus}/drivers/vbd").mkdir(parents=True)
        return 0

    def tree(self):
        """xenstore, {path: value}."""
        found = {f"/local/domain/{domid}/name": name for domid, name in self.domains.items()}
        for (domid, devid), (kind, target, form, mode, state) in self.vbds.items():
            place = f"/local/domain/0/backend/{kind}/{domid}/{devid}"
            params = target if kind == "vbd" else f"{form}:{target}"
            found.update({f"{place}/params": params, f"{place}/mode": mode, f"{place}/state": str(state)})
            if kind == "vbd":
                found[f"{place}/physical-device-path"] = self.devices[domid, devid]
        return found

    def _greet(self):
        return self.fake._begin(["xenstored"])

    def xl(self, argv):
        if argv[0] == "list":
            return "[]", 0
        if argv[0] == "block-detach":
            return self._detach(int(argv[-2]), int(argv[-1]), force="--force" in argv)
        domid, words = int(argv[1]), argv[2]
        rest, _equals, target = words.partition("target=")
        values = dict(word.split("=") for word in rest.rstrip(",").split(","))
        return self._attach(domid, values["vdev"], target, values["format"], values["access"][-1])

    def xm(self, argv):
        if argv[0] == "block-detach":
            return self._detach(int(argv[1]), int(argv[2]), force="--force" in argv)
        domid, behind, name, mode = argv[1:]
        kind, _colon, target = behind.partition(":/")
        return self._attach(int(domid), name, f"/{target}", kind.rpartition(":")[2], mode)

    def _attach(self, domid, name, target, form, mode):
        place = (domid, vdev.parse(name).devid)
        if place in self.vbds:
            return "", 1
        kind = "vbd" if form == "raw" else "qdisk"
        mode = "w" if mode == "w" else "r"
        lost = name in self.never or (kind == "qdisk" and domid not in self.servers)
        lost = lost or (kind == "qdisk" and mode == "r" and not self.xend)
        state = INITIALISING if lost else CONNECTED
        self.vbds[place] = [kind, target, form, mode, state]
        if kind == "qdisk" and domid in self.servers:
            (self.fake.root / f"proc/{self.servers[domid]}/fd/{place[1]}").symlink_to(target)
        elif target.startswith(f"{self.fake.root}/dev/"):
            self.devices[place] = target
        else:
            # The script "block" puts a file behind a loop device.
            read_only = ["--read-only"] if mode == "r" else []
            self.devices[place] = self.fake._losetup([*read_only, target])[0].strip()
        if domid == 0 and state == CONNECTED:
            self.fake._disk(name, 202, place[1] & 0xFF, self.fake.size)
            (self.fake.root / f"sys/bus/xen/devices/vbd-{place[1]}/block/{name}").mkdir(parents=True)
        return "", 0

    def _detach(self, domid, devid, *, force):
        if (domid, devid) not in self.vbds:
            return "", 1
        if self.vbds[domid, devid][4] != CONNECTED and not force:
            self.vbds[domid, devid][4] = CLOSED
            return "", 1
        target = self.vbds.pop((domid, devid))[1]
        device = self.devices.pop((domid, devid), target)
        if device != target:
            self.fake._losetup(["--detach", device])
        (self.fake.root / f"proc/{self.servers.get(domid)}/fd/{devid}").unlink(missing_ok=True)
        place = self.fake.root / f"sys/bus/xen/devices/vbd-{devid}"
        if domid == 0 and place.exists():
            for node in (place / "block").iterdir():
                self.fake._remove_disk(node.name)
                node.rmdir()
            (place / "block").rmdir()
            place.rmdir()
        return "", 0
