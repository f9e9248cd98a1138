# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe as it really runs: a process of its own that got its code through its input, with a stand-in for fio."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, TimedOut, ToolFailed
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import code, probe
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.channel import Channel, Password
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.roundtrips import RoundTrips

SIZE = 1 << 20
JOB = {"name": "j", "operation": "read", "pattern": "random", "block_size": 4096, "queue_depth": 1, "threads": 1}


def live():
    payload = code.payload()
    return Channel("here", code.command(sys.executable, len(payload), "live"), payload)


def opened(channel, directory):
    place = {"directory": str(directory), "device": "", "size": SIZE, "keep_free": 0}
    channel.ask("open", arm="a", place=place)


def job(program, work=SIZE):
    return {"arm": "a", "program": program, "engine": "psync", "direct": False, "job": {**JOB, "work": work}}


def test_a_run_between_pings(tmp_path, fio):
    (tmp_path / "d").mkdir()
    with live() as channel:
        opened(channel, tmp_path / "d")
        timed = probe.timed(channel, channel.ask("tick")["seconds"], 1e-3, 30, "job", **job(fio(0.3)))
        assert not list((tmp_path / "d").iterdir())
    assert timed.clock.rate.holds(1.0) and timed.seconds.high >= 0.299
    assert timed.seconds.low <= 0.3 and timed.answer["outcome"]["version"] == "fio-test"


def test_the_clock_alone():
    with live() as channel:
        found = probe.audit(channel, 0.5, 1e-2)
    assert found.rate.holds(1.0) and found.pings > 20


def test_the_same_over_commands_that_end(tmp_path, fio):
    """Wider, because each ping starts a process; still the truth."""
    payload = code.payload()

    def execute(data):
        done = subprocess.run(
            code.command(sys.executable, len(payload), "batch"), input=data, capture_output=True, check=False
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    with RoundTrips("here", execute, payload) as channel:
        before = [channel.ping() for _number in range(2)]
        opened(channel, tmp_path)
        answer = channel.finished(channel.begin("job", **job(fio(0.2))), 0)
        assert answer["outcome"]["bytes"] == SIZE and before[0].read < before[1].read
        with pytest.raises(FleetError, match="is no directory"):
            channel.ask("open", arm="a", place={"directory": "/dev/null", "device": "", "size": 1, "keep_free": 0})
            channel.begin("job", **job(fio(0.2)))


@pytest.mark.parametrize("cut", ["close", "kill"])
def test_engine_and_file_are_gone_when_the_controller_is(tmp_path, fio, cut):
    """close: the channel's end, as when a controller is killed. kill: the probe itself is killed."""
    (tmp_path / "d").mkdir()
    channel = live()
    opened(channel, tmp_path / "d")
    channel.begin("job", **job(fio(60)))
    pid = _await(lambda: int((tmp_path / "pid").read_text() or 0) if (tmp_path / "pid").exists() else 0)
    assert _alive(pid)
    if cut == "kill":
        os.kill(channel._process.pid, signal.SIGKILL)
    channel.close()
    _await(lambda: not _alive(pid))
    assert not list((tmp_path / "d").iterdir())


def test_nobody_speaks_for_a_while(tmp_path):
    """A connection that hangs without an end looks like silence."""
    program = (
        "from ansible_collections.homevirt.fleet.plugins.module_utils._bench.agent import Agent; "
        "from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host; "
        "Agent(0, 1, Host(None), lease=0.2).serve()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as process:
        assert process.wait(20) == 0


def test_failures_come_back_in_words(tmp_path, fio):
    with live() as channel:
        opened(channel, tmp_path)
        with pytest.raises(ToolFailed.__base__, match="No space left on device"):
            probe.timed(channel, 0.0, 1e-3, 30, "job", **job(fio(0.1, fails=True)))
        with pytest.raises(FleetError, match="No such file"):
            probe.timed(channel, 0.0, 1e-3, 30, "job", **job(str(tmp_path / "none")))
        with pytest.raises(TimedOut, match="did not end within 0.3 seconds"):
            probe.timed(channel, 0.0, 1e-3, 0.3, "job", **job(fio(30)))


def test_a_channel_that_breaks_tells_the_last_words():
    with pytest.raises(ToolFailed, match="the probe's channel broke: no route to this test"):
        Channel("far", ["sh", "-c", "echo no route to this test >&2; exit 255"], b"x" * 100)


def test_a_greeting_and_a_password_come_before_the_probe():
    payload = code.payload()
    words = code.command(sys.executable, len(payload), "live")
    asks = 'printf "Password:" >&2; read -r answer; [ "$answer" = secret ] && echo Welcome && exec "$@"'
    with Channel("here", ["sh", "-c", asks, "sh", *words], payload, Password("Password:", "secret")) as channel:
        assert channel.ping().read > 0


def test_the_payload_is_small_and_whole():
    modules = json.loads(__import__("zlib").decompress(code.payload()))
    assert len(code.payload()) < 50_000 and f"{code.PACKAGE}._bench.agent" in modules
    assert all(pathlib.PurePath(name).name for name in modules)


def _alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _await(condition):
    deadline = time.monotonic() + 20
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return value
