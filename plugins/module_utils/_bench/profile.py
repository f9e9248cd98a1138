# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a benchmark does: jobs of fixed work, so that time is the only unknown."""

from __future__ import annotations

import re
import typing as t

from .._common.errors import InvalidRequest

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
PATTERNS = ("sequential", "random")
OPERATIONS = ("read", "write")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Job(t.NamedTuple):
    """One measurement.

    work: bytes to read or write, all threads together; never more than the file holds, so that no block comes twice.
    """

    name: str
    operation: str
    pattern: str
    block_size: int
    queue_depth: int
    threads: int
    work: int


# (label, pattern, block size, queue depth, threads), as the programs that gave the profiles their names have them.
SHAPES: dict[str, tuple[tuple[str, str, int, int, int], ...]] = {
    "crystaldiskmark": (
        ("SEQ1M-Q8T1", "sequential", MIB, 8, 1),
        ("SEQ1M-Q1T1", "sequential", MIB, 1, 1),
        ("RND4K-Q32T1", "random", 4 * KIB, 32, 1),
        ("RND4K-Q1T1", "random", 4 * KIB, 1, 1),
    ),
    "crystaldiskmark_2009": (
        ("Seq", "sequential", MIB, 1, 1),
        ("512K", "random", 512 * KIB, 1, 1),
        ("4K", "random", 4 * KIB, 1, 1),
    ),
    "nvme": (
        ("SEQ1M-Q8T1", "sequential", MIB, 8, 1),
        ("SEQ128K-Q32T1", "sequential", 128 * KIB, 32, 1),
        ("RND4K-Q32T16", "random", 4 * KIB, 32, 16),
        ("RND4K-Q1T1", "random", 4 * KIB, 1, 1),
    ),
    "quick": (
        ("SEQ1M-Q8T1", "sequential", MIB, 8, 1),
        ("RND4K-Q1T1", "random", 4 * KIB, 1, 1),
    ),
}
# Size of the file, and the work of a random job: 4 KiB each, it takes as long as a much larger sequential one.
SIZES = {
    "crystaldiskmark": (GIB, 64 * MIB),
    "crystaldiskmark_2009": (100 * 1000 * 1000 // MIB * MIB, 25 * MIB),
    "nvme": (GIB, 256 * MIB),
    "quick": (256 * MIB, 16 * MIB),
}


def jobs_of(
    profile: str, size: t.Optional[int], random_work: t.Optional[int], operations: t.Sequence[str]
) -> tuple[int, list[Job]]:
    """Size of the file and the jobs of a profile that has a name. Raises InvalidRequest."""
    file_size = size or SIZES[profile][0]
    random = min(random_work or SIZES[profile][1], file_size)
    jobs = [
        Job(f"{label}-{operation}", operation, pattern, *numbers, random if pattern == "random" else file_size)
        for operation in operations
        for label, pattern, *numbers in SHAPES[profile]
    ]
    return checked(file_size, jobs)


def checked(size: int, jobs: t.Sequence[Job]) -> tuple[int, list[Job]]:
    """The jobs with their work rounded down to what all threads can share. Raises InvalidRequest."""
    if not jobs:
        raise InvalidRequest("jobs", "there is none", "name a profile, or at least one job")
    names = [job.name for job in jobs]
    if len(set(names)) != len(names):
        raise InvalidRequest("jobs", "two have the same name", "give each a name of its own")
    return size, [_checked(size, job) for job in jobs]


def _checked(size: int, job: Job) -> Job:
    what = f"job '{job.name}'"
    if not NAME.fullmatch(job.name):
        raise InvalidRequest(what, "the name must be of letters, digits, '.', '_' and '-'", "choose another")
    if job.pattern not in PATTERNS or job.operation not in OPERATIONS:
        hint = f"take one of {', '.join(PATTERNS)} and one of {', '.join(OPERATIONS)}"
        raise InvalidRequest(what, f"'{job.pattern}' and '{job.operation}' are no pattern and operation", hint)
    if job.block_size < 512 or job.block_size % 512:
        raise InvalidRequest(what, f"a block of {job.block_size} bytes is no multiple of 512", "take one such as 4K")
    if not 1 <= job.queue_depth <= 1024 or not 1 <= job.threads <= 128:
        raise InvalidRequest(what, "queue_depth goes from 1 to 1024 and threads from 1 to 128", "choose others")
    share = min(job.work, size) // job.threads // job.block_size * job.block_size
    if share == 0:
        raise InvalidRequest(
            what, f"its work of {job.work} bytes in a file of {size} gives no thread one block", "raise size or work"
        )
    return job._replace(work=share * job.threads)


__all__ = ["OPERATIONS", "PATTERNS", "SHAPES", "SIZES", "Job", "checked", "jobs_of"]
