# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the tree of a small Linux guest that can run its own programs: build_guest.py DIRECTORY

Its programs are busybox. Its update-initramfs and lsinitramfs are a few lines that make and list a real cpio archive;
what Debian's and dracut's do is tried in the Molecule scenario driver.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import sys

APPLETS = ("sh", "cat", "cpio", "find", "grep", "mv", "sed", "sort")
# The second was made for clouds: it has virtio, and its disk driver is built in.
KERNELS = {
    "6.1.0-1-amd64": {
        "files": {
            "ata_piix": [],
            "virtio": [],
            "virtio_ring": ["virtio"],
            "virtio_pci": ["virtio_ring", "virtio"],
            "virtio_blk": ["virtio_ring", "virtio"],
            "virtio_scsi": [],
            "virtio_net": [],
            "xen-blkfront": [],
        },
        "builtin": [],
    },
    "6.1.0-2-cloud-amd64": {
        "files": {"virtio_scsi": [], "virtio_net": []},
        "builtin": ["virtio_blk", "virtio_pci", "xen-blkfront"],
    },
}
UPDATE = """#!/bin/sh
# In place of mkinitramfs.
set -e
release=$3
image=/boot/initrd.img-$release
cd /lib/modules/$release
grep -v '^#' /etc/initramfs-tools/modules | while read name; do
  pattern=$(echo "$name" | sed 's/_/[-_]/g')
  grep "/$pattern\\.ko:" modules.dep | sed 's/://'
done | sed 's/ /\\n/g' | grep . | sort -u | sed "s|^|/lib/modules/$release/|" > /tmp/list
cpio -o -H newc < /tmp/list > "$image.new" 2> /dev/null
mv "$image.new" "$image"
"""
LIST = """#!/bin/sh
exec cpio -t < "$1" 2> /dev/null
"""
FILES = {
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
    "etc/fstab": "UUID=1 / ext4 defaults 0 1\n",
    "etc/initramfs-tools/initramfs.conf": "MODULES=list\n",
    "etc/initramfs-tools/modules": "# what this guest needs\nata_piix\n",
    "usr/lib/systemd/system/qemu-guest-agent.service": "[Install]\nWantedBy=multi-user.target\n",
}


def write(place: pathlib.Path, text: str, mode: int = 0o644) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(mode)


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    for directory in ("proc", "sys", "dev", "tmp", "run", "var/tmp", "usr/bin", "usr/sbin", "usr/lib", "boot"):
        (root / directory).mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (root / name).symlink_to(f"usr/{name}")
    busybox = shutil.which("busybox")
    if busybox is None:
        sys.exit("busybox is not installed (package busybox-static)")
    shutil.copy(busybox, root / "usr/bin/busybox")
    for name in APPLETS:
        (root / "usr/bin" / name).symlink_to("busybox")
    for path, text in FILES.items():
        write(root / path, text)
    write(root / "usr/sbin/update-initramfs", UPDATE, 0o755)
    write(root / "usr/bin/lsinitramfs", LIST, 0o755)
    for release, kernel in KERNELS.items():
        write(root / f"boot/vmlinuz-{release}", "kernel\n")
        where = root / f"usr/lib/modules/{release}"
        for name in kernel["files"]:
            write(where / f"kernel/{name}.ko", f"{name}\n" * 99)
        lines = [
            f"kernel/{name}.ko: {' '.join(f'kernel/{need}.ko' for need in needs)}\n"
            for name, needs in kernel["files"].items()
        ]
        write(where / "modules.dep", "".join(lines))
        write(where / "modules.builtin", "".join(f"kernel/drivers/{name}.ko\n" for name in kernel["builtin"]))
        command = f"chroot {root} /usr/sbin/update-initramfs -u -k {release}"
        if os.system(command):
            sys.exit(f"{command} failed")


if __name__ == "__main__":
    main()
