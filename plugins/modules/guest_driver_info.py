#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_driver_info
short_description: Tell which drivers a guest uses for its disks and network
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads from the kernel which driver each disk and each network interface is bound to, and whether it is a
    paravirtual one, so that nobody has to believe that a guest uses the driver that was installed.
  - Of a Windows guest that is shut down, the same is read from the registry in its mounted file system. The registry
    also remembers devices that the guest had once.
  - Of a Linux guest that is shut down, it is told in which kernel, and in which initramfs, the drivers of each
    hypervisor are. Its own programs list the initramfs, as M(homevirt.fleet.guest_driver) has them do.
options:
  root:
    description:
      - Absolute path where the file system of a guest is mounted, for example by M(homevirt.fleet.vbd_mount);
        read-only is enough.
      - When not given, the Linux that the module runs on is asked.
    type: str
  system_root:
    description: The Windows directory below O(root), where the guest has more than one.
    type: str
requirements:
  - hivex for Python (Debian and Fedora package python3-hivex), for Windows guests
  - root, for Linux guests with O(root)
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
seealso:
  - module: homevirt.fleet.guest_driver
  - module: homevirt.fleet.disk_benchmark
"""

EXAMPLES = r"""
- name: Look which drivers the guest uses
  homevirt.fleet.guest_driver_info:
  register: drivers

- name: Tell which disks are emulated
  ansible.builtin.debug:
    msg: "{{ drivers.disks | rejectattr('paravirtual') | map(attribute='name') }}"

- name: Look which drivers a Windows guest that is shut down used last
  homevirt.fleet.guest_driver_info:
    root: /mnt/windows
"""

RETURN = r"""
hypervisor:
  description: The hypervisor as far as the guest can tell (V(kvm), V(xen), V(hyperv), V(vmware), …). V(unknown) in a
    guest of another one, empty on a real machine. With O(root) the one that the guest last ran on, or empty.
  returned: success
  type: str
  sample: kvm
kernel:
  description: The kernel's release, or the version of Windows.
  returned: success
  type: str
  sample: 6.1.0-25-amd64
disks:
  description: All disks that are not built on others. With O(root) the driver is that of the disk's controller, and
    of a Linux guest nothing is known.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the device.
      type: str
      sample: vda
    driver:
      description: The driver below the kernel's common disk layer. Empty where there is none.
      type: str
      sample: virtio_blk
    version:
      description: The driver's own version, or the kernel's release where it has none. In a Windows guest the version
        of the driver that is bound, empty where the registry does not tell it.
      type: str
    paravirtual:
      description: Whether it knows that it is in a guest.
      type: bool
interfaces:
  description: All network interfaces that have a device, with the keys of RV(disks).
  returned: success
  type: list
  elements: dict
kernels:
  description: The kernels that a Linux guest has installed, the newest last.
  returned: success, with O(root) of a Linux guest
  type: list
  elements: dict
  contains:
    release:
      description: The kernel's release.
      type: str
      sample: 6.1.0-25-amd64
    initramfs:
      description: The path of its initramfs in the guest. Empty where it has none.
      type: str
      sample: /boot/initrd.img-6.1.0-25-amd64
    drivers:
      description: The hypervisors' drivers that it has, each with its C(name) and its C(place), which is
        V(built-in), V(initramfs), or V(module) for one that is on the disk only.
      type: list
      elements: dict
agents:
  description: The hypervisors' agents, as M(homevirt.fleet.guest_driver) returns them.
  returned: success, with O(root) of a Linux guest
  type: list
  elements: dict
system:
  description: What the guest is, as M(homevirt.fleet.guest_driver) returns it.
  returned: success, with O(root)
  type: dict
first_boot:
  description: What the step at the guest's start has reported, as M(homevirt.fleet.guest_driver) returns it.
  returned: success, with O(root) of a Windows guest
  type: list
  elements: dict
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
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._driver import linux_info, report, running_info, windows_info


def main() -> None:
    module = AnsibleModule(
        argument_spec={"root": {"type": "str"}, "system_root": {"type": "str"}},
        required_by={"system_root": ["root"]},
        supports_check_mode=True,
    )
    root = module.params["root"]
    if root is None:
        report.finish(module, running_info.read, root=False)
    elif linux_info.claims(root):
        report.finish(module, lambda host: linux_info.read(host, root), root=True)
    else:
        report.finish(module, lambda host: windows_info.read(root, module.params["system_root"] or ""), root=False)


if __name__ == "__main__":
    main()
