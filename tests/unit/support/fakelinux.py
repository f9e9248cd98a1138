# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux guest in a temporary directory, and a runner that stands for the programs of its initramfs.

An image is a text of its modules' paths here. That the real programs do as much is shown by the Molecule scenario
driver, which runs them on real guests.
"""

from __future__ import annotations

import itertools
import os
import pathlib

from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Plan
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import initramfs, kernels, linux
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.request import Request

DEPENDENCIES = {
    "virtio_blk": ("virtio_ring", "virtio"),
    "virtio_pci": ("virtio_ring", "virtio"),
    "virtio_scsi": (),
    "virtio_net": ("net_failover",),
    "ata_piix": (),
    "virtio_ring": (),
    "virtio": (),
    "net_failover": (),
}


class FakeLinux:
    """dracut: in place of initramfs-tools. says: {program: (status, words)} of one that fails; forgets: modules that it
    leaves out although it was told to take them in."""

    def __init__(self, root: pathlib.Path, *, dracut=False):
        self.root = root
        self.dracut = dracut
        self.host = Host(self)
        self.says = {}
        self.forgets = set()
        self.commands = []
        self.clock = itertools.count(1)
        self.write("etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n')
        self.write("bin/sh", "")
        if dracut:
            self.write("usr/bin/dracut", "#!/bin/bash\n")
            self.write("etc/dracut.conf.d/lab.conf", 'drivers+=" ata_piix "\n')
        else:
            self.write("usr/sbin/update-initramfs", "#!/bin/sh\nmkinitramfs\n")
            self.write("etc/initramfs-tools/modules", "# comment\nata_piix\n")
            self.write("etc/initramfs-tools/initramfs.conf", "MODULES=list\n")

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def kernel(self, release, *, modules=tuple(DEPENDENCIES), builtin=(), image=("ata_piix",)):
        """image: what its initramfs holds; None for no initramfs."""
        where = f"lib/modules/{release}"
        files = {name: f"kernel/drivers/{name.replace('_', '-')}.ko.xz" for name in modules}
        lines = [f"{files[name]}: {' '.join(files[need] for need in DEPENDENCIES.get(name, ()))}" for name in modules]
        self.write(f"{where}/modules.dep", "\n".join([*lines, ""]))
        self.write(f"{where}/modules.builtin", "".join(f"kernel/drivers/{name}.ko\n" for name in builtin))
        self.write(f"boot/vmlinuz-{release}", "kernel")
        if image is not None:
            self.make(self.image(release), release, image)
        return release

    def image(self, release):
        return self.root / ("boot/initramfs-{}.img" if self.dracut else "boot/initrd.img-{}").format(release)

    def make(self, place, release, modules):
        """As the real ones do: a new file in the place of the old one."""
        draft = place.with_name(f"{place.name}.new")
        draft.write_text("".join(f"usr/lib/modules/{release}/kernel/{name}.ko\n" for name in sorted(modules)))
        os.utime(draft, ns=(0, next(self.clock) * 10**9))
        draft.rename(place)

    def holds(self, release):
        return initramfs.listed_modules(self.image(release).read_text())

    def snapshot(self):
        """All that a guest may lose: every file's content, and every link's target."""
        return {
            str(path.relative_to(self.root)): os.readlink(path) if path.is_symlink() else path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_symlink() or path.is_file()
        }

    def plan(self, state="present", hypervisor="kvm", drivers=()):
        plan, self.kind = Plan(), linux.LinuxGuest()
        request = Request(str(self.root), state=state, hypervisor=hypervisor, drivers=tuple(drivers))
        return plan, self.kind.plan(self.host, request, plan)

    def apply(self, *args, **options):
        plan, part = self.plan(*args, **options)
        plan.apply()
        self.kind.finish()
        return plan, part

    # What engines call.

    def find(self, program):
        return f"/usr/bin/{program}"

    def run(self, argv, timeout):
        _python, _option, _text, access, root, program, *words = argv
        assert root == str(self.root)
        self.commands.append([access, program, *words])
        if program in self.says:
            return Result(tuple(argv), *self.says[program])
        out = getattr(self, f"_{os.path.basename(program).replace('-', '_')}")(*words) or ""
        return Result(tuple(argv), 0, out, "")

    def _sh(self, *words):
        pass

    def _lsinitramfs(self, image):
        return (self.root / image.lstrip("/")).read_text()

    def _lsinitrd(self, image):
        lines = (self.root / image.lstrip("/")).read_text().splitlines()
        return "".join(f"-rw-r--r--   1 root     root        12345 Jan  1  1970 {line}\n" for line in lines)

    def _update_initramfs(self, update, option, release):
        assert (update, option) == ("-u", "-k")
        told = (self.root / "etc/initramfs-tools/modules").read_text().splitlines()
        self.make(self.image(release), release, self._closed(release, told))

    def _dracut(self, force, outside, image, release):
        assert (force, outside) == ("--force", "--no-hostonly")
        texts = [path.read_text() for path in (self.root / "etc/dracut.conf.d").iterdir()]
        told = [word for text in texts for word in text.replace('"', " ").split()]
        self.make(self.root / image.lstrip("/"), release, self._closed(release, told))

    def _closed(self, release, told):
        text = (self.root / f"lib/modules/{release}/modules.dep").read_text()
        needs = kernels.dependencies(text)
        wanted = [name for name in told if name in needs]
        return {other for name in wanted for other in (name, *needs[name])} - self.forgets
