#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vbd_info
short_description: List the disk images attached to the host, and who uses an image
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - On a Xen Domain-0, lists all domains with all their disks, whichever toolstack attached them.
  - Lists all disk images that are attached to the host by M(homevirt.fleet.vbd) and M(homevirt.fleet.vbd_mount), and
    all loop and nbd devices that somebody else attached.
  - Tells for images who has them open, whether attached or not, for example a running QEMU guest.
  - With O(inspect=true) looks into images, attached or not, for the system that is in them.
options:
  images:
    description: Paths of images whose users are looked for.
    type: list
    elements: str
    default: []
  guests:
    description:
      - Xen guests whose configuration is read for their disks, by name or by the absolute path of the file, running or
        not.
    type: list
    elements: str
    default: []
  inspect:
    description:
      - Whether each of O(images) is looked into for its operating system. It is attached for the moment, read-only on
        every layer, its file systems are mounted read-only, and all of it is taken away again. Not one byte of the
        image changes. This is done in check mode too.
      - An image that cannot be looked into, as one of a running guest, says so in RV(inspected[].trouble).
      - What a crash has left of attachments is named in RV(attachments[].trouble) and stays as it is, but for what an
        earlier look had attached itself. M(homevirt.fleet.vbd) and M(homevirt.fleet.vbd_mount) take it away.
    type: bool
    default: false
  format:
    description: Format of O(images), where their names do not tell. As O(homevirt.fleet.vbd#module:format).
    type: str
    choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
  references:
    description: As O(homevirt.fleet.vbd#module:references), for O(inspect=true).
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that one command may take.
    type: float
    default: 30.0
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
  - homevirt.fleet.vbd.luks
requirements:
  - losetup, blkid (util-linux)
  - what M(homevirt.fleet.vbd_mount) needs, for O(inspect=true)
  - root
seealso:
  - module: homevirt.fleet.vbd
  - module: homevirt.fleet.vbd_mount
"""

EXAMPLES = r"""
- name: See what is attached, and whether the image is free
  homevirt.fleet.vbd_info:
    images:
      - /srv/images/guest.qcow2
  register: found

- name: Stop while somebody uses the image
  ansible.builtin.assert:
    that: found.images[0].users | length == 0

- name: See which system is in an image
  homevirt.fleet.vbd_info:
    inspect: true
    images:
      - /srv/images/guest.qcow2
  register: looked

- name: Say it
  ansible.builtin.debug:
    msg: "{{ looked.inspected[0].system.name }}, {{ looked.inspected[0].system.kernels | join(', ') }}"

- name: See all disks of all domains of a Xen host
  homevirt.fleet.vbd_info:
  register: host

- name: Say which of them do not work
  ansible.builtin.debug:
    msg: "{{ host.domains | map(attribute='disks') | flatten | rejectattr('connected') + host.stale }}"
"""

RETURN = r"""
attachments:
  description: What is attached to the host.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: Path of the image as the kernel or the record knows it. Empty where it cannot be told.
      type: str
      sample: /srv/images/guest.qcow2
    device:
      description: The disk's block device.
      type: str
      sample: /dev/loop0
    domain:
      description: Number of the Xen domain it is attached to. 0 is this host.
      type: int
    vdev:
      description: Xen's name for the place. Empty where it is none of Xen's.
      type: str
      sample: xvda
    size:
      description: Size of the device in bytes. 0 where it is no longer whole.
      type: int
    backend:
      description: What serves it (V(xl), V(xm), V(loop), V(nbd) or V(nbdfuse)).
      type: str
      sample: nbdfuse
    format:
      description: Format of the image. Empty for those of others.
      type: str
      sample: qcow2
    access:
      description: V(r) or V(w).
      type: str
      sample: r
    overlay:
      description: Whether writes go into a throwaway layer.
      type: bool
    owner:
      description: The tag by which this collection knows it as its own. Empty for those of others.
      type: str
      sample: homevirt.fleet:fe00-20c03f-host
    attached_by:
      description: The module that attached it (V(vbd), V(vbd_mount), or V(guest_driver) while that is at work). Empty
        for those of others.
      type: str
      sample: vbd_mount
    trouble:
      description: Why it is no longer whole. Empty where it is.
      type: str
      sample: its server (pid 4711) is gone
    mounts:
      description: Where file systems of it are mounted, by whomever.
      type: list
      elements: dict
      contains:
        path:
          description: The mount point.
          type: str
        device:
          description: The block device that is mounted there.
          type: str
        fstype:
          description: Type of the file system.
          type: str
        options:
          description: Options of this mount point.
          type: list
          elements: str
    partitions:
      description: What is on the disk, as M(homevirt.fleet.vbd) returns it.
      type: list
      elements: dict
images:
  description: One entry for each of O(images).
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: Path as given.
      type: str
    exists:
      description: Whether there is such a file.
      type: bool
    owner:
      description: The tag of this collection's own attachment of it. Empty where there is none.
      type: str
    users:
      description: Who has it open.
      type: list
      elements: dict
      contains:
        who:
          description: The user in words.
          type: str
          sample: qemu-system-x86 (pid 4711)
        writes:
          description: Whether it may write to the image.
          type: bool
        pid:
          description: Number of the process. 0 where it is none.
          type: int
        device:
          description: The device that is built on it. Empty where there is none.
          type: str
domains:
  description: The domains of a Xen host, Domain-0 too. Empty where there is no Xen.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The domain's number.
      type: int
    name:
      description: The domain's name.
      type: str
    uuid:
      description: The domain's UUID. Empty where xl is not the toolstack.
      type: str
    type:
      description: V(pv), V(hvm) or V(pvh). Empty where xl is not the toolstack.
      type: str
    disks:
      description: All its virtual disks.
      type: list
      elements: dict
      contains:
        vdev:
          description: Xen's name for it.
          type: str
          sample: xvda
        devid:
          description: Xen's number for it.
          type: int
          sample: 51712
        image:
          description: Path of the image or device behind it. Empty for an empty drive.
          type: str
        format:
          description: Format as the toolstack calls it. Empty where it does not say.
          type: str
        access:
          description: V(r) or V(w).
          type: str
        backend_type:
          description: The kind of backend that serves it, as in xenstore.
          type: str
          sample: qdisk
        state:
          description: State of its backend, 1 to 8 as in Xen's C(xenbus.h).
          type: int
          sample: 4
        connected:
          description: Whether that state is 4, the one in which it works.
          type: bool
        owner:
          description: The tag by which this collection knows it as its own. Empty for those of others.
          type: str
guests:
  description: One entry for each of O(guests).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The guest's name.
      type: str
    config:
      description: Path of its configuration file.
      type: str
    running:
      description: Whether a domain of that name exists.
      type: bool
    disks:
      description: Its disks, without drives for CDs.
      type: list
      elements: dict
      contains:
        image:
          description: Path of the image or device.
          type: str
        format:
          description: Its format.
          type: str
        vdev:
          description: Xen's name for it.
          type: str
        access:
          description: V(r) or V(w), as the guest has it.
          type: str
        exists:
          description: Whether there is such a file.
          type: bool
inspected:
  description: One entry for each of O(images), with O(inspect=true).
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: Path as given.
      type: str
    trouble:
      description: Why it could not be looked into, or no system was found. Empty where all is well.
      type: str
    partitions:
      description: What is on the disk, open volumes included, as M(homevirt.fleet.vbd) returns it, without devices.
      type: list
      elements: dict
    skipped:
      description: What of it holds no file system that can be mounted, a sentence each.
      type: list
      elements: str
      sample: ["partition 2: it is a member of an MD array"]
    system:
      description: The guest's operating system. Null where none was found.
      type: dict
      contains:
        type:
          description: V(linux) or V(windows).
          type: str
        id:
          description: The C(ID) of os-release(5); V(windows) for Windows.
          type: str
          sample: debian
        name:
          description: Its name as it calls itself.
          type: str
          sample: Debian GNU/Linux 12 (bookworm)
        version:
          description: Its version. Of Windows with the build.
          type: str
          sample: "12"
        arch:
          description: What its programs are made for, as uname calls it. Empty where it cannot be told.
          type: str
          sample: x86_64
        hostname:
          description: Its name in the network. Empty where it does not say.
          type: str
        kernels:
          description: Versions of its Linux kernels, sorted as text.
          type: list
          elements: str
          sample: [6.1.0-18-amd64]
        mounts:
          description: The lines of its C(/etc/fstab).
          type: list
          elements: dict
          contains:
            source:
              description: What is mounted, as written there.
              type: str
            path:
              description: Where.
              type: str
            fstype:
              description: Type.
              type: str
            options:
              description: Options.
              type: str
            partition:
              description: Number of the partition of this disk that is meant. Null for none.
              type: int
            volume:
              description: The LVM volume that is meant. Empty for none.
              type: str
        partition:
          description: Number of the partition that holds it.
          type: int
        volume:
          description: The LVM volume that holds it. Empty for none.
          type: str
        subvolume:
          description: The subvolume of a btrfs that holds it. Empty for none.
          type: str
cleaned:
  description: What a look that was cut off had left and this run took away, a sentence each. Also given as warnings.
  returned: success
  type: list
  elements: str
stale:
  description: What domains that are gone have left in xenstore, and how to clear it, a sentence each.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._vbd import arguments, info, report


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "str", "default": []},
            "guests": {"type": "list", "elements": "str", "default": []},
            "inspect": {"type": "bool", "default": False},
            "format": arguments.SHARED["format"],
            "references": arguments.SHARED["references"],
            **arguments.KEYS,
            "timeout": {"type": "float", "default": 30.0},
        },
        supports_check_mode=True,
    )
    report.finish(
        module,
        lambda host: info.gather(
            host, module.params["images"], module.params["guests"], arguments.read_inspected(module.params)
        ),
    )


if __name__ == "__main__":
    main()
