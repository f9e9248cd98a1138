# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The kinds of value that a field may hold: how each is read from YAML, and what the JSON Schema says of it."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import ipaddress
import re
import typing as t

from .model_values import LANGUAGES, Period, PortRef, Secret, Text
from .model_yaml import Node

Schema = dict[str, t.Any]
Report = t.Callable[[Node, str, str, str], None]


class WrongValue(Exception):
    """A node does not hold what its field wants: why, and what to write."""

    def __init__(self, why: str, hint: str) -> None:
        super().__init__(why, hint)
        self.why = why
        self.hint = hint


class Reported(WrongValue):
    """The same, when what is wrong has been reported where it stands."""

    def __init__(self) -> None:
        super().__init__("reported", "see the findings")


class Kind(t.Protocol):
    """read: the value of a node; raises WrongValue. Errors inside it go to ``report(node, rule, message, hint)``."""

    def read(self, node: Node, report: Report) -> t.Any: ...

    def schema(self) -> Schema: ...


def scalar(node: Node) -> str:
    """The text of a node that is a text, or a number where one forgot that a name may look like one."""
    if node.kind not in ("str", "int"):
        raise WrongValue(f"it is {in_words(node.kind)}, not a text", "write a text, in quotes where YAML misreads it")
    return node.value


def in_words(kind: str) -> str:
    known = {"null": "empty", "int": "a number", "float": "a number", "vault": "a vaulted value"}
    return known.get(kind, f"a {kind}")


@dataclasses.dataclass(frozen=True)
class Words:
    """One line of text. pattern: what all of it must match."""

    pattern: str = ""
    example: str = ""

    def read(self, node: Node, report: Report) -> str:
        text = scalar(node)
        if not text.strip():
            raise WrongValue("it is empty", "write a text or leave the key out")
        if self.pattern and not re.fullmatch(self.pattern, text):
            raise WrongValue(f"'{text}' is not of the form wanted", f"write it like {self.example}")
        return text

    def schema(self) -> Schema:
        pattern = f"^(?:{self.pattern})$" if self.pattern else r"\S"
        return {"type": ["string", "integer"], "pattern": pattern}


NAME = Words(r"[^\s:][^:\n]{0,62}", "rt (no colon, no line break, at most 63 characters)")
SLUG = Words(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "jikka (small letters, digits and hyphens)")


@dataclasses.dataclass(frozen=True)
class Bilingual:
    def read(self, node: Node, report: Report) -> Text:
        if node.kind != "mapping":
            text = Words().read(node, report)
            return Text(text, text)
        found = {}
        for key, line, child in node.value:
            if key not in LANGUAGES:
                report(Node("str", key, line), "key-unknown", f"'{key}' is none of its keys", "write ja and en")
            else:
                found[key] = Words().read(child, report)
        if not found:
            raise WrongValue("it holds no text", "write {ja: …, en: …} or one text for both")
        anyway = next(iter(found.values()))
        return Text(**{language: found.get(language, anyway) for language in LANGUAGES})

    def schema(self) -> Schema:
        words = Words().schema()
        both = {
            "type": "object",
            "properties": dict.fromkeys(LANGUAGES, words),
            "additionalProperties": False,
            "minProperties": 1,
        }
        return {"anyOf": [words, both]}


@dataclasses.dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]

    def read(self, node: Node, report: Report) -> str:
        text = scalar(node)
        if text not in self.values:
            near = difflib.get_close_matches(text, self.values, 1)
            hint = f"write {near[0]}" if near else f"write one of {', '.join(self.values)}"
            raise WrongValue(f"'{text}' is none of the values known", hint)
        return text

    def schema(self) -> Schema:
        return {"enum": list(self.values)}


@dataclasses.dataclass(frozen=True)
class Number:
    """A whole number, or with ``whole=False`` any number."""

    least: int
    most: int
    whole: bool = True

    def read(self, node: Node, report: Report) -> t.Union[int, float]:
        kinds = ("int",) if self.whole else ("int", "float")
        wanted = f"write a number from {self.least} to {self.most}"
        # YAML's 0x1f, 1_000 and 1:30 are numbers too, and nobody means them here.
        if node.kind not in kinds or not re.fullmatch(r"[+-]?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", node.value):
            raise WrongValue("it is not a number", wanted)
        number = int(node.value) if self.whole else float(node.value)
        if not self.least <= number <= self.most:
            raise WrongValue(f"{node.value} is out of range", wanted)
        return number

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", "minimum": self.least, "maximum": self.most}


@dataclasses.dataclass(frozen=True)
class Flag:
    def read(self, node: Node, report: Report) -> bool:
        if node.kind != "bool":
            raise WrongValue("it is neither true nor false", "write true or false")
        return node.value.lower() in ("true", "yes", "on")

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclasses.dataclass(frozen=True)
class Day:
    def read(self, node: Node, report: Report) -> datetime.date:
        try:
            if node.kind not in ("timestamp", "str") or len(node.value) != len("2026-05-03"):
                raise ValueError
            return datetime.date.fromisoformat(node.value)
        except ValueError:
            raise WrongValue("it is no date", "write it like 2026-05-03") from None

    def schema(self) -> Schema:
        return {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}


@dataclasses.dataclass(frozen=True)
class Every:
    PATTERN = r"([1-9][0-9]{0,3})([dwmy])"

    def read(self, node: Node, report: Report) -> Period:
        found = re.fullmatch(self.PATTERN, scalar(node))
        if not found:
            raise WrongValue(f"'{node.value}' is no period", "write it like 30d, 2w, 6m or 1y")
        return Period(int(found[1]), found[2])

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self.PATTERN}$"}


@dataclasses.dataclass(frozen=True)
class Ip:
    """What of ``ipaddress`` it is: an address, an interface (address and prefix length) or a network."""

    what: t.Callable[[str], t.Any]
    example: str

    def read(self, node: Node, report: Report) -> t.Any:
        text = scalar(node)
        # Without a slash ipaddress would silently read a network of one address.
        if node.kind == "int" or ("/" in self.example) != ("/" in text) or "%" in text:
            raise WrongValue(f"'{text}' is not of the form wanted", f"write it like {self.example}")
        try:
            return self.what(text)
        except ValueError as error:
            hint = f"write it like {self.example}"
            raise WrongValue(f"it cannot be read: {str(error).rstrip('.')}", hint) from None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^[0-9A-Fa-f.:]+" + ("/[0-9.]+$" if "/" in self.example else "$")}


ADDRESS = Ip(ipaddress.ip_address, "192.0.2.1 or 2001:db8::1")
INTERFACE = Ip(ipaddress.ip_interface, "192.0.2.1/24 or 2001:db8::1/64")
NETWORK = Ip(ipaddress.ip_network, "192.0.2.0/24 or 2001:db8::/64")


@dataclasses.dataclass(frozen=True)
class Mac:
    def read(self, node: Node, report: Report) -> str:
        digits = re.sub(r"[:.-]", "", node.value if node.kind in ("str", "int") else "").lower()
        if not re.fullmatch(r"[0-9a-f]{12}", digits) or not re.fullmatch(r"[0-9A-Fa-f:.-]{14,17}", node.value):
            raise WrongValue("it is no MAC address", "write it in quotes, like '00:00:5e:00:53:01'")
        return ":".join(digits[start : start + 2] for start in range(0, 12, 2))

    def schema(self) -> Schema:
        pattern = "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^([0-9A-Fa-f]{4}[.]){2}[0-9A-Fa-f]{4}$"
        return {"type": "string", "pattern": pattern}


@dataclasses.dataclass(frozen=True)
class Port:
    def read(self, node: Node, report: Report) -> PortRef:
        device, colon, port = scalar(node).partition(":")
        if node.kind != "str" or not colon or not device.strip() or not port.strip():
            raise WrongValue(f"'{node.value}' names no port", "write it in quotes, device and port, like 'rt:lan1'")
        return PortRef(device.strip(), port.strip())

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\s*[^\s:][^:]*:\s*\S.*$"}


@dataclasses.dataclass(frozen=True)
class Secretly:
    def read(self, node: Node, report: Report) -> Secret:
        if node.kind == "vault":
            return Secret("vault", node.value)
        if node.kind not in ("str", "int") or not node.value:
            raise WrongValue("it is not a text", "write '{{ a_vaulted_variable }}' or a !vault value")
        templated = re.fullmatch(r"\s*\{\{.*\}\}\s*", node.value, re.DOTALL)
        return Secret("template" if templated else "plain", node.value)

    def schema(self) -> Schema:
        return {"type": ["string", "integer"], "minLength": 1}


@dataclasses.dataclass(frozen=True)
class ListOf:
    item: Kind

    def read(self, node: Node, report: Report) -> tuple[t.Any, ...]:
        if node.kind != "list":
            raise WrongValue(f"it is {in_words(node.kind)}, not a list", "write it as a list")
        found = []
        for child in node.value:
            try:
                found.append(self.item.read(child, report))
            except Reported:
                continue
            except WrongValue as error:
                report(child, "value-wrong", error.why, error.hint)
        return tuple(found)

    def schema(self) -> Schema:
        return {"type": "array", "items": self.item.schema()}


__all__ = [
    "ADDRESS",
    "INTERFACE",
    "NAME",
    "NETWORK",
    "SLUG",
    "Bilingual",
    "Choice",
    "Day",
    "Every",
    "Flag",
    "Kind",
    "ListOf",
    "Mac",
    "Number",
    "Port",
    "Report",
    "Reported",
    "Schema",
    "Secretly",
    "Words",
    "WrongValue",
    "in_words",
    "scalar",
]
