# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real runner, on programs that every machine has."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common import interrupts, runner
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import TimedOut, ToolFailed, ToolMissing

SYSTEM = runner.SystemRunner()


def test_run_tells_status_and_both_outputs():
    result = SYSTEM.run(["sh", "-c", "echo out; echo err >&2; exit 3"], 10)
    assert result == (("sh", "-c", "echo out; echo err >&2; exit 3"), 3, "out\n", "err\n")


def test_run_has_a_time_limit():
    with pytest.raises(TimedOut, match=r"sleep 30: did not end within 0.1 seconds"):
        SYSTEM.run(["sleep", "30"], 0.1)


@pytest.mark.parametrize(
    "words",
    [
        # A daemon that has the outputs open; one that does not leave the group; nothing read of what is given.
        ["sh", "-c", "setsid sleep 5 & sleep 30"],
        ["sh", "-c", "sleep 5 & sleep 30"],
        ["sleep", "30"],
    ],
)
def test_time_limit_holds_whoever_keeps_the_outputs_open(words):
    began = time.monotonic()
    with pytest.raises(TimedOut):
        SYSTEM.run(words, 0.1, "x" * (1 << 20))
    assert time.monotonic() - began < 3


def test_helpers_of_a_command_end_with_it_and_daemons_stay(tmp_path):
    script = "setsid sleep 7 > /dev/null 2>&1 & echo $! > daemon; sleep 30 & echo $! > helper; wait"
    with pytest.raises(TimedOut):
        SYSTEM.run(["sh", "-c", f"cd {tmp_path}; {script}"], 0.3)
    daemon, helper = (int((tmp_path / name).read_text()) for name in ("daemon", "helper"))
    try:
        os.kill(daemon, 0)
        deadline = time.monotonic() + 5
        while _runs(helper) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _runs(helper)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_command_that_a_signal_comes_upon_does_not_go_on(tmp_path, monkeypatch):
    start = runner._start

    def start_and_send(argv, given):
        process = start(argv, given)
        os.kill(os.getpid(), signal.SIGTERM)
        return process

    monkeypatch.setattr(runner, "_start", start_and_send)
    with pytest.raises(interrupts.Interrupted), interrupts.catching():
        SYSTEM.run(["sh", "-c", f"sleep 0.5; touch {tmp_path}/late"], 10)
    time.sleep(1)
    assert not (tmp_path / "late").exists()


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_missing_program():
    with pytest.raises(ToolMissing) as caught:
        SYSTEM.run(["no-such-program"], 1)
    assert caught.value.details == {"missing_programs": ["no-such-program"]}


def test_require_names_all_at_once():
    with pytest.raises(ToolMissing, match="no-such-a, no-such-b"):
        runner.require(SYSTEM, ["sh", "no-such-b", "no-such-a"])


def test_checked_says_the_programs_own_last_words():
    with pytest.raises(ToolFailed, match=r"^disk: sh failed with status 1: it is broken. Look there.$"):
        runner.checked(SYSTEM, ["sh", "-c", "echo it is broken. >&2; exit 1"], 10, "disk", "look there")


def test_spawned_process_outlives_the_call_and_writes_to_its_log(tmp_path):
    log = tmp_path / "log"
    running = SYSTEM.spawn(["sh", "-c", "echo $WORD; exec sleep 0.2"], str(log), {"WORD": "hello"})
    assert running()
    deadline = time.monotonic() + 10
    while running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not running() and log.read_text() == "hello\n"


@given(st.text())
def test_printable_text_is_safe_on_a_terminal(text):
    assert runner.printable(text).isprintable()
