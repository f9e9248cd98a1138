#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_driver
short_description: Put paravirtual drivers into guests that are shut down
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Puts drivers into guests, or takes them out again. They are named by their images, or by the places where
    M(homevirt.fleet.vbd_mount) has mounted their file systems. Many guests in one call.
  - An image is attached and mounted as M(homevirt.fleet.vbd_mount) does it, first read-only, in check mode too, to see
    what there is to do. Only one that needs it is then attached for writing. At the end of the call, however it ends,
    none is attached; after a C(SIGKILL) the next call of this module, of M(homevirt.fleet.vbd) or of
    M(homevirt.fleet.vbd_mount) takes away what was left. An image that is attached already is refused, and so is one of
    which a crash has left something attached.
  - In a Windows guest, drivers are chosen by their INF files for the guest's version, edition and processor; the
    registry gets what the guest needs to boot from them; the rest is installed by C(pnputil) at the guest's next start.
  - In a Linux guest the drivers are in its kernels. Here they are put into the initramfs of every installed kernel that
    has them, by the guest's own C(initramfs-tools) or C(dracut), and looked for in there afterwards. With
    O(guests[].root=/) the guest is the running one.
  - All guests of a call are one transaction. What fails is undone from the last step back. A guest is left as it was
    wherever the call is killed, or has its drivers complete.
options:
  guests:
    description:
      - The guests. Each is a mapping with the options below.
      - The options of the module that have the same name are the defaults.
    type: list
    elements: dict
    required: true
    suboptions:
      root:
        description:
          - Absolute path where the file system that holds the guest's operating system is mounted for writing.
          - Either this or O(guests[].image) is required.
        type: str
      image:
        description:
          - Absolute path of the image, or of a block device (with O(guests[].format=raw)), of a guest that is shut
            down.
        type: str
      partition:
        description: Which file system of O(guests[].image) holds the guest's operating system, as
          O(homevirt.fleet.vbd_mount#module:disks[].partition).
        type: str
        default: root
      mounts:
        description: Further file systems that a guest in an image has at boot, such as its C(/boot).
        type: list
        elements: dict
        suboptions:
          path:
            description: Where it is in the guest.
            type: str
            required: true
          partition:
            description: As O(homevirt.fleet.vbd_mount#module:disks[].partition).
            type: str
            required: true
          image:
            description: Its image, where it is another one.
            type: str
          format:
            description: The format of that.
            type: str
            choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
      format:
        description: As O(format).
        type: str
        choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
      backend:
        description: As O(backend).
        type: str
        choices: [auto, xl, xm, nbd, nbdfuse, loop]
      references:
        description: As O(references).
        type: list
        elements: str
      luks_key_file:
        description: As O(luks_key_file).
        type: str
      system_root:
        description: The Windows directory in its file system, where the guest has more than one.
        type: str
      source:
        description: As O(source).
        type: str
      drivers:
        description: As O(drivers).
        type: list
        elements: str
      hypervisor:
        description: As O(hypervisor).
        type: str
        choices: [kvm, xen, hyperv, vmware]
      signature_policy:
        description: As O(signature_policy).
        type: str
        choices: [signed, test, unsigned]
      remove_conflicts:
        description: As O(remove_conflicts).
        type: bool
      allow_downgrade:
        description: As O(allow_downgrade).
        type: bool
      force:
        description: As O(force).
        type: bool
  state:
    description:
      - V(present) makes sure that the drivers are in the guest.
      - V(absent) takes out what this module has put in, and leaves everything else that has changed since.
      - V(restored) brings the whole registry back as it was before the first driver was put in, byte by byte. It is
        refused when the guest has run since, for it would lose what the guest has written.
    type: str
    choices: [present, absent, restored]
    default: present
  source:
    description:
      - A directory, an ISO image or a zip archive of Windows drivers, in any layout (for example virtio-win's ISO or
        its RPM's directory, Xen Project's winpv, GPLPV unpacked).
      - Required for Windows guests with O(state=present).
    type: str
  drivers:
    description:
      - The drivers, each by its name (V(viostor)) or by a hardware ID of the device (V(PCI\\VEN_1AF4&DEV_1001)).
      - Nothing stands for all drivers of O(source) that fit the guest; with O(state=absent) for all that were put in.
      - Of Linux guests, the kernel's modules, such as V(virtio_blk). Nothing stands for those of O(hypervisor).
    type: list
    elements: str
    default: []
  hypervisor:
    description:
      - On which hypervisor a Linux guest is to run. It says which drivers are meant where O(drivers) names none, and
        which agent the guest should have. One that is installed and not enabled is enabled, but for O(guests[].root=/).
      - The default for O(guests[].root=/) is the hypervisor it runs on. Windows guests do not need it.
    type: str
    choices: [kvm, xen, hyperv, vmware]
  signature_policy:
    description:
      - What a Windows driver must have. V(signed) takes only drivers whose catalog is there, covers the INF file and
        was not made with a test certificate; V(test) also those with a test certificate; V(unsigned) all.
      - Whether the guest trusts the signer is decided in the guest. Windows of 64 bits starts no driver that it does
        not trust.
    type: str
    choices: [signed, test, unsigned]
    default: signed
  remove_conflicts:
    description:
      - Whether what Xen's Windows drivers have left in the guest, and what keeps it from starting elsewhere, is taken
        out. These are their filters, their services' start, and C(StartOverride) of the inbox disk drivers. Filters of
        others stay.
    type: bool
    default: false
  allow_downgrade:
    description: Whether a driver may be replaced by an older one.
    type: bool
    default: false
  force:
    description:
      - Whether O(state=absent) takes a driver out although the guest has devices that are bound to it, and so may not
        start from its disk any more.
    type: bool
    default: false
  format:
    description:
      - Format of the images in O(guests).
      - When not given, it is told by the file name, as O(homevirt.fleet.vbd_mount#module:format).
    type: str
    choices: [raw, qcow2, qcow, vmdk, vdi, vpc, vhdx]
  backend:
    description: How an image becomes a block device, as O(homevirt.fleet.vbd_mount#module:backend).
    type: str
    choices: [auto, xl, xm, nbd, nbdfuse, loop]
    default: auto
  references:
    description:
      - Backing, data or extent files outside an image's own directory that it may open, as
        O(homevirt.fleet.vbd_mount#module:references).
    type: list
    elements: str
    default: []
  workers:
    description: As O(homevirt.fleet.vbd_mount#module:workers).
    type: int
    default: 4
  timeout:
    description:
      - Seconds that one command of the host, or the wait for one device, may take. Programs of a guest have half an
        hour.
    type: float
    default: 30.0
extends_documentation_fragment:
  - homevirt.fleet.attributes
  - homevirt.fleet.vbd.luks
requirements:
  - hivex for Python (Debian and Fedora package python3-hivex), for Windows guests
  - what M(homevirt.fleet.vbd_mount) needs, for images
  - root
seealso:
  - module: homevirt.fleet.vbd_mount
  - module: homevirt.fleet.guest_driver_info
"""

EXAMPLES = r"""
- name: Put two drivers into Windows guests that are shut down
  homevirt.fleet.guest_driver:
    source: /srv/drivers/virtio-win.iso
    drivers: [viostor, netkvm]
    guests:
      - image: /srv/images/windows.raw

- name: Put what a Linux guest needs on KVM into its initramfs, where its /boot is a file system of its own
  homevirt.fleet.guest_driver:
    hypervisor: kvm
    guests:
      - image: /srv/images/parted.qcow2
        mounts:
          - path: /boot
            partition: 1

- name: Take both out again
  homevirt.fleet.guest_driver:
    state: absent
    guests:
      - image: /srv/images/windows.raw
      - image: /srv/images/parted.qcow2
        mounts:
          - path: /boot
            partition: 1

- name: Put two drivers into a Windows guest that is mounted
  homevirt.fleet.guest_driver:
    source: /srv/drivers/virtio-win.iso
    drivers: [viostor, netkvm]
    guests:
      - root: /mnt/windows

- name: Show what would be written into the registries of two guests
  homevirt.fleet.guest_driver:
    source: /srv/drivers/virtio-win.iso
    guests:
      - root: /mnt/windows
        drivers: ['PCI\VEN_1AF4&DEV_1001']
      - root: /mnt/windows-server
        remove_conflicts: true
  check_mode: true
  diff: true

- name: Put what a Linux guest needs on KVM into its initramfs
  homevirt.fleet.guest_driver:
    hypervisor: kvm
    guests:
      - root: /mnt/linux

- name: Bring both back to what they were
  homevirt.fleet.guest_driver:
    state: restored
    guests:
      - root: /mnt/windows
      - root: /mnt/windows-server
"""

RETURN = r"""
guests:
  description: One entry for each of O(guests), in the same order.
  returned: success
  type: list
  elements: dict
  contains:
    root:
      description: Path as given. Not returned for one in an image.
      type: str
      sample: /mnt/windows
    image:
      description: Path as given. Not returned for one that is mounted.
      type: str
      sample: /srv/images/windows.raw
    kind:
      description: What sort of guest it is.
      type: str
      sample: windows
    changed:
      description: Whether anything was changed in this guest.
      type: bool
    system:
      description: What the guest is.
      type: dict
      contains:
        name:
          description: Name of the product.
          type: str
          sample: Windows 10 Pro
        version:
          description: Major and minor version and build.
          type: str
          sample: 10.0.17763
        architecture:
          description: The processor as INF files call it.
          type: str
          sample: amd64
        product_type:
          description: V(1) for a workstation, V(2) for a domain controller, V(3) for a server.
          type: int
        control_set:
          description: The current control set, which is the one that is changed.
          type: str
          sample: ControlSet001
    drivers:
      description: The drivers that were asked for, or taken out.
      type: list
      elements: dict
      contains:
        name:
          description: Name of its INF file without the ending, or of the kernel's module.
          type: str
          sample: viostor
        action:
          description: V(added), V(upgraded), V(downgraded), V(replaced) by another build of the same version, V(kept),
            V(removed), or V(unavailable) where no kernel of a Linux guest has it.
          type: str
        version:
          description: Version by C(DriverVer). In a Linux guest the release of the newest kernel that has it.
          type: str
          sample: 100.93.104.26200
        kernels:
          description: Where each kernel of a Linux guest has it. V(built-in), V(initramfs), V(module) when it is on the
            disk only, or V(none).
          type: list
          elements: dict
          contains:
            release:
              description: The kernel.
              type: str
            before:
              description: Where it was.
              type: str
            after:
              description: Where it is now.
              type: str
        date:
          description: Date by C(DriverVer).
          type: str
          sample: "2024-06-26"
        inf:
          description: The INF file in the source; after taking out, its name in the guest.
          type: str
          sample: viostor/w10/amd64/viostor.inf
        provider:
          description: Who made it. Not returned after taking out.
          type: str
        signature:
          description: V(signed), V(test) or V(unsigned), see O(signature_policy). Not returned after taking out.
          type: str
        service:
          description: Name of its service.
          type: str
        boot:
          description: Whether the guest needs it to read its disk, so that it was put into the registry at once.
          type: bool
        hardware_ids:
          description: IDs of the devices that it drives. Not returned after taking out.
          type: list
          elements: str
    first_boot:
      description: What the step at the guest's start has reported, an entry for each INF file. Empty as long as the
        guest has not run.
      type: list
      elements: dict
      contains:
        inf:
          description: Name of the file.
          type: str
        code:
          description: What C(pnputil) returned.
          type: int
        ok:
          description: Whether that means success (V(0), V(259), V(3010), V(1641)).
          type: bool
    hypervisor:
      description: On which hypervisor a Linux guest is to run, as O(hypervisor) says or as it was found out.
      type: str
    agents:
      description: The hypervisor's agent in a Linux guest.
      type: list
      elements: dict
      contains:
        hypervisor:
          description: Whose it is.
          type: str
        package:
          description: Name of its package.
          type: str
        unit:
          description: Name of its unit. Empty where it is not installed.
          type: str
        installed:
          description: Whether it is installed.
          type: bool
        enabled:
          description: Whether it starts with the guest.
          type: bool
        masked:
          description: Whether somebody has forbidden its start. It stays so.
          type: bool
    leftovers:
      description: Sentences about what in a Linux guest may keep the drivers from being used, or is left of others.
      type: list
      elements: str
    warnings:
      description: Sentences about what cannot be seen from outside, was left out, or had to stay. Also given as
        warnings.
      type: list
      elements: str
steps:
  description: What was done, or in check mode would be, in order.
  returned: success
  type: list
  elements: str
  sample: ['/srv/images/windows.raw: move the new SYSTEM into its place']
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

from ..module_utils._driver import arguments, guest_images, report


def main() -> None:
    module = AnsibleModule(argument_spec=arguments.SPEC, supports_check_mode=True)
    report.finish(
        module,
        lambda host: guest_images.plan_and_apply(host, arguments.read(module.params), check=module.check_mode),
        root=True,
        attaches=any(guest["image"] for guest in module.params["guests"]),
    )


if __name__ == "__main__":
    main()
