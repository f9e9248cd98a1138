# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What devices told, as records to compare a site with. Whatever an observation holds, reading it does not fail."""

from __future__ import annotations

import functools
import typing as t

from .observe_names import MOST, ip, mac, pick, whole, words


class Port(t.NamedTuple):
    """One network interface of a device that answered. parent: what a VLAN interface lies on."""

    name: str
    mac: str
    enabled: bool
    up: bool
    bridge: str
    is_bridge: bool
    state: str
    parent: str


class Sighting(t.NamedTuple):
    """Somebody was seen by a device at one of its ports.

    mac: "" where LLDP told only a name. age: seconds since. source: the part of the observation. evidence: "measured"
    or "inferred". remote: by LLDP the other one's port, as it says itself. name: what it calls itself.
    """

    observer: str
    port: str
    mac: str
    age: int
    source: str
    evidence: str
    remote: tuple[str, ...] = ()
    name: str = ""

    @property
    def fresh(self) -> bool:
        return self.evidence == "measured"


class Holding(t.NamedTuple):
    """Somebody has an address. source: "dhcp_leases" or "neighbors"; name: what it told the DHCP server."""

    observer: str
    ip: str
    mac: str
    source: str
    interface: str
    evidence: str
    name: str = ""

    @property
    def fresh(self) -> bool:
        return self.evidence == "measured"


class Observed:
    """The answer of one device. device: its name in the site file."""

    def __init__(self, device: str, told: t.Any) -> None:
        self.device = device
        self.told = told
        self.at = words(pick(told, "observed_at"))

    def part(self, name: str) -> list[dict[str, t.Any]]:
        found = pick(self.told, name)
        return [entry for entry in found if isinstance(entry, dict)][:MOST] if isinstance(found, list) else []

    def read(self, name: str) -> bool:
        """Whether this part of the observation could be read in full."""
        return pick(self.told, "sources", name) == "ok"

    @functools.cached_property
    def ports(self) -> dict[str, Port]:
        return {
            words(entry.get("name")): Port(
                words(entry.get("name")),
                mac(entry.get("mac_address")),
                entry.get("admin_status") == "UP",
                entry.get("oper_status") == "UP",
                words(entry.get("bridge")),
                entry.get("type") == "bridge",
                words(entry.get("port_state")),
                words(entry.get("parent")),
            )
            for entry in self.part("interfaces")
            if words(entry.get("name"))
        }

    @functools.cached_property
    def addresses(self) -> list[tuple[str, str]]:
        """(address, interface) of the device itself."""
        return [
            (ip(one.get("ip")), words(entry.get("name")))
            for entry in self.part("interfaces")
            for one in (entry.get("addresses") if isinstance(entry.get("addresses"), list) else [])
            if isinstance(one, dict) and ip(one.get("ip"))
        ]

    @functools.cached_property
    def macs(self) -> dict[str, str]:
        """Its own MAC addresses, and the interface of each; a bridge has that of one of its ports."""
        found: dict[str, str] = {}
        for port in sorted(self.ports.values(), key=lambda port: port.is_bridge):
            if port.mac:
                found.setdefault(port.mac, port.name)
        return found

    @functools.cached_property
    def radios(self) -> frozenset[str]:
        return frozenset(words(entry.get("interface")) for entry in self.part("wireless_networks"))

    @property
    def is_switch(self) -> bool:
        """Whether it keeps a table of who is behind which of its ports."""
        return any(port.bridge for port in self.ports.values())

    @property
    def has_default_route(self) -> bool:
        return any(entry.get("prefix") in ("default", "0.0.0.0/0", "::/0") for entry in self.part("routes"))

    @functools.cached_property
    def sightings(self) -> list[Sighting]:
        found = [*self._learned(), *self._heard(), *self._joined(), *self._resolved()]
        return [one for one in found if one.mac not in self.macs and one.port]

    def _physical(self, name: t.Any) -> str:
        port = self.ports.get(words(name))
        return port.parent if port is not None and port.parent in self.ports else words(name)

    def _learned(self) -> t.Iterator[Sighting]:
        for entry in self.part("mac_table"):
            if entry.get("entry_type") == "DYNAMIC" and mac(entry.get("mac_address")):
                yield self._sighting(entry, "interface", entry["mac_address"], "mac_table", whole(entry.get("age")))

    def _joined(self) -> t.Iterator[Sighting]:
        for entry in self.part("wireless_clients"):
            if mac(entry.get("mac")):
                yield self._sighting(entry, "interface", entry["mac"], "wireless_clients", 0)

    def _resolved(self) -> t.Iterator[Sighting]:
        """On a port that is in no bridge, the neighbours are who is behind it; a bridge knows better itself."""
        for entry in self.part("neighbors"):
            port = self.ports.get(words(entry.get("interface")))
            if port is not None and not port.is_bridge and not port.bridge and mac(entry.get("link_layer_address")):
                yield self._sighting(entry, "interface", entry["link_layer_address"], "neighbors", None)

    def _heard(self) -> t.Iterator[Sighting]:
        for entry in self.part("lldp_neighbors"):
            remote = (words(entry.get("port_id")), words(entry.get("port_description")))
            # Where the link's end went unnoticed, an entry outlives it by the time that its sender gave it.
            age = whole(entry.get("ttl"))
            one = self._sighting(entry, "interface", mac(entry.get("chassis_id")), "lldp_neighbors", age)
            yield one._replace(remote=remote, name=words(entry.get("system_name")))

    def _sighting(
        self, entry: t.Mapping[str, t.Any], port: str, address: str, source: str, age: t.Optional[int]
    ) -> Sighting:
        evidence = "measured" if entry.get("evidence") == "measured" else "inferred"
        return Sighting(self.device, self._physical(entry.get(port)), mac(address), age or 0, source, evidence)

    @functools.cached_property
    def holdings(self) -> list[Holding]:
        """Who has which address, by what this device resolved and gave away."""
        found = []
        for source, key in (("neighbors", "link_layer_address"), ("dhcp_leases", "mac_address")):
            for entry in self.part(source):
                address, owner = ip(entry.get("ip")), mac(entry.get(key))
                if address and owner and owner not in self.macs:
                    evidence = "measured" if entry.get("evidence") == "measured" else "inferred"
                    name = words(entry.get("host_name"))
                    found.append(
                        Holding(self.device, address, owner, source, words(entry.get("interface")), evidence, name)
                    )
        return found


__all__ = ["Holding", "Observed", "Port", "Sighting"]
