#!/usr/bin/python
# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: guest_driver_info
short_description: Tell which drivers a running Linux uses for its disks and network
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads from the kernel which driver each disk and each network interface is bound to, and whether it is a
    paravirtual one, so that nobody has to believe that a guest uses the driver that was installed.
options: {}
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
seealso:
  - module: homevirt.fleet.disk_benchmark
"""

EXAMPLES = r"""
- name: Look which drivers the guest uses
  homevirt.fleet.guest_driver_info:
  register: drivers

- name: Tell which disks are emulated
  ansible.builtin.debug:
    msg: "{{ drivers.disks | rejectattr('paravirtual') | map(attribute='name') }}"
"""

RETURN = r"""
hypervisor:
  description: The hypervisor as far as the guest can tell (V(kvm), V(xen), V(hyperv), V(vmware), …). V(unknown) in a
    guest of another one, empty on a real machine.
  returned: success
  type: str
  sample: kvm
kernel:
  description: The kernel's release.
  returned: success
  type: str
  sample: 6.1.0-25-amd64
disks:
  description: All disks that are not built on others.
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
      description: The driver's own version, or the kernel's release where it has none.
      type: str
    paravirtual:
      description: Whether it knows that it is in a guest.
      type: bool
interfaces:
  description: All network interfaces that have a device, with the keys of RV(disks).
  returned: success
  type: list
  elements: dict
"""

import platform

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._common.host import Host
from ..module_utils._common.runner import SystemRunner
from ..module_utils._driver import bound


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    host = Host(SystemRunner())
    module.exit_json(
        changed=False,
        hypervisor=bound.hypervisor(host),
        kernel=platform.release(),
        disks=[disk.public() for disk in bound.disks(host)],
        interfaces=[interface.public() for interface in bound.interfaces(host)],
    )


if __name__ == "__main__":
    main()
