# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real signals to this process: the first is raised, the next do not disturb, and some blocks are not cut off."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common import interrupts


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", interrupts.SIGNALS)
def test_the_first_signal_is_raised_and_the_next_does_not_disturb(number):
    before = signal.getsignal(number)
    done = []
    with pytest.raises(interrupts.Interrupted) as caught, interrupts.catching():
        try:
            send(number)
        finally:
            send(signal.SIGTERM)
            done.append("the way back")
    assert caught.value.name == number.name
    assert done == ["the way back"]
    assert signal.getsignal(number) is before


def test_a_block_that_is_held_ends_first():
    done = []
    with pytest.raises(interrupts.Interrupted), interrupts.catching():
        with interrupts.held():
            send(signal.SIGTERM)
            with interrupts.held():
                done.append("all of it")
            done.append("to its end")
        done.append("and no more")
    assert done == ["all of it", "to its end"]


def test_an_error_in_a_held_block_wins():
    with pytest.raises(KeyError), interrupts.catching(), interrupts.held():
        send(signal.SIGTERM)
        raise KeyError


def test_nothing_is_held_where_nothing_is_caught():
    with interrupts.held():
        pass


def test_in_another_thread_the_block_runs_all_the_same():
    done = []

    def work():
        with interrupts.catching():
            done.append("all of it")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["all of it"]


def test_what_comes_when_all_is_settled_is_not_raised():
    done = []
    with interrupts.catching():
        interrupts.settle()
        send(signal.SIGTERM)
        done.append("the result")
    assert done == ["the result"]


def test_failure_says_what_could_not_be_undone():
    came = interrupts.Interrupted(signal.SIGHUP)
    assert came.failure()["msg"] == "SIGHUP came, and what was begun was undone. Run again."
    came.details["not_rolled_back"] = ["attach a: it is busy"]
    told = came.failure()
    assert told["why"] == "SIGHUP came, and of what was begun this could not be undone: attach a: it is busy"
    assert told["not_rolled_back"] == ["attach a: it is busy"]
