# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An experiment over two hosts: real probes, each a process of its own, with a stand-in for fio."""

from __future__ import annotations

import contextlib
import sys

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._bench.arguments import Request
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.place import Place
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.profile import Job
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.survey import Arm
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import code, experiment, store
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.channel import Channel

SIZE = 1 << 20
JOBS = [Job("j", "read", "random", 4096, 1, 1, SIZE)]
ORDER = ["here", "there", "there", "here"]


def probe(name):
    payload = code.payload()
    return Channel(name, code.command(sys.executable, len(payload), "live"), payload)


@pytest.fixture(name="two")
def two_hosts(tmp_path, fio):
    """(request, setting, {host: channel}, targets of the arms)."""
    arms = [Arm("a", Place(str(tmp_path), "", SIZE, 0), ""), Arm("b", Place(str(tmp_path), "", SIZE, 0), "", "there")]
    setting = experiment.Setting("r", "psync", False, 1e-3, 30.0)
    program = fio(0.05)
    with contextlib.ExitStack() as stack:
        channels = {host: stack.enter_context(probe(host)) for host in ("here", "there")}
        targets = {
            arm.name: experiment.Target(arm.host or "here", channels[arm.host or "here"], program, {arm.name: {}}, {})
            for arm in arms
        }
        yield Request(arms, "custom", SIZE, JOBS), setting, channels, targets


def run(tmp_path, two, plan):
    request, setting, _channels, targets = two
    with store.Store(str(tmp_path / "results"), "r", plan) as kept:
        todo = experiment.remaining(kept.records, request, 2, 0)
        experiment.Experiment(targets, setting, kept, lambda line: None).run(request, todo)
        return kept.records


def test_every_arm_runs_on_its_host_in_the_order_of_all(tmp_path, two):
    assert [record.host for record in run(tmp_path, two, {})] == ORDER


def test_host_that_dies_between_its_runs_stops_the_experiment_and_keeps_what_was_done(tmp_path, two):
    request, setting, channels, targets = two
    told = []

    def tell(line):
        told.append(line)
        if len([line for line in told if "pair" in line]) == 1:
            channels["there"]._process.kill()

    with store.Store(str(tmp_path / "results"), "r", {}) as kept:
        todo = experiment.remaining(kept.records, request, 2, 0)
        with pytest.raises(FleetError, match=r"^there: the probe's channel broke"):
            experiment.Experiment(targets, setting, kept, tell).run(request, todo)
        assert [record.host for record in kept.records] == ["here"]


def test_probe_waits_as_long_as_it_is_told(two):
    _request, _setting, channels, _targets = two
    channels["there"].ask("lease", seconds=0.05)
    channels["there"]._process.wait(10)
    with pytest.raises(FleetError, match="the probe's channel broke"):
        channels["there"].ping()


def test_other_host_is_looked_at_by_its_probe(two):
    request, _setting, channels, _targets = two
    missing = Request([request.arms[0], request.arms[1]._replace(place=Place("/nosuch", "", SIZE, 0))], "", SIZE, JOBS)
    with pytest.raises(FleetError, match="/nosuch"):
        experiment.surveyed("there", channels["there"], missing, "psync")
