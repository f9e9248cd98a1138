# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The sheet's words in one language, from the catalogues beside this file."""

from __future__ import annotations

import functools
import pathlib
import typing as t

import yaml

from .model import Circuit, Site
from .model_devices import Cable, Device, FrontPort, Interface, Location, RearPort, VirtualMachine
from .model_values import Text
from .model_yaml import LOADER


@functools.cache
def catalogue(language: str) -> t.Mapping[str, str]:
    path = pathlib.Path(__file__).with_name("catalogue") / f"{language}.yml"
    return yaml.load(path.read_text(encoding="utf-8"), LOADER)


class Phrases:
    def __init__(self, language: str) -> None:
        self.language = language
        self.texts = catalogue(language)

    def say(self, key: str, **values: object) -> str:
        text = self.texts[key]
        return text.format(**values) if values else text

    def text(self, text: t.Optional[Text]) -> str:
        return text.in_language(self.language) if text is not None else ""

    def listed(self, items: t.Iterable[str]) -> str:
        return self.texts["separator"].join(items)

    def label(self, device: t.Union[Device, VirtualMachine]) -> str:
        return self.text(device.label) or device.name

    def room(self, location: Location, site: Site) -> str:
        """A room's name, with its floor where the house has several."""
        name = self.text(location.name)
        floors = {other.floor for other in site.locations if other.floor is not None}
        if location.floor is None or len(floors) < 2:
            return name
        # The ground floor is 1, so what lies below it counts from 0 down.
        kind, floor = ("floor", location.floor) if location.floor > 0 else ("basement", max(-location.floor, 1))
        return self.say(f"room.{kind}", name=name, floor=floor)

    def circuit(self, circuit: Circuit) -> str:
        return self.say("circuit.text", type=self.say(f"circuit.{circuit.type}"), provider=circuit.provider)

    def cable(self, cable: Cable) -> str:
        """A cable's label and what one can see of it."""
        return " ".join(filter(None, (cable.label, self.looks(cable))))

    def looks(self, cable: Cable) -> str:
        status = self.status(cable.status) if cable.status != "connected" else ""
        seen = self.appearance(cable.color or "", cable.length_m, cable.type or "")
        return " ".join(filter(None, (seen, status)))

    def appearance(self, color: str, length_m: t.Optional[float], kind: str) -> str:
        """Colour, length and kind of a cable, as far as they are known."""
        length = self.say("length", length=f"{length_m:g}") if length_m is not None else ""
        if kind and not kind.startswith("cat"):
            kind = self.say(f"cable.{kind}")
        return " ".join(filter(None, (self.color(color), length, kind)))

    def color(self, color: t.Optional[str]) -> str:
        return self.say(f"color.{color}") if color else ""

    def port(self, port: t.Union[Interface, FrontPort, RearPort]) -> str:
        """What one finds beside the port."""
        label = port.label
        return (self.text(label) if isinstance(label, Text) else label) or port.name

    def status(self, status: str) -> str:
        return self.say(f"status.{status}")

    def duration(self, seconds: int) -> str:
        minutes, rest = divmod(seconds, 60)
        if not minutes:
            return self.say("duration.seconds", seconds=rest)
        if not rest:
            return self.say("duration.minutes", minutes=minutes)
        return self.say("duration.both", minutes=minutes, seconds=rest)


__all__ = ["Phrases", "catalogue"]
