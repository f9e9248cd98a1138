# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The options that the vbd modules share, and how their values become requests."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._common.errors import InvalidRequest
from . import batch, diskspec, inspection, luks
from .diskspec import DiskRequest
from .luks import Keys
from .mounting import MountRequest

# Paths are of type str: type path would take $NAME in a file's name for a variable, and so another file for this one.
WORKERS = 4
# Given for the whole task, or for one disk, which wins.
SHARED: dict[str, dict[str, t.Any]] = {
    "format": {"type": "str", "choices": list(diskspec.FORMATS)},
    "access": {"type": "str", "choices": ["r", "w"], "default": "r"},
    "backend": {"type": "str", "choices": list(diskspec.BACKENDS), "default": "auto"},
    "overlay": {"type": "bool", "default": False},
    "overlay_dir": {"type": "str", "default": "/var/tmp"},
    "overlay_space": {"type": "bytes", "default": "1G"},
    "references": {"type": "list", "elements": "str", "default": []},
}
OF_ONE_IMAGE: dict[str, dict[str, t.Any]] = {
    "image": {"type": "str"},
    "guest": {"type": "str"},
    "vdev": {"type": "str"},
    **{name: {key: value for key, value in spec.items() if key != "default"} for name, spec in SHARED.items()},
}
OF_ONE_DISK: dict[str, dict[str, t.Any]] = {**OF_ONE_IMAGE, "domain": {"type": "str"}}
OF_ONE_MOUNT: dict[str, dict[str, t.Any]] = {
    **OF_ONE_IMAGE,
    "partition": {"type": "str", "default": "root"},
    "path": {"type": "str"},
    "mounts": {"type": "str", "choices": ["one", "all"], "default": "one"},
    "options": {"type": "str", "default": ""},
    "fstab": {"type": "bool", "default": False},
    "luks_key_file": {"type": "str", "no_log": False},
}
# Of the whole task, for each disk that does not say it itself.
FOR_ALL = (*SHARED, "domain", "luks_key_file")
# Passphrases stand beside the disks and not in them: only so does Ansible know what it must never show or log.
KEYS: dict[str, dict[str, t.Any]] = {
    "luks_passphrase": {"type": "str", "no_log": True},
    "luks_passphrases": {"type": "dict", "no_log": True, "default": {}},
    "luks_key_file": {"type": "str", "no_log": False},
}


def spec(states: t.Sequence[str], disk: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The argument spec of a module that brings disks into one of two states."""
    return {
        # A disk may also be a string in Xen's spelling, so each mapping is validated by read_disks().
        "disks": {"type": "list", "elements": "raw", "required": True, "options": dict(disk)},
        "state": {"type": "str", "choices": list(states), "default": states[0]},
        "force": {"type": "bool", "default": False},
        "on_error": {"type": "str", "choices": [batch.ROLLBACK_ALL, batch.KEEP_GOOD], "default": batch.ROLLBACK_ALL},
        "workers": {"type": "int", "default": WORKERS},
        "timeout": {"type": "float", "default": 30.0},
        **({"domain": {"type": "str"}} if "domain" in disk else {}),
        **(KEYS if "luks_key_file" in disk else {}),
        **SHARED,
    }


def read_disks(params: t.Mapping[str, t.Any], *, opening: bool) -> list[DiskRequest]:
    """The disks of ``vbd``. Raises InvalidRequest."""
    return [diskspec.request(_values(params, item, OF_ONE_DISK), opening=opening) for item in params["disks"]]


def read_mounts(params: t.Mapping[str, t.Any], *, opening: bool) -> list[MountRequest]:
    """The disks of ``vbd_mount``. Raises InvalidRequest."""
    found = []
    for item in params["disks"]:
        values = _values(params, item, OF_ONE_MOUNT)
        disk = diskspec.request(values, opening=opening)
        if opening and not values["path"]:
            raise InvalidRequest(
                disk.image or disk.guest, "it has no path to be mounted on", "add path to that entry of disks"
            )
        if values["mounts"] == "all" and values["fstab"]:
            raise InvalidRequest(
                disk.image or disk.guest, "the lines of a whole tree cannot go into fstab", "leave fstab off for it"
            )
        places = (values["partition"], values["path"] or "", values["options"], values["fstab"])
        found.append(MountRequest(disk, *places, keys_for(params, values), values["mounts"]))
    return found


def read_inspected(params: t.Mapping[str, t.Any]) -> list[inspection.Wanted]:
    """The images that ``vbd_info`` looks into. Raises InvalidRequest."""
    shared = {name: params[name] for name in ("format", "references", "luks_key_file")}
    found = []
    for path in params["images"] if params["inspect"] else ():
        values = {"image": path, **shared}
        found.append(inspection.Wanted(diskspec.request(values), keys_for(params, values)))
    return found


def keys_for(params: t.Mapping[str, t.Any], disk: t.Mapping[str, t.Any]) -> Keys:
    """What opens the encrypted volumes of a disk, by the options beside it and its own."""
    named = disk.get("image") or disk.get("guest") or ""
    own = params.get("luks_passphrases") or {}
    return luks.choose(named, params.get("luks_passphrase") or "", own, disk.get("luks_key_file") or "")


def _values(params: t.Mapping[str, t.Any], item: t.Any, known: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    if isinstance(item, str) and "/" not in item:
        raise InvalidRequest(
            item, "no disk", "put a string in Xen's spelling into a list, or Ansible splits it at its commas"
        )
    mapping = diskspec.parse(item) if isinstance(item, str) else item
    if not isinstance(mapping, dict):
        raise InvalidRequest(str(item), "neither a mapping nor a string", diskspec.HINT)
    result = ArgumentSpecValidator(dict(known), required_one_of=[["image", "guest"]]).validate(
        _with_xen_access(mapping)
    )
    if result.error_messages:
        # The validator leaves the word out that says what is the matter with an unknown key.
        prefix = "unsupported: " if result.unsupported_parameters else ""
        why = prefix + "; ".join(message.rstrip(".") for message in result.error_messages)
        raise InvalidRequest(str(mapping.get("image", mapping.get("guest", item))), why, "correct that entry of disks")
    own = result.validated_parameters
    return {**own, **{name: params[name] for name in FOR_ALL if name in params and own.get(name) is None}}


def _with_xen_access(mapping: dict[str, t.Any]) -> dict[str, t.Any]:
    # People who come from Xen write ro and rw in mappings too.
    access = mapping.get("access")
    return {**mapping, "access": diskspec.ACCESS.get(access, access)} if isinstance(access, str) else mapping


__all__ = [
    "KEYS",
    "OF_ONE_DISK",
    "OF_ONE_MOUNT",
    "SHARED",
    "keys_for",
    "read_disks",
    "read_inspected",
    "read_mounts",
    "spec",
]
