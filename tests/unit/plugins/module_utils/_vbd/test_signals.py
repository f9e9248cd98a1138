# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's glue in a process of its own: at a real signal it takes back what it had begun, and whatever comes, it
tells what was changed."""

from __future__ import annotations

import json
import os
import signal

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import inspection, luks, report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.batch import KEEP_GOOD, ROLLBACK_ALL
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import request

# Its threads are those of the tests' runner, and the child has none of its locks to wait for.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


class Module:
    """What the glue uses of an AnsibleModule; its result goes into a pipe, and the process ends."""

    params: dict = {}

    def __init__(self, pipe):
        self.pipe = pipe

    def warn(self, sentence):
        pass

    def exit_json(self, **values):
        os.write(self.pipe, json.dumps(values).encode())
        os._exit(0)

    def fail_json(self, **values):
        self.exit_json(failed=True, **values)


def run(fake, engine, number, act):
    """The module's result in a process that sends itself a signal when act lets it; None: killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.geteuid = lambda: 0
            act(lambda: os.kill(os.getpid(), number))
            report.finish(Module(writing), lambda _host: engine(fake.host))
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    status = os.waitpid(child, 0)[1]
    return None if os.WIFSIGNALED(status) else json.loads(said)


def at_command(fake, word, count):
    """Let it come at the count-th command with this word."""

    def arrange(send):
        begin = fake._begin
        left = [count]

        def begin_and_send(argv):
            left[0] -= word in argv
            if word in argv and left[0] == 0:
                send()
            return begin(argv)

        fake._begin = begin_and_send

    return arrange


def many(fake):
    return [request(fake, {"name": f"{number}.raw", "disk": {"format": "raw"}}) for number in range(5)]


@pytest.mark.parametrize("on_error", [ROLLBACK_ALL, KEEP_GOOD])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_disks_that_were_attached_already_go_again(number, on_error, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)
    before = fake.snapshot()
    said = run(
        fake,
        lambda host: report.attach(host, wanted, force=False, check=False, on_error=on_error),
        number,
        at_command(fake, "--partscan", 4),
    )
    assert said["failed"] and said["msg"] == f"{number.name} came, and what was begun was undone. Run again."
    assert len(said["rolled_back"]) == 4 and fake.snapshot() == before


def attach_cut_off(fake, wanted, word, nth):
    """What attaching says where SIGTERM comes at the nth command with this word."""
    return run(
        fake,
        lambda host: report.attach(host, wanted, force=False, check=False),
        signal.SIGTERM,
        at_command(fake, word, nth),
    )


def test_what_cannot_be_undone_is_said(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)
    fake.fail = 6
    said = attach_cut_off(fake, wanted, "--partscan", 2)
    assert "of what was begun this could not be undone: attach" in said["msg"] and said["not_rolled_back"]


def test_signal_on_the_way_back_of_an_error_does_not_cut_it_off(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)
    before = fake.snapshot()
    fake.fail = 8
    said = attach_cut_off(fake, wanted, "--detach", 1)
    assert said["failed"] and fake.snapshot() == before and "not_rolled_back" not in said


@pytest.mark.parametrize("on_error", [ROLLBACK_ALL, KEEP_GOOD])
def test_signal_when_all_is_done_is_too_late(on_error, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)
    read = report._result

    def arrange(send):
        report._result = lambda *arguments: (send(), read(*arguments))[1]

    said = run(
        fake,
        lambda host: report.attach(host, wanted, force=False, check=False, on_error=on_error),
        signal.SIGTERM,
        arrange,
    )
    assert "failed" not in said and said["changed"]
    assert len(list((tmp_path / "sys/block").glob("loop*"))) == len(wanted)


def test_signal_while_a_look_is_taken_away(tmp_path):
    fake = FakeHost(tmp_path)
    wanted = [inspection.Wanted(disk, luks.NONE) for disk in many(fake)]
    before = fake.snapshot()
    said = run(fake, lambda host: inspection.inspect(host, wanted), signal.SIGHUP, at_command(fake, "--detach", 2))
    assert said["failed"] and fake.snapshot() == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("no number")])
def test_error_that_comes_when_all_is_done_does_not_say_that_nothing_was_changed(error, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)

    def arrange(_send):
        def fail(*_arguments):
            raise error

        report._result = fail

    said = run(fake, lambda host: report.attach(host, wanted, force=False, check=False), 0, arrange)
    assert said["failed"] and said["changed"] and len(said["steps"]) == len(wanted)
    assert said["msg"] == f"this host: all was done, but then {error}. Mend that, then run again."


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("no number")])
def test_error_from_before_the_first_step_says_that_nothing_was_changed(error, tmp_path):
    fake = FakeHost(tmp_path)
    wanted = many(fake)
    before = fake.snapshot()

    def arrange(_send):
        def fail(*_arguments):
            raise error

        fake._losetup = fail

    said = run(fake, lambda host: report.attach(host, wanted, force=False, check=False), 0, arrange)
    assert said["msg"] == f"{error}. Nothing was changed." and fake.snapshot() == before
