# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Makes a guest out of dom0's own kernel: /boot/guest-vmlinux and /boot/guest-initrd, up in seconds, without a disk.

Run once, when the machine's disk is built. Layout of a kernel image: Linux, Documentation/arch/x86/boot.rst.
"""

from __future__ import annotations

import lzma
import pathlib
import struct
import subprocess
import tempfile

SECTOR = 512
SETUP_SECTORS, PAYLOAD = 0x1F1, 0x248


def unpacked(image: bytes) -> bytes:
    """The ELF inside: xl would unpack it at each start, which takes ten seconds on an emulated CPU."""
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = (image[SETUP_SECTORS] + 1) * SECTOR + offset
    # Not lzma.decompress(): four bytes of length stand behind the packed data.
    return lzma.LZMADecompressor().decompress(image[start : start + length])


def main() -> None:
    boot = pathlib.Path("/boot")
    [kernel] = boot.glob("vmlinuz-*")
    boot.joinpath("guest-vmlinux").write_bytes(unpacked(kernel.read_bytes()))
    release = kernel.name.partition("-")[2]
    with tempfile.TemporaryDirectory() as name:
        for source, target, mode in (
            ("/bin/busybox", "bin/busybox", "0755"),
            (f"/lib/modules/{release}/kernel/drivers/block/xen-blkfront.ko", "xen-blkfront.ko", "0644"),
        ):
            subprocess.run(["install", "-D", "-m", mode, source, f"{name}/{target}"], check=True)
        init = pathlib.Path(name, "init")
        init.write_text(
            "#!/bin/busybox sh\n" + pathlib.Path("/usr/local/sbin/guest_init.sh").read_text("utf-8"), "utf-8"
        )
        init.chmod(0o755)
        with boot.joinpath("guest-initrd").open("wb") as stream:
            pack = "find . | busybox cpio -o -H newc"
            subprocess.run(pack, shell=True, cwd=name, check=True, stdout=stream)


main()
