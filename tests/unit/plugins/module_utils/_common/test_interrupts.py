# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real signals to this process: the first is raised, the next do not disturb, and some blocks are not cut off."""

from __future__ import annotations

import os
import signal

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
