# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The options of disk_benchmark, which its action and its module read alike."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.common.text.formatters import human_to_bytes

from .._common.errors import InvalidRequest
from . import profile
from .place import Place
from .profile import Job
from .survey import Arm

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

ARM_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "directory": {"type": "str", "default": ""},
    "device": {"type": "str", "default": ""},
    "raw_device_i_accept_data_loss": {"type": "str", "default": ""},
    "expect_driver": {"type": "str", "default": ""},
    "host": {"type": "str", "default": ""},
}
JOB_SPEC: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "operation": {"type": "str", "choices": list(profile.OPERATIONS), "required": True},
    "pattern": {"type": "str", "choices": list(profile.PATTERNS), "required": True},
    "block_size": {"type": "str", "required": True},
    "queue_depth": {"type": "int", "default": 1},
    "threads": {"type": "int", "default": 1},
    "work": {"type": "str"},
}
HYPERVISOR_SPEC: dict[str, t.Any] = {
    "kind": {"type": "str", "choices": ["qemu", "xen"], "required": True},
    "guest": {"type": "str", "required": True},
    "host": {"type": "str", "default": "localhost"},
}
SPEC: dict[str, t.Any] = {
    "arms": {"type": "list", "elements": "dict", "options": ARM_SPEC, "required": True},
    "profile": {"type": "str", "choices": sorted(profile.SHAPES), "default": "quick"},
    "jobs": {"type": "list", "elements": "dict", "options": JOB_SPEC, "default": []},
    "operations": {
        "type": "list",
        "elements": "str",
        "choices": list(profile.OPERATIONS),
        "default": list(profile.OPERATIONS),
    },
    "size": {"type": "str"},
    "random_work": {"type": "str"},
    "keep_free": {"type": "str", "default": "1G"},
    "io_engine": {"type": "str", "choices": ["auto", "libaio", "io_uring", "psync"], "default": "auto"},
    "direct": {"type": "bool", "default": True},
    "pairs": {"type": "int", "default": 5},
    "warmup": {"type": "int", "default": 1},
    "margin": {"type": "float"},
    "spread": {"type": "float"},
    "run_id": {"type": "str"},
    "results_dir": {"type": "path", "default": "benchmark-results"},
    "tolerance": {"type": "float", "default": 0.001},
    "timeout": {"type": "float", "default": 3600.0},
    "hypervisor": {"type": "dict", "options": HYPERVISOR_SPEC},
}
REQUIRED_TOGETHER = [["margin", "spread"]]


class Request(t.NamedTuple):
    """What the options ask for, in bytes."""

    arms: list[Arm]
    profile: str
    size: int
    jobs: list[Job]


def request(params: t.Mapping[str, t.Any]) -> Request:
    """Raises InvalidRequest."""
    if params["jobs"]:
        size = _bytes("size", params["size"] or "256M")
        jobs = [_job(fields, size) for fields in params["jobs"]]
        name, (size, jobs) = "custom", profile.checked(size, jobs)
    else:
        sizes = [_bytes(option, params[option]) if params[option] else None for option in ("size", "random_work")]
        name, (size, jobs) = params["profile"], profile.jobs_of(params["profile"], *sizes, params["operations"])
    keep_free = _bytes("keep_free", params["keep_free"])
    if params["run_id"] is not None and not RUN_ID.fullmatch(params["run_id"]):
        raise InvalidRequest(
            f"run_id '{params['run_id']}'", "names the files of the results", "use letters, digits, '.', '_' and '-'"
        )
    if not params["arms"]:
        raise InvalidRequest("arms", "there is none", "name at least one, with its directory")
    arms = [
        Arm(
            fields["name"],
            Place(fields["directory"], fields["device"], size, keep_free, fields["raw_device_i_accept_data_loss"]),
            fields["expect_driver"],
            fields["host"],
        )
        for fields in params["arms"]
    ]
    if len({arm.name for arm in arms}) != len(arms):
        raise InvalidRequest("arms", "two have the same name", "give each a name of its own")
    if all(arm.host for arm in arms):
        raise InvalidRequest("arms", "each names a host", "leave host out for one that is on the task's own host")
    return Request(arms, name, size, jobs)


def _job(fields: t.Mapping[str, t.Any], size: int) -> profile.Job:
    what = f"work of job '{fields['name']}'"
    return profile.Job(
        fields["name"],
        fields["operation"],
        fields["pattern"],
        _bytes(f"block_size of job '{fields['name']}'", fields["block_size"]),
        fields["queue_depth"],
        fields["threads"],
        _bytes(what, fields["work"]) if fields["work"] else size,
    )


def _bytes(option: str, text: str) -> int:
    try:
        value = human_to_bytes(text)
    except ValueError as error:
        raise InvalidRequest(f"{option} '{text}'", "is no size", "write it like 4K, 64M or 1G") from error
    if value < 0:
        raise InvalidRequest(f"{option} '{text}'", "is less than nothing", "write it like 4K, 64M or 1G")
    return int(value)


__all__ = ["REQUIRED_TOGETHER", "SPEC", "Request", "request"]
