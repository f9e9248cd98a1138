# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The options of ``guest_driver``, and how their values become requests."""

from __future__ import annotations

import typing as t

from .request import HYPERVISORS, POLICIES, STATES, Request

# Given for the whole task, or for one guest, which wins. Paths are of type str, as in the vbd modules.
SHARED: dict[str, dict[str, t.Any]] = {
    "source": {"type": "str"},
    "drivers": {"type": "list", "elements": "str", "default": []},
    "hypervisor": {"type": "str", "choices": list(HYPERVISORS)},
    "signature_policy": {"type": "str", "choices": list(POLICIES), "default": "signed"},
    "remove_conflicts": {"type": "bool", "default": False},
    "allow_downgrade": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
}
OF_ONE_GUEST: dict[str, dict[str, t.Any]] = {
    "root": {"type": "str", "required": True},
    "system_root": {"type": "str"},
    **{name: {key: value for key, value in spec.items() if key != "default"} for name, spec in SHARED.items()},
}
SPEC: dict[str, dict[str, t.Any]] = {
    "guests": {"type": "list", "elements": "dict", "required": True, "options": OF_ONE_GUEST},
    "state": {"type": "str", "choices": list(STATES), "default": "present"},
    **SHARED,
}


def read(params: t.Mapping[str, t.Any]) -> list[Request]:
    """A request for each guest, in the same order."""
    return [_request(params, guest) for guest in params["guests"]]


def _request(params: t.Mapping[str, t.Any], guest: t.Mapping[str, t.Any]) -> Request:
    values = {name: params[name] if guest.get(name) is None else guest[name] for name in SHARED}
    return Request(
        root=guest["root"],
        state=params["state"],
        source=values["source"] or "",
        drivers=tuple(values["drivers"]),
        hypervisor=values["hypervisor"] or "",
        signature_policy=values["signature_policy"],
        remove_conflicts=values["remove_conflicts"],
        allow_downgrade=values["allow_downgrade"],
        force=values["force"],
        system_root=guest.get("system_root") or "",
    )


__all__ = ["SPEC", "read"]
