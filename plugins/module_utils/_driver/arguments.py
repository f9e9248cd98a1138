# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The options of ``guest_driver``, and how their values become requests."""

from __future__ import annotations

import typing as t

from .._vbd import arguments as vbd_arguments
from .._vbd import diskspec
from .._vbd.mounting import MountRequest
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
# The same of images, by the words of the vbd modules.
OF_IMAGES: dict[str, dict[str, t.Any]] = {
    name: vbd_arguments.SHARED[name] for name in ("format", "backend", "references")
}
FORMAT = OF_IMAGES["format"]
OF_ONE_MOUNT: dict[str, dict[str, t.Any]] = {
    "path": {"type": "str", "required": True},
    "partition": {"type": "str", "required": True},
    "image": {"type": "str"},
    "format": FORMAT,
}
ONLY_WITH_IMAGE = ("format", "backend", "references", "mounts", "luks_key_file")


def _without_default(specs: t.Mapping[str, dict[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    return {name: {key: value for key, value in spec.items() if key != "default"} for name, spec in specs.items()}


OF_ONE_GUEST: dict[str, dict[str, t.Any]] = {
    "root": {"type": "str"},
    "image": {"type": "str"},
    "partition": {"type": "str", "default": "root"},
    "mounts": {"type": "list", "elements": "dict", "options": OF_ONE_MOUNT},
    "system_root": {"type": "str"},
    "luks_key_file": {"type": "str", "no_log": False},
    **_without_default(OF_IMAGES),
    **_without_default(SHARED),
}
SPEC: dict[str, dict[str, t.Any]] = {
    "guests": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": OF_ONE_GUEST,
        "mutually_exclusive": [["root", "image"]],
        "required_one_of": [["root", "image"]],
        "required_by": dict.fromkeys(ONLY_WITH_IMAGE, "image"),
    },
    "state": {"type": "str", "choices": list(STATES), "default": "present"},
    "timeout": {"type": "float", "default": 30.0},
    "workers": {"type": "int", "default": vbd_arguments.WORKERS},
    **vbd_arguments.KEYS,
    **OF_IMAGES,
    **SHARED,
}


def read(params: t.Mapping[str, t.Any]) -> list[Request]:
    """A request for each guest, in the same order. Raises InvalidRequest."""
    return [_request(params, guest) for guest in params["guests"]]


def _request(params: t.Mapping[str, t.Any], guest: t.Mapping[str, t.Any]) -> Request:
    values = _chosen(params, guest, SHARED)
    return Request(
        root=guest.get("root") or "",
        mounts=_mounts(params, guest) if guest.get("image") else (),
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


def _mounts(params: t.Mapping[str, t.Any], guest: t.Mapping[str, t.Any]) -> tuple[MountRequest, ...]:
    """The guest's system first, then what else it has mounted; all paths as in the guest."""
    system = {"path": "/", "partition": guest["partition"]}
    return tuple(_mount(params, guest, mount) for mount in (system, *(guest.get("mounts") or ())))


def _mount(params: t.Mapping[str, t.Any], guest: t.Mapping[str, t.Any], mount: t.Mapping[str, t.Any]) -> MountRequest:
    values = _chosen(params, guest, (*OF_IMAGES, "luks_key_file"))
    values["image"] = guest["image"]
    if mount.get("image"):
        values.update(image=mount["image"], format=mount.get("format") or params["format"])
    keys = vbd_arguments.keys_for(params, values)
    return MountRequest(diskspec.request(values), mount["partition"], mount["path"], keys=keys)


def _chosen(params: t.Mapping[str, t.Any], guest: t.Mapping[str, t.Any], names: t.Iterable[str]) -> dict[str, t.Any]:
    """The guest's own values, and those of the task where it has none."""
    return {name: params[name] if guest.get(name) is None else guest[name] for name in names}


__all__ = ["SPEC", "read"]
