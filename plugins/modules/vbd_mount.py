#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vbd_mount
short_description: Mount file systems out of guests' disk images
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Attaches disk images of guests to the host, as M(homevirt.fleet.vbd) does, and mounts file systems that are on
    them; or unmounts them and detaches what it attached. Many in one call.
  - Attaching and mounting of all disks of a call are one transaction, or those of each disk are one (O(on_error)). What
    fails is undone from the last step back.
  - Read-only mounts replay no journal, so not one byte of the image changes. All mounts are C(nodev,nosuid).
  - Reaches into LVM volume groups and LUKS, and each of them in the other. The host's own LVM is not used for it, so
    groups may have the same names and UUIDs as the host's or another guest's. What was opened is closed with the mount.
  - An NTFS that Windows has hibernated on or wants to check is not mounted for writing, nor a btrfs while another one
    with its UUID is mounted.
options:
  disks:
    description:
      - The file systems to mount. Each is a mapping with the options below.
      - The options of the module that have the same name are the defaults.
    type: list
    elements: raw
    required: true
    suboptions:
      image:
        description:
          - Absolute path of the image, or of a block device (with O(disks[].format=raw)).
          - Either this or O(disks[].guest) is required.
        type: str
      guest:
        description:
          - Name of a Xen guest that is shut down, whose disks are meant in place of O(disks[].image); or the absolute
            path of its configuration file. Its disks and their formats are read from the file in C(/etc/xen) that says
            C(name = '…') with that name. Drives for CDs are left out.
          - With O(disks[].vdev) that disk of the guest alone is meant.
          - Refused while the guest runs.
        type: str
      path:
        description:
          - Where to mount. The directory is made when missing, and then removed again after unmounting. One that is
            not empty is refused.
          - Required with O(state=mounted). Without it O(state=unmounted) unmounts all that was mounted from the image.
        type: str
      partition:
        description:
          - Which file system. The number of a partition (V(0) for one on the whole disk), the UUID or label of a
            file system or a partition, an LVM volume as V(GROUP/VOLUME), or V(root) for the one that holds the guest's
            operating system, wherever it lies.
          - What is encrypted stands for what is in it.
          - With V(root), more than one system is an error that lists them, and so is a partition whose content cannot
            be told because it bears the signatures of two file systems.
        type: str
        default: root
      mounts:
        description:
          - V(all) mounts the guest's whole tree below O(disks[].path), each file system of this disk where the guest's
            own C(/etc/fstab) says. Lines for anything else are left out, and named in RV(disks[].skipped).
          - Of the guest's mount options only those that name a subvolume are taken over.
        type: str
        choices: [one, all]
        default: one
      luks_key_file:
        description: As O(luks_key_file).
        type: str
      options:
        description: Further mount options, separated by commas. They come last and so win.
        type: str
        default: ""
      fstab:
        description:
          - Whether C(/etc/fstab) gets a line for it, with C(noauto,nofail) so that no boot waits for it.
        type: bool
        default: false
      vdev:
        description:
          - Xen's name for the device, such as V(xvda), V(/dev/xvda) or V(sdb1). V(auto), or nothing, takes the first
            that is free. A device that is taken is refused.
          - Only Xen hosts use it. Beside O(disks[].guest) it says which of the guest's disks is meant.
        type: str
      format:
        description: As O(format).
        type: str
        choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
      access:
        description: As O(access).
        type: str
        choices: [r, w]
      backend:
        description: As O(backend).
        type: str
        choices: [auto, xl, xm, nbd, nbdfuse, loop]
      overlay:
        description: As O(overlay).
        type: bool
      overlay_dir:
        description: As O(overlay_dir).
        type: str
      overlay_space:
        description: As O(overlay_space).
        type: bytes
      references:
        description: As O(references).
        type: list
        elements: str
  state:
    description:
      - V(mounted) makes sure that every file system is mounted as asked for.
      - V(unmounted) makes sure that none is, and detaches the disks that this module attached. One that
        M(homevirt.fleet.vbd) attached stays attached.
    type: str
    choices: [mounted, unmounted]
    default: mounted
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.vbd
  - homevirt.fleet.vbd.luks
requirements:
  - dmsetup for LVM volumes, cryptsetup for LUKS, ntfs-3g for NTFS
seealso:
  - module: homevirt.fleet.vbd
  - module: homevirt.fleet.vbd_info
"""

EXAMPLES = r"""
- name: Mount the guest's system read-only
  homevirt.fleet.vbd_mount:
    disks:
      - image: /srv/images/guest.qcow2
        path: /mnt/guest

- name: Mount two file systems of one disk for writing
  homevirt.fleet.vbd_mount:
    access: w
    disks:
      - image: /srv/images/guest.qcow2
        path: /mnt/guest
      - image: /srv/images/guest.qcow2
        partition: 1
        path: /mnt/guest-boot

- name: Mount the whole tree of a guest whose root is on LVM on LUKS
  homevirt.fleet.vbd_mount:
    luks_passphrase: "{{ guest_passphrase }}"
    disks:
      - image: /srv/images/encrypted.qcow2
        path: /mnt/guest
        mounts: all
  vars:
    # In a vault.
    guest_passphrase: correct horse battery staple

- name: Mount one volume of a guest on LVM
  homevirt.fleet.vbd_mount:
    luks_passphrases:
      /srv/images/encrypted.qcow2: correct horse battery staple
    disks:
      - image: /srv/images/encrypted.qcow2
        partition: vg0/home
        path: /mnt/home

- name: Unmount and detach all of it
  homevirt.fleet.vbd_mount:
    state: unmounted
    disks:
      - image: /srv/images/guest.qcow2
"""

RETURN = r"""
disks:
  description: One entry for each of O(disks), in the same order. After a failure those in RV(kept).
  returned: success, and failure with O(on_error=keep_good)
  type: list
  elements: dict
  contains:
    image:
      description: Path as given.
      type: str
      sample: /srv/images/guest.qcow2
    path:
      description: Where it is mounted. Not returned after unmounting.
      type: str
      sample: /mnt/guest
    partition:
      description: Number of the partition that is mounted. Empty in check mode where it is not mounted yet. Not
        returned after unmounting.
      type: int
      sample: 2
    fstype:
      description: Type of the file system as given to mount. Not returned after unmounting.
      type: str
      sample: ext4
    options:
      description: Options given to mount. Not returned after unmounting.
      type: str
      sample: ro,noload,nodev,nosuid
    volume:
      description: The LVM volume that is mounted. Empty for none. Not returned after unmounting.
      type: str
      sample: vg0/root
    tree:
      description: What is mounted, in order. Returned with O(disks[].mounts=all) only.
      type: list
      elements: dict
      contains:
        path:
          description: Where.
          type: str
          sample: /mnt/guest/boot
        partition:
          description: Number of the partition it lies on.
          type: int
        volume:
          description: The LVM volume. Empty for none.
          type: str
        fstype:
          description: Type of the file system as given to mount.
          type: str
        options:
          description: Options given to mount.
          type: str
    skipped:
      description: What of the guest's C(fstab) is not mounted, a sentence each. Returned with
        O(disks[].mounts=all) only.
      type: list
      elements: str
      sample: ["none (/dev/mapper/vg0-swap): it is swap space"]
    device:
      description: The disk's block device. After detaching, the one that it had. Empty in check mode for a disk not
        attached yet.
      type: str
      sample: /dev/loop0
    domain:
      description: Number of the Xen domain it is attached to, which is this host, V(0).
      type: int
    vdev:
      description: Xen's name for the place. Empty where the backend is not one of Xen's.
      type: str
      sample: xvda
    owner:
      description: The tag by which this collection knows the attachment as its own. Empty where there is none.
      type: str
      sample: homevirt.fleet:fe00-20c03f-host
    backend:
      description: The backend that serves it.
      type: str
      sample: nbdfuse
    changed:
      description: Whether anything was changed for this disk.
      type: bool
    format:
      description: Format of the image. Not returned after unmounting.
      type: str
      sample: qcow2
    access:
      description: V(r) or V(w). Not returned after unmounting.
      type: str
      sample: r
    overlay:
      description: Whether writes go into a throwaway layer. Not returned after unmounting.
      type: bool
    partitions:
      description: What is on the disk, as M(homevirt.fleet.vbd) returns it. Not returned after unmounting.
      type: list
      elements: dict
    paths:
      description: Where the image was mounted. Returned after unmounting only.
      type: list
      elements: str
summary:
  description: For each of O(disks) a line that says what is mounted where and how.
  returned: success, with O(state=mounted)
  type: list
  elements: str
  sample: ["/mnt/guest: partition 2 of /srv/images/guest.qcow2, read-only, by nbdfuse as /dev/loop0"]
steps:
  description: What was done, or in check mode would be, in order.
  returned: success, and failure with O(on_error=keep_good)
  type: list
  elements: str
  sample: [attach /srv/images/guest.qcow2, mount root of /srv/images/guest.qcow2 on /mnt/guest]
cleaned:
  description: What a crash had left behind and this run took away, a sentence each. Also given as warnings.
  returned: success
  type: list
  elements: str
what:
  description: The object that an error is about.
  returned: failure
  type: str
why:
  description: The reason of an error.
  returned: failure
  type: str
hint:
  description: The next step after an error.
  returned: failure
  type: str
missing_programs:
  description: Programs that the host lacks.
  returned: failure, when programs are missing
  type: list
  elements: str
kept:
  description: The images of O(disks) that are as asked for though others failed.
  returned: failure, with O(on_error=keep_good), unless nothing could be done at all
  type: list
  elements: str
failed_disks:
  description: The images of O(disks) that failed, and are as they were.
  returned: failure, with O(on_error=keep_good), unless nothing could be done at all
  type: list
  elements: dict
  contains:
    image:
      description: Path as given.
      type: str
    msg:
      description: The error as one would see it without O(on_error=keep_good).
      type: str
    what:
      description: The object that the error is about.
      type: str
    why:
      description: The reason.
      type: str
    hint:
      description: The next step.
      type: str
rolled_back:
  description: Steps that were undone, the last one first.
  returned: failure, when something had been done already
  type: list
  elements: str
not_rolled_back:
  description: Steps that could not be undone, with the reason.
  returned: failure, when undoing failed too
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._vbd import arguments, report


def main() -> None:
    module = AnsibleModule(
        argument_spec=arguments.spec(("mounted", "unmounted"), arguments.OF_ONE_MOUNT), supports_check_mode=True
    )
    opening = module.params["state"] == "mounted"
    engine = report.mount if opening else report.unmount
    report.finish(
        module,
        lambda host: engine(
            host,
            arguments.read_mounts(module.params, opening=opening),
            force=module.params["force"],
            check=module.check_mode,
            on_error=module.params["on_error"],
        ),
    )


if __name__ == "__main__":
    main()
