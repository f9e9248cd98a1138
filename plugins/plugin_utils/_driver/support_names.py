# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The many spellings of operating systems, hypervisors and architectures, each brought to one name."""

from __future__ import annotations

import functools
import pathlib
import re
import typing as t

import yaml

DATA = pathlib.Path(__file__).with_name("support")
BRACKETS = re.compile(r"\([^()]*\)|[®™]")
PUNCTUATION = re.compile(r"[\s/_,:;-]+")
# Four digits at most: a longer number is no version, and Python refuses to read endless ones.
VERSION = re.compile(r" ?v?([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:\.[0-9]{1,9})*(?: ?sp ?([0-9]{1,4}))?(?: lts)?")
NUMBERS = re.compile(r"(?:sp)?[0-9.]+")


class Name(t.NamedTuple):
    """An operating system, or the product that a hypervisor comes in.

    id:      osinfo-db's short id where it has one, such as rhel9.4.
    kind:    linux, windows or host (a hypervisor's product).
    family:  rhel, windows, …
    version: (9, 4); (9,) where only that was said; empty for Windows.
    """

    id: str
    title: str
    kind: str
    family: str
    version: tuple[int, ...]


@functools.cache
def names_data() -> dict[str, t.Any]:
    return yaml.safe_load((DATA / "names.yml").read_text(encoding="utf-8"))


def normal(text: str) -> str:
    """As aliases are written: small letters, no brackets, one space in place of punctuation."""
    return PUNCTUATION.sub(" ", BRACKETS.sub(" ", text.casefold())).strip()


def system(text: str) -> t.Optional[Name]:
    """The operating system that a text names, or None: a name is never guessed."""
    words = normal(text)
    return _windows(words) or _versioned(words)


def hypervisor(text: str) -> t.Optional[str]:
    return _by_alias(names_data()["hypervisors"], text, lambda entry: entry["aliases"])


def architecture(text: str) -> t.Optional[str]:
    return _by_alias(names_data()["architectures"], text, lambda entry: entry)


def drivers(guest: Name, hypervisor_id: str) -> list[str]:
    """The paravirtual drivers of a guest for its disks and network on a hypervisor."""
    return list(names_data()["hypervisors"][hypervisor_id]["drivers"].get(guest.kind, []))


def _by_alias(table: t.Mapping[str, t.Any], text: str, aliases: t.Callable[[t.Any], list[str]]) -> t.Optional[str]:
    words = normal(text)
    return next((name for name, entry in table.items() if words in (name, normal(name), *aliases(entry))), None)


def _windows(words: str) -> t.Optional[Name]:
    words = words.removeprefix("microsoft ")
    for alias, name in _windows_aliases():
        rest = words.removeprefix(alias)
        if words.startswith(alias) and (not rest or rest.startswith(" ")) and _is_edition(rest):
            return name
    return None


@functools.cache
def _windows_aliases() -> list[tuple[str, Name]]:
    found = []
    for identifier, entry in names_data()["windows"]["names"].items():
        name = Name(identifier, entry["title"], "windows", "windows", ())
        found += [(alias, name) for alias in (identifier, *entry["aliases"])]
    return found


def _is_edition(rest: str) -> bool:
    editions = names_data()["windows"]["editions"]
    return all(word in editions or NUMBERS.fullmatch(word) for word in rest.split())


def _versioned(words: str) -> t.Optional[Name]:
    for family, entry in names_data()["families"].items():
        for alias in (family, *entry["aliases"]):
            if words.startswith(alias):
                version = _version(entry, words.removeprefix(alias))
                if version:
                    return _named(family, entry, version)
    return None


def _version(entry: t.Mapping[str, t.Any], rest: str) -> tuple[int, ...]:
    """Empty where it is none of this family's."""
    rest = entry.get("codenames", {}).get(rest.strip(), rest)
    match = VERSION.fullmatch(rest)
    if not match:
        return ()
    major, minor, pack = match.groups()
    if pack is not None and ("service_packs" not in entry or minor is not None):
        return ()
    numbers = [int(number) for number in (major, minor or pack) if number is not None]
    if "service_packs" in entry and len(numbers) == 1:
        numbers.append(0)
    return tuple(numbers[: len(entry["version"])])


def _named(family: str, entry: t.Mapping[str, t.Any], version: tuple[int, ...]) -> Name:
    # The first release of SLES is written without its service pack.
    written = version[:1] if "service_packs" in entry and version[1:] == (0,) else version
    ending = entry["version"][len(written) - 1].format(*written)
    prefix = entry.get("renamed", {}).get(version[0], family)
    return Name(f"{prefix}{ending}", f"{entry['title']} {ending.replace('sp', ' SP')}", entry["kind"], family, version)


class Pattern(t.NamedTuple):
    """One entry of a row's guests or hosts: rhel5.4, rhel9.2+ (and later of 9), rhel8.* (all of 8), esxi.* (all)."""

    text: str
    family: str
    version: tuple[int, ...]
    ending: str

    def matches(self, name: Name) -> bool:
        if not self.ending:
            return name.id == self.text
        if name.family != self.family:
            return False
        if self.ending == ".*":
            return not self.version or name.version[:1] == self.version[:1]
        return len(name.version) > 1 and name.version[0] == self.version[0] and name.version >= self.version


def pattern(text: str) -> Pattern:
    """Raises ValueError where it names nothing that is known: the data are wrong."""
    ending = next((ending for ending in (".*", "+") if text.endswith(ending)), "")
    stem = text.removesuffix(ending)
    if ending == ".*" and stem in names_data()["families"]:
        return Pattern(text, stem, (), ending)
    name = system(stem)
    if name is None or name.id != stem:
        raise ValueError(text)
    return Pattern(text, name.family, name.version, ending)


__all__ = [
    "DATA",
    "Name",
    "Pattern",
    "architecture",
    "drivers",
    "hypervisor",
    "names_data",
    "normal",
    "pattern",
    "system",
]
