# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a drift is: a difference between a site file and what its devices told."""

from __future__ import annotations

import functools
import typing as t

from .expected import Expected
from .model import Site
from .model_fields import Record
from .model_values import PortRef
from .observed import Observed
from .places import Places
from .wiring import Wiring


class DriftRule(t.NamedTuple):
    """holds: what must hold, a sentence. The words of a drift, and what to do, stand in the catalogues."""

    id: str
    severity: str
    holds: str


RULES = (
    DriftRule("device-replaced", "error", "A device that answers has a MAC address that the file has for it."),
    DriftRule("device-moved", "error", "A device is seen where its cables or its Wi-Fi lead to."),
    DriftRule("wrong-port", "error", "A cable is in the ports that the file says."),
    DriftRule("cables-swapped", "error", "No two cables have changed places."),
    DriftRule("address-changed", "error", "A device has the address that the file says."),
    DriftRule("address-taken", "error", "Nobody else has the address of a device."),
    DriftRule("line-down", "error", "Links between devices that pass the network on are up; the router has a way out."),
    DriftRule("loop-blocked", "error", "No port had to be blocked because of a loop."),
    DriftRule("device-unknown", "warning", "Every device that stays in the house is in the file."),
    DriftRule("switch-undocumented", "warning", "A port of one device, or of none, leads to no more than that."),
    DriftRule("lease-outside-pool", "warning", "Every address given out lies in a pool or is reserved."),
    DriftRule("ports-renamed", "warning", "The ports of a device that answers are called as the device calls them."),
    DriftRule("site-unseen", "warning", "A site answers within `unseen_days` (7). It takes a state file to know."),
    DriftRule("mac-missing", "notice", "The file knows the MAC address of what is seen alone at a port of its own."),
)
# What is told of a drift, but is another tomorrow though the drift is the same.
VARYING = ("name", "count", "list")
BY_ID = {rule.id: rule for rule in RULES}


class Edit(t.NamedTuple):
    """One value in a site file that would have to be another: ``key`` of ``record``. old: None to add the key."""

    record: Record
    key: str
    old: t.Optional[str]
    new: str


class Drift(t.NamedTuple):
    """One difference.

    record: where in the file it is. about: (what it is called, name), as ("cable", "C05").
    values: for the words in the catalogue. witnesses: devices whose answers show it. edits: what would make the file
    true. variant: which of several wordings.
    """

    rule: str
    record: Record
    about: tuple[str, str]
    values: dict[str, t.Any]
    witnesses: tuple[str, ...]
    evidence: str
    edits: tuple[Edit, ...] = ()
    variant: str = ""

    @property
    def identity(self) -> str:
        """What makes it the same drift on another day, wherever in the file its record has gone."""
        told = " ".join(f"{name}={value}" for name, value in sorted(self.values.items()) if name not in VARYING)
        return f"{self.rule} {' '.join(self.about)} {told}".strip()


class Look:
    """One site beside the answers of its devices."""

    def __init__(self, site: Site, answers: t.Mapping[str, Observed]) -> None:
        self.site = site
        self.wiring = Wiring(site)
        self.expected = Expected(self.wiring)
        known = {name: answer for name, answer in answers.items() if name in self.wiring.devices}
        self.places = Places(self.expected, known)

    @property
    def answers(self) -> t.Mapping[str, Observed]:
        """Those that count: not those of a device that is another one."""
        return self.places.trusted

    @functools.cached_property
    def nameless(self) -> frozenset[str]:
        """Devices that answered and none of whose ports has its name in the file: their sightings cannot be placed."""
        found = set()
        for name, answer in self.answers.items():
            written = {port.name for port in self.wiring.devices[name].interfaces}
            wired = {port.name for port in answer.ports.values() if not port.is_bridge}
            if written and wired and not written & wired:
                found.add(name)
        return frozenset(found)

    def record_at(self, port: PortRef) -> tuple[Record, tuple[str, str]]:
        """What of the file a port is: the interface, or its device where the file does not have it."""
        record = self.wiring.ports.get(port)
        return record or self.wiring.devices[port.device], ("port", str(port))


__all__ = ["BY_ID", "RULES", "Drift", "DriftRule", "Edit", "Look"]
