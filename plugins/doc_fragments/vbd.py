# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  format:
    description:
      - Format of the image.
      - When not given, it is told by the file name (C(.qcow2), C(.qcow), C(.vmdk), C(.vdi), C(.vhd), C(.vpc),
        C(.vhdx), C(.raw)); any
        other name needs this option. The content is never asked, because a guest can write the header of another
        format into its own raw disk and so have the host open any file.
      - The header must agree with it, or the image is refused.
    type: str
    choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
  access:
    description:
      - V(r) attaches read-only on every layer. V(w) lets the host write into the image.
      - In a disk's own mapping Xen's V(ro) and V(rw) are understood too.
    type: str
    choices: [r, w]
    default: r
  backend:
    description:
      - How the image becomes a block device.
      - V(xl) attaches it with Xen's own tool, on a Xen Domain-0; V(xm) does the same where xend still runs (Xen 4.4 and
        older). What they cannot serve is served by V(nbd) or V(nbdfuse) first, such as V(vmdk), V(vdi), V(vhdx), an
        overlay, a path with blanks, and for V(xl) what is not raw and only read.
      - V(loop) puts a raw image or a block device straight behind a loop device.
      - V(nbd) serves it with C(qemu-nbd) on a C(/dev/nbdX); the kernel needs the C(nbd) module, which is loaded when
        missing.
      - V(nbdfuse) serves it with C(qemu-nbd) and C(nbdfuse) as a file and puts a loop device on that; it needs FUSE
        only.
      - V(auto) takes the first of these that can serve the disk on this host.
    type: str
    choices: [auto, xl, xm, nbd, nbdfuse, loop]
    default: auto
  overlay:
    description:
      - Whether writes go into a throwaway layer. The image is opened read-only and stays as it is; what was written
        is gone after detaching. O(access) is V(w) then.
    type: bool
    default: false
  overlay_dir:
    description:
      - Directory whose file system holds the throwaway layer. The layer has no name there and leaves nothing behind.
      - One that is not there, or lies on a read-only file system, is refused.
    type: str
    default: /var/tmp
  overlay_space:
    description:
      - What must be free in O(overlay_dir) for each throwaway layer before it is made, such as V(500M) or V(20G). For a
        smaller disk its size counts. V(0) asks for nothing.
      - A layer grows as far as it is written to. Where the directory is full then, writing fails with an I/O error, and
        the image stays as it is.
    type: bytes
    default: 1G
  references:
    description:
      - Backing, data or extent files outside the image's own directory that it may open. Any other such file is
        refused, because an image from outside could name any file of the host.
    type: list
    elements: str
    default: []
  force:
    description:
      - Whether an image that is attached with another access, format, overlay or O(disks[].vdev) than asked for is
        detached and attached anew, and whether file systems that somebody else mounted from it are unmounted first.
      - Whether a disk that a running Xen guest may write to, and may have mounted, is taken away from it.
      - Another O(backend), O(overlay_dir) or O(references) does not make a standing attachment a wrong one.
      - It never tears a disk away from under a file system or a program of this host, and never overrides another user
        of the image.
    type: bool
    default: false
  on_error:
    description:
      - What happens to the other disks of the call when one fails.
      - V(rollback_all) undoes all that was done, from the last step back. All disks are one transaction.
      - V(keep_good) undoes what was done for that disk, carries on with the others, and fails at the end. What was kept
        is in RV(kept) and RV(disks), what failed in RV(failed_disks). Where one file system is mounted below another,
        both are kept or neither.
      - What contradicts itself, such as one path for two mounts, fails the call before anything is done.
    type: str
    choices: [rollback_all, keep_good]
    default: rollback_all
  workers:
    description:
      - How many servers of images are started, and how many disks are read, at the same time. V(1) does one after the
        other.
      - With V(nbd), V(loop) and what Xen's tools open themselves there is no server whose start could be waited for
        together.
    type: int
    default: 4
  timeout:
    description:
      - Seconds that one command, or the wait for one device, may take.
    type: float
    default: 30.0
requirements:
  - losetup, blkid, partx, mount (util-linux)
  - qemu-nbd (Debian package qemu-utils, Fedora qemu-img) for all formats but raw
  - nbdfuse (Debian package libnbd-bin, Fedora nbdfuse) and fusermount3 (fuse3) where the kernel has no nbd module
  - root
"""

    LUKS = r"""
options:
  luks_passphrase:
    description:
      - The passphrase that opens encrypted (LUKS1 or LUKS2) partitions and volumes on the way to a file system. Keep
        it in a vault.
      - It goes to C(cryptsetup) by its standard input, and is neither logged nor written anywhere.
    type: str
  luks_passphrases:
    description:
      - Passphrases of single images, which win over O(luks_passphrase) and O(luks_key_file). The keys are the images'
        paths (or guests' names) as they are given elsewhere in the task.
      - They stand here and not in a disk's own mapping because only so does Ansible know what it must never show.
    type: dict
    default: {}
  luks_key_file:
    description:
      - Absolute path, on the host, of a file whose whole content opens them in place of O(luks_passphrase).
    type: str
"""
