# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a task asks of change_guard, judged before the host is touched."""

from __future__ import annotations

import getpass
import hashlib
import json
import re
import socket
import typing as t

from ...module_utils._common.errors import InvalidRequest

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# What lies beside the guards in their directory: the script, and the log.
TAKEN = ("guard", "log")
SHORTEST, LONGEST = 10, 86400

UNDO_SPEC: dict[str, t.Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "command": {"type": "str"},
        "module": {"type": "str"},
        "args": {"type": "dict", "default": {}},
        "title": {"type": "str"},
    },
    "mutually_exclusive": [["command", "module"]],
    "required_one_of": [["command", "module"]],
}
SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["armed", "confirmed", "rolled_back"], "default": "armed"},
    "files": {"type": "list", "elements": "str", "default": []},
    "undo": UNDO_SPEC,
    "window": {"type": "int", "default": 300},
    "on_boot": {"type": "str", "choices": ["rollback", "wait"], "default": "rollback"},
    "owner": {"type": "str"},
    "directory": {"type": "str"},
    "timeout": {"type": "int", "default": 60},
}
INFO_SPEC: dict[str, t.Any] = {"name": {"type": "str"}, "directory": {"type": "str"}}


def judged(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The parameters with the owner filled in. Raises InvalidRequest."""
    if not NAME.fullmatch(params["name"]):
        raise InvalidRequest(
            f"name: {params['name']}",
            "it names a file and a unit of the host",
            "use at most 40 small letters, digits, - and _, a letter or digit first",
        )
    if params["name"] in TAKEN:
        raise InvalidRequest(
            f"name: {params['name']}", "the host keeps a file of its own under this name", "choose another one"
        )
    for path in [*params["files"], *([params["directory"]] if params["directory"] else [])]:
        if (
            not path.startswith("/")
            or path == "/"
            or "\n" in path
            or "//" in path
            or {".", ".."} & set(path.split("/"))
        ):
            raise InvalidRequest(f"path: {path}", "it is no plain absolute path", "write it whole, without . and ..")
    files = [path.rstrip("/") for path in params["files"]]
    for path in files:
        if any(other != path and path.startswith(f"{other}/") for other in files) or files.count(path) > 1:
            raise InvalidRequest(f"files: {path}", "it is in the list twice, or with its directory", "name it once")
    if not SHORTEST <= params["window"] <= LONGEST:
        raise InvalidRequest(
            f"window: {params['window']}", "it is no useful time", f"choose {SHORTEST} to {LONGEST} seconds"
        )
    if params["state"] == "armed" and not files and not params["undo"]:
        raise InvalidRequest(params["name"], "it would put nothing back", "give files or undo")
    owner = params["owner"] or this_user()
    if not owner.isprintable():
        raise InvalidRequest("owner", "it has characters that cannot be printed", "give another one")
    return {**params, "files": files, "owner": owner}


def this_user() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def mark(params: dict[str, t.Any]) -> str:
    """By which the host knows the same request again, without learning what is in it."""
    asked = {key: params[key] for key in ("files", "undo", "window", "on_boot")}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:32]


__all__ = ["INFO_SPEC", "SPEC", "judged", "mark", "this_user"]
