# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Which of a source's driver packages go into a guest."""

from __future__ import annotations

import typing as t

from .._common.errors import InvalidRequest, Refused
from . import catalog, driver_package, inf, inf_package
from .driver_package import Package, name_of
from .driver_source import DriverSource
from .inf_package import Model, Target

# What virtio-win's directories are called: oldest version, and product types, that they are for.
LABELS: dict[str, tuple[tuple[int, int, int], tuple[int, ...]]] = {
    "2k": ((5, 0, 0), (1, 2, 3)),
    "xp": ((5, 1, 0), (1,)),
    "2k3": ((5, 2, 0), (1, 2, 3)),
    "vista": ((6, 0, 0), (1,)),
    "2k8": ((6, 0, 0), (2, 3)),
    "w7": ((6, 1, 0), (1,)),
    "2k8r2": ((6, 1, 0), (2, 3)),
    "w8": ((6, 2, 0), (1,)),
    "2k12": ((6, 2, 0), (2, 3)),
    "w8.1": ((6, 3, 0), (1,)),
    "2k12r2": ((6, 3, 0), (2, 3)),
    "w10": ((10, 0, 0), (1,)),
    "2k16": ((10, 0, 14393), (2, 3)),
    "2k19": ((10, 0, 17763), (2, 3)),
    "2k22": ((10, 0, 20348), (2, 3)),
    "w11": ((10, 0, 22000), (1,)),
    "2k25": ((10, 0, 26100), (2, 3)),
}
WORDS = {"unsigned": "is not signed, or not in this version", "test": "is signed with a test certificate"}
# More of a long list helps nobody.
MOST_LISTED = 40


class _Candidate(t.NamedTuple):
    rank: tuple[t.Any, ...]
    path: str
    text: inf.Inf
    models: list[Model]
    services: list[str]


def choose(
    source: DriverSource, wanted: t.Sequence[str], target: Target, policy: str
) -> tuple[list[Package], list[str]]:
    """(packages for a guest, those that others depend on first; sentences about what was left out).

    Raises InvalidRequest, Refused.
    """
    candidates, broken = _candidates(source, target)
    if not wanted:
        names = sorted({name_of(candidate.path) for candidate in candidates})
        best = [max(_named(candidates, name), key=lambda each: each.rank) for name in names]
        if not best:
            raise _no_match(source, "a driver", target, candidates, broken)
    else:
        best = []
        for each in wanted:
            fitting = _named(candidates, each)
            if not fitting:
                raise _no_match(source, each, target, candidates, broken)
            found = max(fitting, key=lambda candidate: candidate.rank)
            if found not in best:
                best.append(found)
    packages = [driver_package.read(source, each.path, each.text, each.models, target) for each in best]
    weak = [each for each in packages if catalog.LEVELS.index(each.signature) < catalog.LEVELS.index(policy)]
    if weak and (wanted or len(weak) == len(packages)):
        _refuse_weak(source, weak[0], policy)
    left = [f"{each.inf_path} is left out: it {WORDS[each.signature]}" for each in weak]
    return _buses_first([each for each in packages if each not in weak]), left


def _refuse_weak(source: DriverSource, weak: Package, policy: str) -> None:
    raise Refused(
        f"{source.path}: {weak.inf_path}",
        f"the driver {WORDS[weak.signature]}, and signature_policy is {policy}",
        f"take signed drivers, or set signature_policy to {weak.signature} where the guest starts such drivers",
    )


def _candidates(source: DriverSource, target: Target) -> tuple[list[_Candidate], list[str]]:
    """All INF files that have devices for this Windows, and sentences about those that cannot be read."""
    found, broken = [], []
    for path in source.names(".inf"):
        try:
            text = inf.parse(inf.decode(source.read(path)))
        except inf.InvalidInf as error:
            broken.append(f"{path} ({error.what}: {error.why})")
            continue
        decoration, devices = inf_package.models(text, target)
        place = _place_rank(path, target)
        if devices and place is not None:
            # Two equal ones: the path that comes first, so that every run takes the same.
            order = tuple(-ord(char) for char in path.casefold())
            rank = (decoration, place, inf_package.driver_version(text), order)
            names = [each.name.casefold() for each in driver_package.services(text, devices, target)]
            found.append(_Candidate(rank, path, text, devices, names))
    return found, broken


def _place_rank(path: str, target: Target) -> t.Optional[tuple[t.Any, ...]]:
    """How well the directories' names speak for this Windows (greater is better); None where they speak against it."""
    for part in reversed(path.casefold().split("/")[:-1]):
        if part in LABELS:
            version, products = LABELS[part]
            if version > target.version:
                return None
            return (1 if target.product_type in products else 0), version
    return 0, (0, 0, 0)


def _named(candidates: t.Sequence[_Candidate], wanted: str) -> list[_Candidate]:
    """By the INF file's name, the service's name, or a device's ID or the start of one at its end of a part."""
    if "\\" in wanted:
        upper = wanted.upper()
        return [
            each
            for each in candidates
            if any(
                found == upper or found.startswith(f"{upper}&") or upper.startswith(f"{found}&")
                for model in each.models
                for found in model.ids
            )
        ]
    return [each for each in candidates if wanted.casefold() in (name_of(each.path), *each.services)]


def _no_match(
    source: DriverSource, wanted: str, target: Target, candidates: t.Sequence[_Candidate], broken: t.Sequence[str]
) -> InvalidRequest:
    there = sorted({name_of(each.path) for each in candidates})[:MOST_LISTED]
    others = [path for path in source.names(".inf") if path not in {each.path for each in candidates}]
    here = f"for this Windows it has {', '.join(there)}" if there else "it has none for this Windows"
    beside = f"; for others {', '.join(others[:MOST_LISTED])}" if others else ""
    unread = f"; not readable {', '.join(broken[:5])}" if broken else ""
    version = ".".join(map(str, target.version))
    return InvalidRequest(
        source.path,
        f"{wanted} for {target.arch} {version} (product type {target.product_type}) is not in it: "
        f"{here}{beside}{unread}",
        "name one that it has, or take another source",
    )


def _buses_first(packages: t.Sequence[Package]) -> list[Package]:
    """A driver whose devices another driver's bus makes (XENBUS\\…) comes after that driver."""
    names = {package.name for package in packages}
    names |= {package.service.name.casefold() for package in packages if package.service}
    done: list[Package] = []
    waiting = sorted(packages, key=lambda package: package.name)
    while waiting:
        provided = {package.name for package in done} | {each.service.name.casefold() for each in done if each.service}
        ready = [each for each in waiting if not (_buses(each) & names - provided - {each.name})]
        # Two that wait for one another are taken as they come.
        done.extend(ready or waiting[:1])
        waiting = [each for each in waiting if each not in done]
    return done


def _buses(package: Package) -> set[str]:
    return {each.split("\\")[0].casefold() for each in package.ids if "\\" in each}


__all__ = ["Package", "choose"]
