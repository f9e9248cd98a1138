# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's own script, on a host whose systemd only remembers. Real ones are in Molecule's scenario guard."""

from __future__ import annotations

import shutil
import subprocess

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


@pytest.mark.parametrize(
    ("files", "links", "init"),
    [
        ({"run/systemd/system/x": ""}, {}, "systemd"),
        # OpenWrt's first process is procd, beside a BusyBox.
        ({"etc/rc.common": "", "etc/init.d/rcS": ""}, {"proc/1/exe": "/sbin/procd"}, "openwrt"),
        ({"etc/init.d/rcS": "for i in /etc/init.d/S??* ;do"}, {"proc/1/exe": "/bin/busybox"}, "busybox"),
        ({"etc/init.d/rcS": "\tfor i in $(ls /etc/init.d/S*)"}, {"proc/1/exe": "/bin/busybox (deleted)"}, "busybox"),
        ({"etc/init.d/rcS": "for i in /etc/init.d/S??* ;do"}, {"proc/1/exe": "/sbin/init"}, "unknown"),
        # Debian's sysv-rc.
        ({"etc/init.d/rcS": "#!/bin/sh\nexec /etc/init.d/rc S\n"}, {"proc/1/exe": "/sbin/init"}, "unknown"),
        ({"etc/init.d/rcS": "# not /etc/init.d/S??*\nexec /etc/rc"}, {"proc/1/exe": "/bin/busybox"}, "unknown"),
        ({}, {"proc/1/exe": "/bin/busybox"}, "unknown"),
        ({"etc/init.d/rcS": "for i in /etc/init.d/S??* ;do"}, {}, "unknown"),
    ],
)
def test_who_starts_the_host(files, links, init, shell, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, end in links.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).symlink_to(end)
    # Without its last part, which obeys.
    functions = script.guard_text().partition("\nchoose_directory\n")[0]
    asked = f'{functions}\nROOT="{tmp_path}"\ninit_of\n'
    assert subprocess.run(shell, input=asked, capture_output=True, text=True, check=True).stdout == f"{init}\n"


def test_a_systemd_started_anew_without_the_kernel_has_lost_the_timer(host, config):
    host.arm("wan", [config])
    config.write_text("broken\n")
    host.ask("boot")
    assert (config.read_text(), host.state("wan")) == ("broken\n", "armed")
    host.forget_processes()
    host.ask("boot")
    assert (config.read_text(), host.state("wan")) == ("original\n", "undoing")
    host.ask("late")
    assert [path.name for path in host.active.iterdir()] == ["homevirt-fleet-guard-wan-1.service"]


def test_undo_is_run_where_nothing_kept_may_be_executed(host, tmp_path):
    undo = [
        script.command_undo(f"echo command >> {tmp_path}/undone", None),
        script.Undo("a module", f"#!/usr/bin/tail -n1\nmodule\n{tmp_path}\n", "/usr/bin/tail"),
    ]
    host.arm("wan", undo=undo)
    for path in (host.guards / "wan/undo").iterdir():
        path.chmod(0o600)
    host.ask("roll_back", "wan", "me")
    host.ask("expire", "wan", "1")
    assert (tmp_path / "undone").read_text() == "command\n"
    assert host.ask("status", "wan").said.get("failure") is None


def test_armed_again_it_is_watched_or_refused(host, config):
    host.arm("wan", [config])
    assert host.arm("wan", [config]) == (0, {"changed": "false"})
    host.forget_processes()
    (host.place / "broken").touch()
    refused = host.arm("wan", [config])
    assert refused.rc == 3 and "nothing would wake it" in refused.said["why"]
    (host.place / "broken").unlink()
    assert host.arm("wan", [config]) == (0, {"changed": "false"})
    assert [path.name for path in host.active.iterdir()] == ["homevirt-fleet-guard-wan-1.timer"]


def test_armed_again_while_another_one_changes_it(host, config):
    host.arm("wan", [config])
    other = host.lock(host.guards / ".lock")
    try:
        refused = host.arm("wan", [config])
    finally:
        other.kill()
        other.wait()
    assert refused.rc == 3 and "another change of a guard" in refused.said["why"]


def test_rolled_back_twice_at_once(host, config):
    host.arm("wan", [config])
    assert host.ask("roll_back", "wan", "me") == (0, {"changed": "true"})
    for check in (True, False):
        assert host.ask("roll_back", "wan", "me", check=check) == (0, {"changed": "false"})
    # Whoever was at it is gone.
    host.forget_processes()
    assert host.ask("roll_back", "wan", "me") == (0, {"changed": "true"})
    host.forget_processes()
    (host.place / "broken").touch()
    refused = host.ask("roll_back", "wan", "me")
    assert refused.rc == 3 and "nothing could be started" in refused.said["why"]


def test_check_mode_rolls_back_what_it_would_have_armed(host, config):
    """First nothing is there, then a guard that was closed."""
    for _time in range(2):
        assert host.arm("wan", [config], check=True) == (0, {"changed": "true"})
        assert host.ask("roll_back", "wan", "me", check=True) == (0, {"changed": "true"})
        host.arm("wan", [config])
        assert host.ask("confirm", "wan", "me").rc == 0
    assert host.ask("roll_back", "wan", "me").rc == 3
    host.arm("wan", [config])
    host.ask("roll_back", "wan", "me")
    host.ask("expire", "wan", "1")
    assert host.ask("roll_back", "wan", "me", check=True) == (0, {"changed": "false"})
    assert host.ask("roll_back", "nobody", "me").rc == 3
