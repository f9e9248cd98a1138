# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter to fio: its arguments, its JSON, its failures."""

from __future__ import annotations

import json
import typing as t

from .._common.errors import ToolFailed, ToolMissing
from .._common.runner import Runner, last_words
from .profile import Job

# The first that works is taken. psync knows no queue: one request at a time, however deep the job wants it.
ENGINES = ("libaio", "io_uring", "psync")
# Over this it is no longer the run that is slow.
TRIAL_TIMEOUT = 60.0
HINT = "run the job with fio by hand, or look at the kernel's log"


class Outcome(t.NamedTuple):
    """What one run of the engine reported, by the target's clock. seconds is rounded up to a whole millisecond.

    began: when its input and output began, seconds since the epoch; 0 where this version does not tell.
    """

    bytes: int
    operations: int
    seconds: float
    began: float
    latency_seconds: dict[str, float]
    version: str


def argv(program: str, job: Job, engine: str, filename: str, size: int, output: str, *, direct: bool) -> list[str]:
    """The command of one run: fixed work on a file that exists in full."""
    kind = {"sequential": "", "random": "rand"}[job.pattern] + job.operation
    share = job.work // job.threads
    # Threads that run sequentially each have a part of their own; else all would ask for the same blocks.
    spread = [f"--offset_increment={share}"] if job.threads > 1 and job.pattern == "sequential" else []
    return [
        program,
        f"--name={job.name}",
        f"--filename={filename}",
        f"--rw={kind}",
        f"--bs={job.block_size}",
        f"--iodepth={job.queue_depth if engine != 'psync' else 1}",
        f"--numjobs={job.threads}",
        f"--filesize={size}",
        f"--size={share if spread else size}",
        f"--io_size={share}",
        *spread,
        f"--ioengine={engine}",
        f"--direct={int(direct)}",
        # Buffered writes count when they are on the disk, not when they are in memory.
        *([] if direct or job.operation == "read" else ["--end_fsync=1"]),
        "--thread",
        "--group_reporting",
        "--allow_file_create=0",
        "--overwrite=1",
        "--randrepeat=1",
        # The probe reads CLOCK_MONOTONIC; fio's default may be the processor's counter.
        "--clocksource=clock_gettime",
        "--eta=never",
        "--output-format=json",
        f"--output={output}",
    ]


def parse(text: str, job: Job, rc: int, said: str) -> Outcome:
    """The outcome of a run. Raises ToolFailed for anything but the whole work done without an error.

    rc, said: fio's exit status and what it printed beside its JSON.
    """
    what = f"job '{job.name}'"
    start = text.find("{")
    try:
        report = json.loads(text[start:]) if start >= 0 else None
    except ValueError:
        report = None
    complaint = last_words(said or (text[:start] if start >= 0 else text))
    if not isinstance(report, dict) or len(report.get("jobs", [])) != 1:
        raise ToolFailed(what, f"fio ended with status {rc} and without a result: {complaint}", HINT)
    result = report["jobs"][0]
    side = result[job.operation]
    if rc != 0 or result["error"]:
        raise ToolFailed(what, f"fio failed with status {rc}, error {result['error']}: {complaint}", HINT)
    if side["io_bytes"] != job.work or side.get("short_ios", 0) or side.get("drop_ios", 0):
        raise ToolFailed(what, f"fio moved {side['io_bytes']} bytes of {job.work}", HINT)
    if side["runtime"] <= 0:
        raise ToolFailed(what, "fio was done in less than a millisecond, which cannot be timed", "raise size or work")
    percentiles = side.get("clat_ns", {}).get("percentile", {})
    return Outcome(
        bytes=side["io_bytes"],
        operations=side["total_ios"],
        seconds=side["runtime"] / 1000,
        began=result.get("job_start", 0) / 1000,
        latency_seconds={f"{float(name):g}": value / 1e9 for name, value in percentiles.items()},
        version=report.get("fio version", ""),
    )


def version(runner: Runner, program: str) -> str:
    """As fio prints it, such as fio-3.33."""
    return runner.run([program, "--version"], TRIAL_TIMEOUT).out.strip()


def find(runner: Runner) -> str:
    """Path of fio. Raises ToolMissing."""
    path = runner.find("fio")
    if path is None:
        raise ToolMissing(
            "fio",
            "not installed on this host",
            "install the package fio (the role homevirt.fleet.disk_benchmark does), then run again",
            missing_programs=["fio"],
        )
    return path


def choose_engine(runner: Runner, program: str, wanted: str) -> str:
    """The engine to use: the wanted one, or with ``auto`` the first with which one block can be read.

    That fio lists an engine does not mean that the kernel allows it. Raises ToolFailed.
    """
    candidates = ENGINES if wanted == "auto" else (wanted,)
    for engine in candidates:
        # The executable itself is a file that is there to be read.
        trial = runner.run(
            [program, "--name=trial", f"--filename={program}", "--rw=read", "--readonly", "--bs=4096", "--size=4096"]
            + [f"--ioengine={engine}", "--thread", "--eta=never", "--output-format=json", "--allow_file_create=0"],
            TRIAL_TIMEOUT,
        )
        if trial.rc == 0:
            return engine
    raise ToolFailed(
        f"engine {wanted}",
        f"fio cannot use it here: {last_words(trial.err or trial.out)}",
        "take io_engine: auto or psync",
    )


__all__ = ["ENGINES", "Outcome", "argv", "choose_engine", "find", "parse", "version"]
