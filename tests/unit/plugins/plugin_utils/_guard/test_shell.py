# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's own script, on a host whose systemd only remembers. Real ones are in Molecule's scenario guard."""

from __future__ import annotations

import shutil

import pytest

from ansible_collections.homevirt.fleet.plugins.plugin_utils._guard import script
from ansible_collections.homevirt.fleet.tests.unit.support.fakeguardhost import FakeGuardHost

FAILING = script.command_undo("echo it fails; exit 7", "a failing command")


@pytest.fixture(name="shell", params=[("sh",), ("busybox", "sh")], ids=["sh", "busybox"])
def shells(request):
    if not shutil.which(request.param[0]):
        pytest.skip(f"no {request.param[0]} here")
    return request.param


@pytest.fixture(name="host")
def guard_host(tmp_path, shell):
    return FakeGuardHost(tmp_path, shell)


@pytest.fixture(name="config")
def guarded_file(tmp_path):
    path = tmp_path / "config"
    path.write_text("original\n")
    return path


def test_armed_changed_and_put_back(host, config):
    assert host.arm("wan", [config]) == (0, {"changed": "true"})
    assert host.hooks() == ["homevirt-fleet-guard-early.service", "homevirt-fleet-guard-late.service"]
    config.write_text("broken\n")
    assert host.ask("roll_back", "wan", "me") == (0, {"changed": "true"})
    assert host.ask("expire", "wan", "1").rc == 0
    assert (config.read_text(), host.state("wan"), host.hooks()) == ("original\n", "rolled_back", [])


def test_one_that_ends_leaves_the_boot_to_one_that_is_being_armed(host, config):
    host.arm("one", [config])
    host.ask("roll_back", "one", "me")
    arming = host.lock(host.guards / ".lock")
    try:
        assert host.ask("expire", "one", "1").rc == 0
    finally:
        arming.kill()
        arming.wait()
    assert host.state("one") == "rolled_back" and len(host.hooks()) == 2
    # Nobody armed anything after all: the next boot sees to it.
    host.ask("late")
    assert host.hooks() == []


def test_what_could_not_be_put_back_is_not_armed_over(host, config):
    host.arm("wan", [config], undo=[FAILING])
    host.ask("roll_back", "wan", "me")
    host.ask("expire", "wan", "1")
    kept = host.guards / "wan/files/100/data"
    assert kept.read_text() == "original\n"
    for check in (False, True):
        refused = host.arm("wan", [config], check=check)
        assert refused.rc == 3 and "did not put all back" in refused.said["why"]
        assert f"remove {host.guards}/wan" in refused.said["hint"]
    assert kept.read_text() == "original\n"
    shutil.rmtree(host.guards / "wan")
    assert host.arm("wan", [config]).rc == 0
