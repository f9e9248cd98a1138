# SPDX-FileCopyrightText: homevirt.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_observe
short_description: Read what a router, switch, access point or hypervisor sees of its network
version_added: 0.1.0
author: homevirt.fleet contributors (@homevirt)
description:
  - Reads the interfaces, addresses and routes of a device, who is behind which of its ports (the tables of its bridges,
    LLDP, joined wireless stations), its neighbours and the DHCP leases that it gave out.
  - One shell script is run on the target in one round trip and read on the controller. The target needs C(/bin/sh) and
    either iproute2 or BusyBox, no Python, so that an OpenWrt router is read as a server is. It may be reached by any
    connection that runs shell commands.
  - Nothing is changed and nothing is sent into the network. Each command ends after O(timeout) and is cut off after
    O(max_bytes). What devices call themselves comes back as one line of printable characters, and is never a template.
options:
  site:
    description: Slug of the site that the device belongs to, for M(homevirt.fleet.site_drift).
    type: str
    default: ''
  device:
    description:
      - Name of the device in the site file, for M(homevirt.fleet.site_drift). With the inventory
        P(homevirt.fleet.sites#inventory) the names of the hosts tell that.
    type: str
    default: ''
  lease_files:
    description:
      - More files of DHCP leases, in the format of dnsmasq or odhcpd. The places that Debian, Fedora and OpenWrt use
        are read anyway.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds that each command on the target may take, from 1 to 300.
    type: int
    default: 5
  max_bytes:
    description: Bytes that each command on the target may print, from 1024 to 8388608. What is cut counts as not read.
    type: int
    default: 262144
  fresh:
    description:
      - Seconds up to which an entry in the table of a bridge counts as measured, from 0 to 86400. An older one is only
        inferred, and M(homevirt.fleet.site_drift) takes it for no proof.
    type: int
    default: 300
extends_documentation_fragment:
  - homevirt.fleet.attributes.info
attributes:
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can be executed on the
      controller.
    support: full
notes:
  - Without root LLDP and wireless stations may be missing; RV(observation.sources) tells.
  - Windows and RouterOS cannot be read.
seealso:
  - module: homevirt.fleet.site_drift
  - module: homevirt.fleet.site_check
"""

EXAMPLES = r"""
- name: Read what this machine sees
  homevirt.fleet.site_observe:
  register: seen

- name: Say who is behind which port
  ansible.builtin.debug:
    msg: "{{ seen.observation.mac_table }}"
"""

RETURN = r"""
observation:
  description:
    - What was read, in OpenConfig's names with C(_) for C(-). Each record has C(evidence), V(measured) for what holds
      now and V(inferred) for what held some time ago.
    - Numbers that are not known are null, other values that are not known are empty.
  returned: success
  type: dict
  contains:
    observed_at:
      description: The controller's time, in UTC.
      type: str
      sample: "2026-11-25T03:00:00+00:00"
    host:
      description: The inventory host.
      type: str
    site:
      description: As O(site).
      type: str
    device:
      description: As O(device).
      type: str
    host_name:
      description: What the device calls itself.
      type: str
    interfaces:
      description:
        - Ethernet, wireless and bridge interfaces, each with C(name), C(ifindex), C(mac_address), C(admin_status) and
          C(oper_status) (V(UP), V(DOWN)), C(type) (V(ethernet), V(bridge)), C(bridge) (which one it is a port of),
          C(port_state) (of the spanning tree), C(parent) (of a VLAN interface) and C(addresses) (C(ip),
          C(prefix_length)).
      type: list
      elements: dict
    routes:
      description: The main table, each route with C(prefix), C(next_hop) and C(interface).
      type: list
      elements: dict
    neighbors:
      description: ARP and IPv6 neighbours, each with C(ip), C(link_layer_address), C(interface) and C(neighbor_state).
      type: list
      elements: dict
    mac_table:
      description:
        - Who is behind which port of a bridge, each with C(mac_address), C(interface), C(bridge), C(vlan),
          C(entry_type) (V(DYNAMIC), or V(STATIC) for the bridge's own) and C(age) in seconds.
      type: list
      elements: dict
    lldp_neighbors:
      description:
        - What lldpd heard, each with C(interface), C(chassis_id), C(chassis_id_type), C(port_id), C(port_id_type),
          C(port_description), C(system_name), C(system_description), C(management_addresses), C(ttl) and C(age).
      type: list
      elements: dict
    dhcp_leases:
      description: Leases that have not ended, each with C(ip), C(mac_address), C(host_name) and C(expires_in), in
        seconds.
      type: list
      elements: dict
    wireless_networks:
      description: Radios, each with C(interface) and C(ssid).
      type: list
      elements: dict
    wireless_clients:
      description: Stations that have joined, each with C(mac), C(interface), C(ssid) and C(rssi) (dBm).
      type: list
      elements: dict
    sources:
      description:
        - How each part was read. V(ok); V(absent) where the device has nothing that tells it; V(failed); V(timed-out);
          V(cut) for longer than O(max_bytes).
      type: dict
      sample: {interfaces: ok, mac_table: ok, lldp_neighbors: absent}
"""
