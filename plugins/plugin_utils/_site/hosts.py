# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The hosts of a site's inventory: managed devices and hypervisors, as plain JSON types that a cache can keep."""

from __future__ import annotations

import re
import typing as t

from .model import Credential, Site
from .model_devices import Device
from .model_plain import plain
from .model_values import Secret

# How Ansible speaks to each kind; ssh is its own default.
CONNECTIONS: dict[str, dict[str, str]] = {
    "openwrt": {},
    "linux": {},
    "routeros": {
        "ansible_connection": "ansible.netcommon.network_cli",
        "ansible_network_os": "community.routeros.routeros",
    },
    "windows": {"ansible_connection": "ansible.builtin.psrp"},
}
# What would end a host's name in a pattern.
UNSAFE = re.compile(r"[^\w.-]")
# Marks a value that must stay vaulted, or is a template, where a cache can only keep text.
SECRET_KEYS = ("vault", "template", "plain")


class SiteHost(t.NamedTuple):
    """name: the inventory host. groups: names of its groups, by the group above them.

    variables: what is no secret. secrets: variable name -> {one of SECRET_KEYS: the text}. facts: what ``groups``
    expressions look at.
    """

    name: str
    groups: dict[str, list[str]]
    variables: dict[str, t.Any]
    secrets: dict[str, dict[str, str]]
    facts: dict[str, t.Any]


def hosts_of(site: Site) -> list[SiteHost]:
    """One for each device that is managed or runs a hypervisor, in the order of the file."""
    credentials = {credential.name: credential for credential in site.credentials}
    addresses: dict[str, str] = {}
    for address in site.ip_addresses:
        if address.interface is not None and address.status != "deprecated":
            addresses.setdefault(address.interface.device, str(address.address.ip))
    return [
        _host(site, device, addresses.get(device.name), credentials.get(device.credential or ""))
        for device in site.devices
        if (device.managed or device.hypervisor) and device.status == "active"
    ]


def _host(site: Site, device: Device, address: t.Optional[str], credential: t.Optional[Credential]) -> SiteHost:
    kinds = [kind for kind in (device.managed, device.hypervisor) if kind]
    about = {name: value for name, value in plain(device).items() if name not in ("credential", "connection")}
    facts = {"site": {"slug": site.slug, "name": plain(site.name), "tags": list(site.tags)}, "device": about}
    return SiteHost(
        # A slug has no dot, so the last one always parts the two.
        f"{UNSAFE.sub('_', device.name)}.{site.slug}",
        {
            "sites": [f"site_{site.slug}"],
            "roles": [f"role_{device.role}"],
            "kinds": [f"kind_{kind}" for kind in kinds],
            "tags": [f"tag_{tag}" for tag in site.tags],
        },
        {**_connection(device, address), "home_site": site.slug, "home_device": about},
        _secrets(credential),
        facts,
    )


def _connection(device: Device, address: t.Optional[str]) -> dict[str, t.Any]:
    variables: dict[str, t.Any] = dict(CONNECTIONS[device.managed or "linux"])
    way = device.connection
    host = way.host if way and way.host else address
    if host:
        variables["ansible_host"] = host
    if way and way.port:
        variables["ansible_port"] = way.port
    if way and way.jump:
        variables["ansible_ssh_common_args"] = f"-o ProxyJump={way.jump}"
    return variables


def _secrets(credential: t.Optional[Credential]) -> dict[str, dict[str, str]]:
    if credential is None:
        return {}
    found: dict[str, t.Optional[Secret]] = {"ansible_user": credential.user, "ansible_password": credential.secret}
    return {name: {secret.kind: secret.value} for name, secret in found.items() if secret is not None}


__all__ = ["CONNECTIONS", "SECRET_KEYS", "SiteHost", "hosts_of"]
