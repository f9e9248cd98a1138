# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: guest_support
short_description: Tell whether a guest operating system is supported on a hypervisor, and who says so
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Looks a guest up in a matrix that is part of this collection. Each row comes from a public page, with its address
    and the day on which it was read.
  - What no page says is V(unknown). A name that is not known gets V(unknown) too, and is no error.
  - V(validated) means that the combination has passed a programme of a vendor for that. V(vendor-supported) means that
    the maker of the guest or of the hypervisor supports it. V(works) means that it runs or has drivers, and nobody
    promises more.
  - It does not know whether a product is still maintained. A row holds until a later one ends it.
options:
  _terms:
    description:
      - The guests, each as osinfo-db's short id (V(rhel9.4), V(sle15sp6), V(debian12), V(ubuntu22.04), V(win2k22)), or
        as distribution and version (V(RedHat 9.4), V(Microsoft Windows Server 2022 Standard)).
      - A version without its second number (V(rhel9)) gets what is said of all of them.
    type: list
    elements: str
    required: true
  hypervisor:
    description:
      - V(xen), V(kvm), V(hyperv) or V(vmware).
      - Ansible's C(virtualization_type) is understood too, such as V(VirtualPC).
    type: str
    required: true
  host:
    description:
      - What the hypervisor comes in (V(rhel9.4), V(sle15sp6), V(win2k22), V(esxi8.0), V(xenserver7.6)), spelt in all
        the ways of a guest.
      - Support is nearly always for certain hosts. Without this option the strongest row of any host is returned, with
        its hosts.
    type: str
  architecture:
    description:
      - The guest's architecture, such as V(x86_64) or V(i686). Without it, rows for any count.
      - Where a page does not speak of 32-bit guests, its row is for V(x86_64) only.
    type: str
  "on":
    description: The day that is asked about, as V(2009-10-08). The default is today.
    type: raw
  osinfo:
    description:
      - Whether osinfo-db on the controller is asked too. It knows the devices that a system has drivers for, and makes
        V(works) out of V(unknown) where there are some for disk and network.
      - Of hypervisors it helps with V(kvm) only.
    type: bool
    default: false
  osinfo_dir:
    description: Where osinfo-db lies.
    type: path
    default: /usr/share/osinfo
requirements:
  - lxml (Python library) and osinfo-db on the controller, where O(osinfo) is used
seealso:
  - plugin: homevirt.fleet.supported
    plugin_type: test
  - module: homevirt.fleet.guest_driver_info
"""

EXAMPLES = r"""
- name: Show who supports a guest, and which drivers it needs
  ansible.builtin.debug:
    msg: "{{ lookup('homevirt.fleet.guest_support', 'win2k22', hypervisor='kvm', host='sle15sp6') }}"

- name: Show what was true before and after the agreement of 2009
  ansible.builtin.debug:
    msg: "{{ lookup('homevirt.fleet.guest_support', 'win2k3', hypervisor='kvm', host='rhel5.4', on=item).reason }}"
  loop: ["2009-02-01", "2009-03-01", "2009-11-01"]

- name: List the guests of which nothing is known on this hypervisor
  ansible.builtin.debug:
    msg: "{{ query('homevirt.fleet.guest_support', 'debian12', 'win2k22', hypervisor='vmware')
      | selectattr('status', 'equalto', 'unknown') | map(attribute='guest') }}"
"""

RETURN = r"""
_raw:
  description: One answer for each guest.
  type: list
  elements: dict
  contains:
    guest:
      description: The guest's short id, or the name as it was given where that is not known.
      type: str
      sample: win2k8r2
    title:
      description: The guest's full name; null where the name is not known.
      type: str
      sample: Windows Server 2008 R2
    hypervisor:
      description: The hypervisor.
      type: str
      sample: kvm
    host:
      description: The host that was asked for; null where none was.
      type: str
      sample: rhel5.4
    architecture:
      description: The architecture that was asked for; null where none was.
      type: str
      sample: x86_64
    "on":
      description: The day that was asked about.
      type: str
      sample: "2009-11-01"
    status:
      description: V(validated), V(vendor-supported), V(works) or V(unknown), from the strongest row.
      type: str
      sample: validated
    reason:
      description: The answer in words; where the status is V(unknown), why, and for which other hosts there is more.
      type: str
    drivers:
      description: The paravirtual drivers for the disk and the network of such a guest there, supported or not.
      type: list
      elements: str
      sample: [viostor, vioscsi, netkvm]
    drivers_in:
      description: V(guest) where the drivers are part of the guest, V(package) where RV(_raw[].packages) bring them.
        Null where the source does not say.
      type: str
    packages:
      description: What has to be installed in the guest for them.
      type: list
      elements: str
    hosts:
      description:
        - What the row holds for. V(rhel9.2+) is 9.2 and later of 9, V(rhel8.*) is all of 8.
        - Empty where the source names no host.
      type: list
      elements: str
      sample: [rhel5.4]
    source:
      description: Address of the page that says so; null where no row applies.
      type: str
    source_title:
      description: What the page is called.
      type: str
    since:
      description: The first day from which this is known. For an undated page it is the day on which it was read.
      type: str
      sample: "2009-10-07"
    until:
      description: The first day on which it no longer held; null where no end is known.
      type: str
    read:
      description: The day on which a copy of the page was read. Null where none could be had; then the status is
        V(unknown).
      type: str
      sample: "2026-11-24"
    note:
      description: A condition.
      type: str
    rows:
      description:
        - All rows that apply, the strongest first, each with C(status), C(guests), C(hosts), C(architectures),
          C(since), C(until), C(packages), C(drivers_in), C(note), C(source), C(title), C(publisher), C(read) and
          C(extent).
        - C(extent) is V(whole) or V(excerpt), for what of the page could be read, or V(none).
      type: list
      elements: dict
    osinfo:
      description: What osinfo-db says; null without O(osinfo).
      type: dict
      contains:
        found:
          description: Whether it knows the guest. The other keys but C(version) are there only if it does.
          type: bool
        version:
          description: Its version.
          type: str
          sample: "20221203"
        id:
          description: The guest's identifier there.
          type: str
        released:
          description: The day of the guest's release.
          type: str
        end_of_life:
          description: The day on which the guest's maker ends its maintenance.
          type: str
        devices:
          description: The virtual devices that the guest has drivers for.
          type: list
          elements: str
        drivers:
          description: Packages of drivers, each with C(architecture), C(location), C(signed) and C(devices).
          type: list
          elements: dict
"""

import typing as t

from ansible.plugins.lookup import LookupBase

from ..plugin_utils._driver.support_answer import Asked
from ..plugin_utils._driver.support_glue import ask


class LookupModule(LookupBase):
    def run(self, terms: list[t.Any], variables: t.Any = None, **kwargs: t.Any) -> list[t.Any]:
        self.set_options(var_options=variables, direct=kwargs)
        hypervisor, host, architecture, on = map(self.get_option, ("hypervisor", "host", "architecture", "on"))
        directory = self.get_option("osinfo_dir") if self.get_option("osinfo") else None
        return [ask(Asked(guest, hypervisor, host, architecture, on), directory) for guest in terms]
