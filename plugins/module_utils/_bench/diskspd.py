# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Adapter to Microsoft's DiskSpd: its arguments and its XML. Nothing runs it yet; see docs/benchmark.md.

DiskSpd knows no fixed work: it runs for a time by the guest's clock, and what it did in that time is its result. So
only the bytes that it counted are taken, to be set against true time; its rates are not.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

from .._common.errors import ToolFailed
from .profile import Job

HINT = "run the same command on the guest by hand"


class Counted(t.NamedTuple):
    """seconds: by the guest's clock."""

    bytes: int
    operations: int
    seconds: float
    cpu_percent: t.Optional[float]


def argv(program: str, job: Job, path: str, size: int, seconds: int, *, direct: bool) -> list[str]:
    """The command of one run on a file that it makes itself. XML goes to standard output."""
    return [
        program,
        f"-b{job.block_size}",
        f"-d{seconds}",
        "-W0",
        "-C0",
        f"-o{job.queue_depth}",
        f"-t{job.threads}",
        f"-w{100 if job.operation == 'write' else 0}",
        *(["-r"] if job.pattern == "random" else ["-si"] if job.threads > 1 else []),
        # Neither the system's cache nor the disk's promise to have written.
        *(["-Sh"] if direct else []),
        "-L",
        "-Rxml",
        f"-c{size}",
        path,
    ]


def parse(text: str, job: Job) -> Counted:
    """What a run counted. Raises ToolFailed."""
    what = f"job '{job.name}'"
    start = text.find("<Results>")
    try:
        # DiskSpd prints warnings before its XML and, on an error, no XML at all.
        root = ElementTree.fromstring(text[start:]) if start >= 0 else None
    except ElementTree.ParseError as error:
        raise ToolFailed(what, f"DiskSpd's result is cut off: {error}", HINT) from error
    if root is None:
        said = text.strip().splitlines() or ["nothing"]
        raise ToolFailed(what, f"DiskSpd gave no result but said: {said[-1]}", HINT)
    kind = "Write" if job.operation == "write" else "Read"
    targets = root.findall("./TimeSpan/Thread/Target")
    try:
        moved = sum(int(target.findtext(f"{kind}Bytes", "")) for target in targets)
        operations = sum(int(target.findtext(f"{kind}Count", "")) for target in targets)
        seconds = float(root.findtext("./TimeSpan/TestTimeSeconds", ""))
        usage = root.findtext("./TimeSpan/CpuUtilization/Average/UsagePercent")
        busy = float(usage) if usage else None
    except ValueError as error:
        raise ToolFailed(what, f"DiskSpd's result lacks a number: {error}", HINT) from error
    if moved == 0 or seconds <= 0:
        raise ToolFailed(what, f"DiskSpd moved {moved} bytes in {seconds:g} seconds", HINT)
    return Counted(moved, operations, seconds, busy)


__all__ = ["Counted", "argv", "parse"]
