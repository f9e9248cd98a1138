# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The hypervisors' agents in a Linux guest: whether each is installed, and starts with the guest.

Units as the distributions name them; [Install], systemd.unit(5), is read without asking a systemd that is not there.
"""

from __future__ import annotations

import os
import typing as t

from .._common import rooted

# {hypervisor: (package, units of Debian, Fedora, Red Hat, SUSE)}
PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "kvm": ("qemu-guest-agent", ("qemu-guest-agent.service",)),
    "xen": ("xe-guest-utilities", ("xe-linux-distribution.service", "xe-daemon.service")),
    "hyperv": (
        "hyperv-daemons",
        (
            "hv-kvp-daemon.service",
            "hyperv-daemons.hv-kvp-daemon.service",
            "hypervkvpd.service",
            "hv_kvp_daemon.service",
        ),
    ),
    "vmware": ("open-vm-tools", ("open-vm-tools.service", "vmtoolsd.service")),
}
UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
WANTED_BY = ("WantedBy", "RequiredBy")


class Agent(t.NamedTuple):
    """One hypervisor's agent.

    unit:    its unit file as the guest names it; "" where the package is not installed.
    enabled: it starts with the guest, or with the device that it speaks through.
    masked:  somebody has forbidden its start.
    links:   {symbolic link: target} that would enable it.
    """

    hypervisor: str
    package: str
    unit: str
    enabled: bool
    masked: bool
    links: t.Mapping[str, str]

    @property
    def asleep(self) -> bool:
        """Installed, and nobody has enabled or forbidden it."""
        return bool(self.unit) and not self.enabled and not self.masked

    def public(self) -> dict[str, t.Any]:
        return {
            "hypervisor": self.hypervisor,
            "package": self.package,
            "unit": os.path.basename(self.unit),
            "installed": bool(self.unit),
            "enabled": self.enabled,
            "masked": self.masked,
        }


def look(root: str, hypervisor: str) -> Agent:
    """The agent of a hypervisor in a guest."""
    package, units = PACKAGES[hypervisor]
    for name in units:
        for directory in UNITS[1:]:
            if rooted.exists(root, f"{directory}/{name}"):
                return _installed(root, hypervisor, package, f"{directory}/{name}")
    return Agent(hypervisor, package, "", False, False, {})


def _installed(root: str, hypervisor: str, package: str, unit: str) -> Agent:
    name = os.path.basename(unit)
    own = os.path.join(rooted.resolve(root, UNITS[0]), name)
    masked = os.path.islink(own) and os.readlink(own) == "/dev/null"
    links = {f"{UNITS[0]}/{target}.{word}/{name}": unit for word, target in _targets(rooted.whole(root, unit))}
    # Without [Install] it is started by something else, such as udev's rule for its device.
    enabled = not masked and (not links or any(_is_link(root, link) for link in links))
    return Agent(hypervisor, package, unit, enabled, masked, links)


def _targets(text: str) -> t.Iterator[tuple[str, str]]:
    """("wants" or "requires", unit) for each that [Install] names."""
    section = ""
    for line in text.splitlines():
        key, _equals, value = line.strip().partition("=")
        if key.startswith("["):
            section = key
        elif section == "[Install]" and key.strip() in WANTED_BY:
            for target in value.split():
                yield ("wants" if key.strip() == WANTED_BY[0] else "requires"), target


def _is_link(root: str, link: str) -> bool:
    return os.path.islink(os.path.join(rooted.resolve(root, os.path.dirname(link)), os.path.basename(link)))


__all__ = ["PACKAGES", "Agent", "look"]
