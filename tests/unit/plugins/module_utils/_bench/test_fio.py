# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""fio's arguments and its answers, good and bad."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._bench import fio, profile
from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import FleetError, ToolFailed, ToolMissing
from ansible_collections.homevirt.fleet.plugins.module_utils._common.runner import Result

JOB = profile.Job("RND4K-Q32T16-read", "read", "random", 4096, 32, 16, 1 << 20)


def report(**changes):
    side = {"io_bytes": 1 << 20, "runtime": 250, "total_ios": 256, "short_ios": 0, "drop_ios": 0}
    side["clat_ns"] = {"percentile": {"99.000000": 2_000_000, "50.000000": 1000}}
    side.update({name: value for name, value in changes.items() if name in side})
    job = {"error": changes.get("error", 0), "read": side}
    return json.dumps({"fio version": "fio-3.33", "jobs": [job]})


def test_work_is_fixed_and_the_clock_is_the_probes():
    argv = fio.argv("/usr/bin/fio", JOB, "libaio", "/proc/self/fd/7", 1 << 24, "/proc/self/fd/8", direct=True)
    assert f"--io_size={(1 << 20) // 16}" in argv and "--clocksource=clock_gettime" in argv
    assert {"--rw=randread", "--iodepth=32", "--numjobs=16", "--direct=1", "--allow_file_create=0"} < set(argv)
    assert not any("time_based" in word or "runtime" in word for word in argv)


def test_sequential_threads_have_a_part_each():
    argv = fio.argv("fio", JOB._replace(pattern="sequential"), "psync", "f", 1 << 24, "o", direct=False)
    assert {"--offset_increment=65536", "--size=65536", "--iodepth=1", "--rw=read"} < set(argv)


def test_outcome():
    found = fio.parse("fio: a word before it all\n" + report(), JOB, 0, "")
    assert (found.bytes, found.operations, found.seconds) == (1 << 20, 256, 0.25)
    assert found.latency_seconds == {"50": 1e-6, "99": 0.002}


@pytest.mark.parametrize(
    ("text", "rc", "said", "reason"),
    [
        ("", 1, "fio: pid=7, err=28/file:x.c, error=No space left on device\n", "No space left on device"),
        ("bad option\n", 1, "", "bad option"),
        ('{"jobs": [', 0, "", "without a result"),
        ('{"jobs": []}', 0, "", "without a result"),
        (report(), 1, "fio: io_u error on file /x: Input/output error", "Input/output error"),
        (report(error=28), 0, "", "error 28"),
        (report(io_bytes=4096), 0, "", "moved 4096 bytes of 1048576"),
        (report(short_ios=1), 0, "", "moved"),
        (report(runtime=0), 0, "", "less than a millisecond"),
    ],
)
def test_anything_but_the_whole_work_is_a_failure(text, rc, said, reason):
    with pytest.raises(ToolFailed) as caught:
        fio.parse(text, JOB, rc, said)
    assert caught.value.what == "job 'RND4K-Q32T16-read'" and reason in caught.value.why


class Trials:
    """works: the engines that the kernel allows."""

    def __init__(self, *works, fio_there=True):
        self.works, self.there = works, fio_there

    def find(self, program):
        return "/usr/bin/fio" if self.there else None

    def run(self, argv, timeout):
        fine = any(f"--ioengine={name}" in argv for name in self.works)
        return Result(tuple(argv), int(not fine), "", "" if fine else "fio: engine not loadable\n")


@pytest.mark.parametrize(
    ("works", "wanted", "chosen"),
    [
        (("libaio", "io_uring", "psync"), "auto", "libaio"),
        (("io_uring", "psync"), "auto", "io_uring"),
        (("psync",), "auto", "psync"),
        (("libaio", "psync"), "psync", "psync"),
    ],
)
def test_the_first_engine_that_really_works(works, wanted, chosen):
    assert fio.choose_engine(Trials(*works), "fio", wanted) == chosen


def test_no_engine_and_no_fio():
    with pytest.raises(ToolFailed, match="engine io_uring: fio cannot use it here: fio: engine not loadable"):
        fio.choose_engine(Trials("psync"), "fio", "io_uring")
    with pytest.raises(ToolMissing, match="fio: not installed"):
        fio.find(Trials(fio_there=False))


@given(
    st.integers(512, 1 << 34), st.integers(1, 1 << 22), st.integers(1, 1 << 34), st.integers(1, 128), st.integers(1, 64)
)
def test_all_arms_get_the_same_whole_work(size, blocks, work, threads, depth):
    job = profile.Job("x", "read", "random", blocks * 512, depth, threads, work)
    try:
        _size, (checked,) = profile.checked(size, [job])
    except FleetError:
        assert min(work, size) // threads < blocks * 512
        return
    assert 0 < checked.work <= min(work, size) and checked.work % (threads * blocks * 512) == 0


@pytest.mark.parametrize("name", sorted(profile.SHAPES))
def test_named_profiles(name):
    size, jobs = profile.jobs_of(name, None, None, ["read", "write"])
    assert len(jobs) == 2 * len(profile.SHAPES[name]) and all(job.work <= size for job in jobs)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "a/b"}, "letters, digits"),
        ({"block_size": 1000}, "no multiple of 512"),
        ({"queue_depth": 0}, "from 1 to"),
        ({"threads": 500}, "from 1 to"),
        ({"operation": "trim"}, "no pattern and operation"),
        ({"work": 100}, "no thread one block"),
    ],
)
def test_jobs_refused(change, reason):
    with pytest.raises(FleetError, match=reason):
        profile.checked(1 << 20, [JOB._replace(**change)])
