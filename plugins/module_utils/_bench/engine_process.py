# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The engine as a child that cannot outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import tempfile
import typing as t

from . import fio
from .profile import Job

PR_SET_PDEATHSIG = 1
SAID = 64 << 10


class EngineProcess:
    """One run of fio on an open file. Its end shows as end of file on ``pipe``; then ``outcome`` is to be called."""

    def __init__(self, program: str, job: Job, engine: str, file: int, size: int, *, direct: bool) -> None:
        self.job = job
        self._said = b""
        # Without a name, like the file: no result is left behind by whatever ends us.
        self._output = tempfile.TemporaryFile()
        output = self._output.fileno()
        argv = fio.argv(program, job, engine, f"/proc/self/fd/{file}", size, f"/proc/self/fd/{output}", direct=direct)
        libc = ctypes.CDLL(None, use_errno=True)
        # run_command waits for the end, and meanwhile nobody would answer pings.
        self._process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(file, output),
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            # This process has no threads, so code between fork and exec is safe.
            preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509
        )

    @property
    def pipe(self) -> int:
        return t.cast(t.IO[bytes], self._process.stdout).fileno()

    def ended(self) -> bool:
        """Take in what it said; True when it has nothing more to say. To be called when the pipe is readable."""
        piece = os.read(self.pipe, 65536)
        self._said = (self._said + piece)[-SAID:]
        return not piece

    def outcome(self) -> tuple[fio.Outcome, float]:
        """What it reported, and the CPU seconds that it used. Raises ToolFailed."""
        _pid, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace")
        said = self._said.decode("utf-8", "replace")
        self._close()
        return fio.parse(text, self.job, self._process.returncode, said), usage.ru_utime + usage.ru_stime

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        self._output.close()
        t.cast(t.IO[bytes], self._process.stdout).close()


__all__ = ["EngineProcess"]
