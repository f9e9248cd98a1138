# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: order, rollback, and what is said about it."""

from __future__ import annotations

import functools

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, ToolFailed
from ansible_collections.homevirt.fleet.plugins.module_utils._common.plan import Plan, Step


def plan_of(log, *, failing=None, stuck=None, verify=None):
    plan = Plan()

    def act(name, fails):
        log.append(name)
        if fails:
            raise ToolFailed(name, "it failed", "look")

    for name in "abc":
        plan.add(
            Step(
                name,
                name,
                lambda name=name: act(f"do {name}", name == failing),
                lambda name=name: act(f"undo {name}", name == stuck),
                "",
                name,
            )
        )
    if verify:
        plan.verify = lambda: act("verify", True)
    return plan


def test_steps_in_order():
    log = []
    plan_of(log).apply()
    assert log == ["do a", "do b", "do c"]


def test_failing_step_is_undone_with_those_before_it_from_the_last_back():
    log = []
    with pytest.raises(FleetError) as caught:
        plan_of(log, failing="b").apply()
    assert log == ["do a", "do b", "undo b", "undo a"]
    assert caught.value.details == {"rolled_back": ["b", "a"]}


def test_undo_that_fails_stops_no_other_undo():
    log = []
    with pytest.raises(FleetError) as caught:
        plan_of(log, failing="c", stuck="b").apply()
    assert log[-1] == "undo a"
    assert caught.value.details == {"rolled_back": ["c", "a"], "not_rolled_back": ["b: undo b: it failed. Look."]}


def test_failed_verification_rolls_back():
    log = []
    with pytest.raises(FleetError):
        plan_of(log, verify=True).apply()
    assert log[3:] == ["verify", "undo c", "undo b", "undo a"]


def test_interrupt_rolls_back_too():
    log = []
    plan = plan_of(log)

    def interrupt():
        raise KeyboardInterrupt

    plan.add(Step("d", "d", interrupt, None, "", ""))
    with pytest.raises(KeyboardInterrupt):
        plan.apply()
    assert log[-1] == "undo a"


def early_plan(log, *, failing=None):
    """Four steps, the last but one of which has nothing to set going."""
    plan = Plan()

    def act(name):
        log.append(name)
        if name == failing:
            raise ToolFailed(name, "it failed", "look")

    for name in "abcd":
        early = None if name == "c" else lambda name=name: act(f"begin {name}")
        undo = functools.partial(act, f"undo {name}")
        plan.add(Step(name, name, functools.partial(act, f"do {name}"), undo, "", "", early))
    return plan


@pytest.mark.parametrize(
    ("ahead", "want"),
    [
        (1, "do a, do b, do c, do d"),
        (2, "begin b, do a, begin d, do b, do c, do d"),
        (9, "begin b, begin d, do a, do b, do c, do d"),
    ],
)
def test_what_takes_long_is_set_going_ahead_of_its_turn(ahead, want):
    log = []
    early_plan(log).apply(ahead)
    assert ", ".join(log) == want


@pytest.mark.parametrize(
    ("failing", "want"),
    [
        ("do a", "begin b, begin d, do a, undo d, undo b, undo a"),
        ("begin d", "begin b, begin d, undo d, undo b, undo a"),
        ("do c", "begin b, begin d, do a, do b, do c, undo c, undo d, undo b, undo a"),
    ],
)
def test_what_was_set_going_is_undone_too(failing, want):
    log = []
    with pytest.raises(ToolFailed):
        early_plan(log, failing=failing).apply(9)
    assert ", ".join(log) == want


def test_nothing_to_do_verifies_nothing():
    plan = Plan()
    plan.verify = lambda: pytest.fail("there was nothing to verify")
    plan.apply()
    assert not plan.changes


def test_diff_and_touches_come_from_the_steps():
    plan = plan_of([])
    assert plan.diff() == {"before": "", "after": "a\nb\nc\n"}
    assert plan.touches("a") and not plan.touches("x")


def test_a_mistake_in_a_value_is_undone_and_told_as_an_error():
    log = []
    plan = plan_of(log)
    plan.add(Step("d", "do d", lambda: int("no number"), None, "", ""))
    with pytest.raises(FleetError, match=r"do d: invalid literal .*while it was to do d") as caught:
        plan.apply()
    assert log[-3:] == ["undo c", "undo b", "undo a"] and caught.value.details["rolled_back"] == ["c", "b", "a"]
