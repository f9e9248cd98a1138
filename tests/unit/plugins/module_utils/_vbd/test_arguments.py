# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options: a disk's own values win over the task's, and mistakes are named."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import arguments


def params(**given):
    spec = arguments.spec(("attached", "detached"), arguments.OF_ONE_DISK)
    result = ArgumentSpecValidator(spec).validate(given)
    assert not result.error_messages
    return result.validated_parameters


@pytest.mark.parametrize(
    ("disk", "task", "want"),
    [
        ({"image": "/a.qcow2"}, {}, {"access": "r", "backend": "auto", "format": "qcow2"}),
        ({"image": "/a.qcow2"}, {"access": "w"}, {"access": "w"}),
        ({"image": "/a.qcow2", "access": "ro"}, {"access": "w"}, {"access": "r"}),
        ({"image": "/a.img"}, {"format": "raw"}, {"format": "raw"}),
        ("tap:qcow2:/a.img,xvda,w", {"format": "raw"}, {"format": "qcow2", "access": "w", "vdev": "xvda"}),
        ({"image": "/a.qcow2", "overlay": "yes"}, {}, {"overlay": True, "access": "w"}),
        ({"image": "/$HOME.qcow2"}, {}, {"image": "/$HOME.qcow2"}),
    ],
)
def test_values(disk, task, want):
    (found,) = arguments.read_disks(params(disks=[disk], **task), opening=True)
    assert {key: getattr(found, key) for key in want} == want


@pytest.mark.parametrize(
    ("disk", "why"),
    [
        (
            {"image": "/a.qcow2", "acess": "w"},
            "unsupported: acess. Supported parameters include: .*references, vdev. Correct",
        ),
        ({"image": "/a.qcow2", "access": "x"}, "access"),
        ({"format": "raw"}, "one of the following is required: image, guest"),
        (7, "neither a mapping nor a string"),
        ({"image": "a.qcow2"}, "not an absolute path"),
    ],
)
def test_mistakes(disk, why):
    with pytest.raises(InvalidRequest, match=why):
        arguments.read_disks(params(disks=[disk]), opening=True)


def test_mount_needs_a_path_and_unmount_does_not():
    given = params(disks=[{"image": "/a.qcow2"}])
    with pytest.raises(InvalidRequest, match="no path to be mounted on"):
        arguments.read_mounts(given, opening=True)
    assert arguments.read_mounts(given, opening=False)[0].path == ""
