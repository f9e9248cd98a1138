#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vbd
short_description: Attach guests' disk images to the host as block devices
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Attaches disk images of guests to the host as block devices, and detaches them, many in one call.
  - All disks of a call are one transaction, or each is one (O(on_error)). What fails is undone from the last step back.
  - An image that anything else has open for writing is refused, and so is a second user of an image that is to be
    written. Open files of all processes, QEMU's locks, loop devices, mounts and device-mapper holders are looked at.
  - What a crash of the server process or a killed play left behind is recognised as this collection's own by its
    record under C(/run/homevirt.fleet/vbd), cleaned up by the next run, and named in RV(cleaned).
options:
  disks:
    description:
      - The disks. Each is a mapping with the options below, or a string in Xen's own spelling as in
        xl-disk-configuration(5) or as typed after C(xm block-attach 0), for example V(tap:qcow2:/srv/guest.img,xvda,w).
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
      vdev:
        description:
          - Xen's name for the device, such as V(xvda), V(/dev/xvda) or V(sdb1). V(auto), or nothing, takes the first
            that is free. A device that is taken is refused.
          - Only Xen hosts use it. Beside O(disks[].guest) it says which of the guest's disks is meant.
        type: str
      domain:
        description: As O(domain).
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
  domain:
    description:
      - The Xen domain to which the disks are attached, by its name or number. V(0) or V(Domain-0), and nothing at all,
        is this host itself.
      - A running guest sees the disk at once. What it does with it cannot be seen from the host, and Linux lets go of a
        disk even while it is mounted, so one that the guest may write to is detached with O(force=true) only.
      - A domain that does not exist is an error for O(state=attached), and has nothing attached for O(state=detached).
    type: str
  state:
    description:
      - V(attached) makes sure that every disk is attached as asked for.
      - V(detached) makes sure that none is attached by this collection. A disk that is mounted, built upon or open
        in a program is refused; one that somebody else attached to a loop device is an error that names it.
    type: str
    choices: [attached, detached]
    default: attached
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.vbd
seealso:
  - module: homevirt.fleet.vbd_mount
  - module: homevirt.fleet.vbd_info
"""

EXAMPLES = r"""
- name: Look into a guest's disk, read-only
  homevirt.fleet.vbd:
    disks:
      - image: /srv/images/guest.qcow2

- name: The same in Xen's own spelling, for writing
  homevirt.fleet.vbd:
    disks:
      - tap:qcow2:/srv/images/guest.qcow2,xvda,w

- name: Try something on three disks without changing them
  homevirt.fleet.vbd:
    overlay: true
    disks:
      - image: /srv/images/guest.qcow2
      - image: /srv/images/data.vhdx
      - image: /srv/images/old.img
        format: raw

- name: Attach many, and keep what can be attached when one of them is damaged
  homevirt.fleet.vbd:
    on_error: keep_good
    disks:
      - image: /srv/images/guest.qcow2
      - image: /srv/images/data.vhdx

- name: Give a running Xen guest one more disk
  homevirt.fleet.vbd:
    domain: web
    disks:
      - image: /srv/images/more.qcow2
        vdev: xvdb
        access: w

- name: Attach all disks of a Xen guest that is shut down, read-only
  homevirt.fleet.vbd:
    disks:
      - guest: web

- name: Detach them
  homevirt.fleet.vbd:
    state: detached
    disks:
      - image: /srv/images/guest.qcow2
      - image: /srv/images/data.vhdx
      - image: /srv/images/old.img
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
    device:
      description: The disk's block device on this host. After detaching, the one that it had. Empty in check mode for a
        disk not attached yet, and for a disk of a guest.
      type: str
      sample: /dev/loop0
    domain:
      description: Number of the Xen domain it is attached to. 0 is this host.
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
      description: Format of the image. Not returned after detaching.
      type: str
      sample: qcow2
    access:
      description: V(r) or V(w). Not returned after detaching.
      type: str
      sample: r
    overlay:
      description: Whether writes go into a throwaway layer. Not returned after detaching.
      type: bool
    partitions:
      description: What is on the disk. Not returned after detaching.
      type: list
      elements: dict
      contains:
        number:
          description: Number in the partition table. 0 for a file system on the whole disk.
          type: int
        device:
          description: Its block device.
          type: str
        size:
          description: Size in bytes.
          type: int
        fstype:
          description: Type of the content as blkid names it. Empty where nothing is known.
          type: str
        label:
          description: Label of the file system. Control characters are shown in caret form.
          type: str
        uuid:
          description: UUID of the file system.
          type: str
        partuuid:
          description: UUID of the partition.
          type: str
        partlabel:
          description: Name of the partition.
          type: str
        volume:
          description: C(group/volume) of an LVM volume that M(homevirt.fleet.vbd_mount) has open. Empty for others.
          type: str
    paths:
      description: Where it was mounted by M(homevirt.fleet.vbd_mount). Returned after detaching only.
      type: list
      elements: str
steps:
  description: What was done, or in check mode would be, in order.
  returned: success, and failure with O(on_error=keep_good)
  type: list
  elements: str
  sample: [attach /srv/images/guest.qcow2]
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
        argument_spec=arguments.spec(("attached", "detached"), arguments.OF_ONE_DISK), supports_check_mode=True
    )
    opening = module.params["state"] == "attached"
    engine = report.attach if opening else report.detach
    report.finish(
        module,
        lambda host: engine(
            host,
            arguments.read_disks(module.params, opening=opening),
            force=module.params["force"],
            check=module.check_mode,
            on_error=module.params["on_error"],
        ),
    )


if __name__ == "__main__":
    main()
