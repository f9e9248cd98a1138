# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a device printed, as one observation in OpenConfig's names."""

from __future__ import annotations

import typing as t

from . import observe_busybox, observe_iproute, observe_leases, observe_lldp, observe_wireless
from .observe_names import whole, words
from .observe_script import Section, sections

Record = dict[str, t.Any]
# Which of the script's sections stand for what; the first that is there was the one that could be read.
SOURCES = {
    "interfaces": ("address_text", "address_json"),
    "neighbors": ("neigh_text", "neigh_json"),
    "routes": ("route4_text", "route4_json"),
    "mac_table": ("fdb_kernel", "fdb_json"),
    "lldp_neighbors": ("lldp",),
    "dhcp_leases": ("leases",),
}


def observation(output: str, mark: str, most_bytes: int, host: str, when: str, freshest: int) -> Record:
    """All that one run of the script told.

    when: the controller's time, as ISO 8601. freshest: seconds up to which an entry of a bridge's table is measured.
    Raises ToolFailed where the script did not run.
    """
    read = Reading(sections(output, mark, most_bytes, host), mark, freshest)
    return {
        "observed_at": when,
        "host_name": words(read.text("host")),
        "interfaces": read.interfaces(),
        "routes": read.routes(),
        "neighbors": read.neighbors(),
        "mac_table": read.mac_table(),
        "lldp_neighbors": observe_lldp.neighbors(read.text("lldp")),
        "dhcp_leases": observe_leases.leases(read.text("leases"), mark, whole(read.text("clock").strip())),
        **read.wireless(),
        "sources": read.sources(),
    }


class Reading:
    def __init__(self, found: t.Mapping[str, Section], mark: str, freshest: int) -> None:
        self.found = found
        self.mark = mark
        self.freshest = freshest
        self.ports = observe_busybox.ports(self.text("ports"))

    def text(self, name: str) -> str:
        """What a section holds; nothing where it is half of something, which would be taken for all of it."""
        section = self.found.get(name)
        return section.text if section is not None and section.state == "ok" else ""

    def either(self, name: str, of_json: t.Any, of_text: t.Any) -> list[Record]:
        return of_json(self.text(f"{name}_json")) if self.text(f"{name}_json") else of_text(self.text(f"{name}_text"))

    def interfaces(self) -> list[Record]:
        found = self.either(
            "address", observe_iproute.interfaces, lambda text: observe_busybox.interfaces(text, self.ports)
        )
        return [{**record, "evidence": "measured"} for record in found]

    def neighbors(self) -> list[Record]:
        return self.either("neigh", observe_iproute.neighbors, observe_busybox.neighbors)

    def routes(self) -> list[Record]:
        return [
            {**record, "evidence": "measured"}
            for name in ("route4", "route6")
            for record in self.either(name, observe_iproute.routes, observe_busybox.routes)
        ]

    def mac_table(self) -> list[Record]:
        if self.text("fdb_json"):
            return observe_iproute.mac_table(self.text("fdb_json"), self.freshest)
        return observe_busybox.mac_table(self.text("fdb_kernel"), self.ports, self.freshest)

    def wireless(self) -> Record:
        names = observe_wireless.networks(self.text("radios"))
        clients = []
        for name in self.found:
            tool, colon, interface = name.partition(":")
            if colon:
                clients += observe_wireless.clients(tool.removeprefix("stations_"), interface, self.text(name))
        for client in clients:
            names.setdefault(client["interface"], "")
        return {
            "wireless_clients": [{**client, "ssid": names[client["interface"]]} for client in clients],
            "wireless_networks": [{"interface": name, "ssid": ssid} for name, ssid in names.items()],
        }

    def sources(self) -> dict[str, str]:
        """For each part of the observation how it was read: "ok", "failed", "timed-out", "cut" or "absent"."""
        told = {}
        for part, names in SOURCES.items():
            states = [self.found[name].state for name in names if name in self.found]
            told[part] = "ok" if "ok" in states else (states or ["absent"])[0]
        stations = [section.state for name, section in self.found.items() if ":" in name or name == "radios"]
        told["wireless_clients"] = "ok" if "ok" in stations else (stations or ["absent"])[0]
        return told


__all__ = ["SOURCES", "Reading", "observation"]
