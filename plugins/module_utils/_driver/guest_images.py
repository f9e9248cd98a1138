# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Guests that lie in images: looked into read-only, and only those that need it attached again for writing.

The attachments are the vbd engine's, and end with the call. The user knows of images and not of the places where they
are mounted for the moment, so whatever is said of those says ``IMAGE:/path`` instead.
"""

from __future__ import annotations

import contextlib
import re
import typing as t

from .._common.errors import FleetError, InvalidRequest
from .._common.host import Host
from .._vbd import image, visit
from .._vbd.mounting import MountRequest
from . import engine
from .request import Request

BY = "guest_driver"


def plan_and_apply(host: Host, requests: t.Sequence[Request], *, check: bool) -> dict[str, t.Any]:
    """All guests as one transaction, as engine.plan_and_apply() does it. Raises FleetError."""
    if not any(request.mounts for request in requests):
        return engine.plan_and_apply(host, requests, check=check)
    _refuse_twice(requests)
    looked = _visit(host, requests, "r", check=True)
    needy = [number for number, guest in enumerate(looked["guests"]) if guest["changed"]]
    if check or not needy:
        return looked
    done = _visit(host, [requests[number] for number in needy], "w", check=False)
    now = dict(zip(needy, done["guests"]))
    guests = [now.get(number, guest) for number, guest in enumerate(looked["guests"])]
    return {**done, "guests": guests, "warnings": list(dict.fromkeys([*looked["warnings"], *done["warnings"]]))}


def _refuse_twice(requests: t.Sequence[Request]) -> None:
    """As the engine does it for roots; here one image may be called by several names."""
    seen = set()
    for mount in (request.mounts[0] for request in requests if request.mounts):
        name = mount.disk.image
        place = (image.identify(name) or name, mount.partition)
        if place in seen:
            raise InvalidRequest(name, "asked for twice", "put all that is wanted of a guest into one entry")
        seen.add(place)


def _visit(host: Host, requests: t.Sequence[Request], access: str, *, check: bool) -> dict[str, t.Any]:
    """Do or look what the engine would, with all images attached meanwhile."""
    names: dict[str, str] = {}
    placed, wanted = [], []
    for number, request in enumerate(requests):
        if request.mounts:
            root = visit.place(host, BY, number)
            names[root] = request.mounts[0].disk.image
            wanted += [_placed(mount, root, access) for mount in request.mounts]
            request = request._replace(root=root)
        placed.append(request)
    result: dict[str, t.Any] = {}
    try:
        with visit.visiting(host, BY, wanted) if wanted else contextlib.nullcontext([]) as cleaned:
            result = engine.plan_and_apply(host, placed, check=check)
    except FleetError as error:
        error.what, error.why, error.hint = (_named(text, names) for text in (error.what, error.why, error.hint))
        error.details.update(_named(error.details, names))
        if result and not check:
            error.why = f"the guests are as they are wanted, but {error.why}"
            error.details.update(_named({key: result[key] for key in ("changed", "steps")}, names))
        raise
    for guest in result["guests"]:
        root = guest["root"]
        if root in names:
            guest["image"] = guest.pop("root")
    return {**_named(result, names), "warnings": [*cleaned, *_named(result["warnings"], names)]}


def _placed(mount: MountRequest, root: str, access: str) -> MountRequest:
    path = f"{root}/{mount.path.strip('/')}".rstrip("/")
    return mount._replace(path=path, disk=mount.disk._replace(access=access))


def _named(value: t.Any, names: t.Mapping[str, str]) -> t.Any:
    """The same with every place called by its image."""
    if isinstance(value, str):
        for root, name in names.items():
            # One place may begin as another does: …-1, …-10.
            value = re.sub(f"{re.escape(root)}(?![0-9/])", lambda _found, name=name: name, value)
            value = value.replace(f"{root}/", f"{name}:/")
        return value
    if isinstance(value, dict):
        return {key: _named(each, names) for key, each in value.items()}
    return [_named(each, names) for each in value] if isinstance(value, (list, tuple)) else value


__all__ = ["plan_and_apply"]
