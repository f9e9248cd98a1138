# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are attached for a run: gone with it, nobody else's meanwhile, and cleaned when it was killed."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, InUse
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import inspection, luks, visit
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, request, take_down

BY = "guest_driver"


@pytest.fixture(name="fake")
def a_host(tmp_path):
    return host_at(tmp_path)


def host_at(place):
    """A host on which this very process is seen to live."""
    fake = FakeHost(place)
    own = fake.root / f"proc/{os.getpid()}"
    (own / "fd").mkdir(parents=True)
    (own / "stat").write_text(f"{os.getpid()} (python3) S 1 " + "0 " * 17 + "4711 0\n")
    return fake


def wanted_of(fake, name="a.qcow2"):
    return request(fake, {"name": name, "partition": 2})._replace(path=visit.place(fake.host, BY, 0))


def test_it_is_mounted_meanwhile_and_gone_afterwards(fake):
    wanted = wanted_of(fake)
    before = fake.snapshot()
    with visit.visiting(fake.host, BY, [wanted]):
        assert wanted.path in (fake.root / "proc/self/mountinfo").read_text()
    assert fake.snapshot() == before


@pytest.mark.parametrize("error", [FleetError("guest", "why", "hint"), KeyError("mistake"), KeyboardInterrupt()])
def test_it_goes_with_an_error_too(fake, error):
    wanted = wanted_of(fake)
    before = fake.snapshot()
    with pytest.raises(type(error)), visit.visiting(fake.host, BY, [wanted]):
        raise error
    assert fake.snapshot() == before


def test_a_failure_at_any_command_leaves_nothing_that_the_next_run_does_not_clean(tmp_path):
    for number in range(1, 60):
        fake = host_at(tmp_path / str(number))
        wanted = wanted_of(fake)
        before = fake.snapshot()
        fake.fail = number
        try:
            with visit.visiting(fake.host, BY, [wanted]):
                pass
        except FleetError:
            # One that failed while all was taken away is put in order by whoever comes next.
            shutil.rmtree(fake.root / f"proc/{os.getpid()}")
            bring_up(fake, other := request(fake, {"name": "b.qcow2"}))
            take_down(fake, other)
            (fake.root / "srv/b.qcow2").unlink()
            assert fake.snapshot() == ([name for name in before[0] if str(os.getpid()) not in name], before[1]), number
        else:
            if len(fake.commands) < number:
                return
    pytest.fail("the visit has no end")


def test_nobody_else_gets_the_image_meanwhile(fake):
    wanted = wanted_of(fake)
    theirs = wanted._replace(path=f"{fake.root}/mnt/theirs")
    with visit.visiting(fake.host, BY, [wanted]):
        for ask in (bring_up, take_down):
            for force in (False, True):
                with pytest.raises(InUse, match=rf"guest_driver \(pid {os.getpid()}\) is at work on it"):
                    ask(fake, theirs, force=force)
        another = request(fake, {"name": "b.qcow2"})
        assert bring_up(fake, another)["changed"] and take_down(fake, another)["changed"]
    assert bring_up(fake, theirs)["changed"]


def test_what_somebody_attached_is_left_to_him(fake):
    wanted = wanted_of(fake)
    bring_up(fake, wanted.disk)
    before = fake.snapshot()
    with pytest.raises(InUse, match="attached already as .*, by vbd"), visit.visiting(fake.host, BY, [wanted]):
        pytest.fail("it was mounted")
    assert fake.snapshot() == before


def test_what_a_killed_run_left_is_cleaned_by_any_other(fake):
    wanted = wanted_of(fake)
    another = request(fake, {"name": "b.qcow2"})
    before = fake.snapshot()
    cut = visit.visiting(fake.host, BY, [wanted])
    cut.__enter__()
    shutil.rmtree(fake.root / f"proc/{os.getpid()}")
    result = bring_up(fake, another)
    assert ["guest_driver was cut off" in sentence for sentence in result["cleaned"]] == [True]
    assert wanted.path not in (fake.root / "proc/self/mountinfo").read_text()
    take_down(fake, another)
    assert fake.snapshot() == ([name for name in before[0] if str(os.getpid()) not in name], before[1])


def test_what_others_attached_is_left_though_it_is_dead(fake):
    theirs = request(fake, {"name": "theirs.raw", "partition": 2, "disk": {"format": "raw"}}, path="mnt/theirs")
    bring_up(fake, theirs)
    fake._losetup(["--detach", next(iter(fake.loops))])
    before = fake.snapshot()
    with visit.visiting(fake.host, BY, [wanted_of(fake)]) as told:
        assert told == []
    (fake.root / "srv/a.qcow2").unlink()
    assert fake.snapshot() == before and theirs.path in before[1]
    own = theirs._replace(path=visit.place(fake.host, BY, 0))
    with pytest.raises(InUse, match="guest_driver takes nothing away of what vbd_mount attached"):
        visit.visiting(fake.host, BY, [own]).__enter__()
    assert fake.snapshot() == before


def test_what_a_killed_visit_left_is_cleaned_by_the_next_and_left_by_a_look(fake):
    wanted = wanted_of(fake)
    cut = visit.visiting(fake.host, BY, [wanted])
    cut.__enter__()
    shutil.rmtree(fake.root / f"proc/{os.getpid()}")
    before = fake.snapshot()
    another = request(fake, {"name": "b.qcow2"})
    _found, told = inspection.inspect(fake.host, [inspection.Wanted(another, luks.NONE)])
    assert told == ([], []) and fake.snapshot()[1] == before[1]
    with visit.visiting(fake.host, BY, [wanted_of(fake, "c.qcow2")]) as told:
        assert ["guest_driver was cut off" in sentence for sentence in told] == [True]
