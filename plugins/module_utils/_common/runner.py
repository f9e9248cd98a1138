# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The only place that starts processes. Engines and adapters get a runner handed in.

``AnsibleModule.run_command`` is not used because it knows no time limit and fails the module by itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
import typing as t

from . import interrupts
from .errors import TimedOut, ToolFailed, ToolMissing

# cron, sudo and ssh give users a PATH without the places where mount tools lie.
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


# Seconds that a command may take to be gone when it has been killed.
LAST_WAIT = 1.0


class Result(t.NamedTuple):
    """What a finished command left: its words, exit status, and both outputs as text."""

    argv: tuple[str, ...]
    rc: int
    out: str
    err: str


class Runner(t.Protocol):
    """What engines expect of a runner; the tests bring a recording one."""

    def find(self, program: str) -> t.Optional[str]:
        """Return the path of a program, or None."""

    def run(self, argv: t.Sequence[str], timeout: float, given: str = "") -> Result:
        """Run to the end. Raises TimedOut and ToolMissing; an exit status is data.

        given: what the command reads from its standard input, where a secret or a long table is not for argv.
        """

    def run_all(self, argvs: t.Sequence[t.Sequence[str]], timeout: float) -> list[Result]:
        """Run several at the same time, as run() does one; their results in the same order."""

    def spawn(self, argv: t.Sequence[str], log: str, env: t.Mapping[str, str]) -> t.Callable[[], bool]:
        """Start a process that outlives us; return a function that tells whether it still runs."""

    def terminate(self, pid: int) -> None:
        """Ask a process to end (SIGTERM); fine where it has ended."""


class SystemRunner:
    """Runs on this machine, in the C locale, without a shell."""

    def find(self, program: str) -> t.Optional[str]:
        return shutil.which(program, path=SEARCH_PATH)

    def run(self, argv: t.Sequence[str], timeout: float, given: str = "") -> Result:
        return self._run_all([argv], timeout, given)[0]

    def run_all(self, argvs: t.Sequence[t.Sequence[str]], timeout: float) -> list[Result]:
        return self._run_all(argvs, timeout, "")

    def _run_all(self, argvs: t.Sequence[t.Sequence[str]], timeout: float, given: str) -> list[Result]:
        deadline = time.monotonic() + timeout
        started: list[subprocess.Popen[bytes]] = []
        try:
            for argv in argvs:
                # Cut off between the two, it would go on and nobody would know of it.
                with interrupts.held():
                    started.append(_start(argv, given))
            return [_result(process, argv, deadline, timeout, given) for process, argv in zip(started, argvs)]
        finally:
            # Only those that an error left behind.
            _end([process for process in started if process.returncode is None])

    def spawn(self, argv: t.Sequence[str], log: str, env: t.Mapping[str, str]) -> t.Callable[[], bool]:
        try:
            with open(log, "ab") as sink:
                # run_command waits for the end, and a server has none.
                process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                    list(argv),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=sink,
                    cwd="/",
                    env={**_environment(), **env},
                    start_new_session=True,
                )
        except FileNotFoundError:
            raise missing([argv[0]]) from None
        return lambda: process.poll() is None

    def terminate(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def _start(argv: t.Sequence[str], given: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # pylint: disable=ansible-bad-function  # run_command has no time limit
            list(argv),
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            # So that it can be ended with the helpers that it starts: a mount.ntfs that goes on would mount when nobody
            # waits for it any more. What becomes a daemon has a session of its own again, and stays.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise missing([argv[0]]) from None


def _end(processes: t.Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill commands, each with all of its group, and do not wait for what cannot be killed."""
    for process in processes:
        # It has not been waited for, so its number is still its own.
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + LAST_WAIT
    for process in processes:
        try:
            process.communicate(timeout=max(0.0, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, OSError, ValueError):
            # In a call of the kernel that does not end (state D), or somebody else holds the other end of a pipe.
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _result(
    process: subprocess.Popen[bytes], argv: t.Sequence[str], deadline: float, timeout: float, given: str
) -> Result:
    fed = given.encode("utf-8", "surrogateescape") if given else None
    try:
        out, err = process.communicate(fed, timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimedOut(
            " ".join(argv),
            f"did not end within {timeout:g} seconds",
            "look at the host's kernel log, or raise timeout",
        ) from None
    return Result(tuple(argv), process.returncode, _text(out), _text(err))


def require(runner: Runner, programs: t.Iterable[str]) -> None:
    """Raise ToolMissing, naming all programs that are not there at once."""
    absent = sorted({program for program in programs if runner.find(program) is None})
    if absent:
        raise missing(absent)


def missing(programs: t.Sequence[str]) -> ToolMissing:
    """The error for programs that the host lacks."""
    return ToolMissing(
        ", ".join(programs),
        "not installed on this host",
        "install the packages that hold them (the role homevirt.fleet.vbd_mount does), then run again",
        missing_programs=list(programs),
    )


def checked(
    runner: Runner,
    argv: t.Sequence[str],
    timeout: float,
    what: str,
    hint: str,
    words: t.Optional[t.Callable[[str], str]] = None,
) -> Result:
    """Run a command that must succeed; raise ToolFailed with its own last words otherwise.

    words: picks the reason out of what it said, where that is not its last line.
    """
    result = runner.run(argv, timeout)
    if result.rc != 0:
        raise ToolFailed(
            what,
            f"{os.path.basename(argv[0])} failed with status {result.rc}: {(words or last_words)(result.err)}",
            hint,
        )
    return result


def last_words(text: str) -> str:
    """The last line that says something, safe to print on a terminal."""
    lines = [line.strip().rstrip(".") for line in text.splitlines() if line.strip() and "dmesg(1)" not in line]
    return printable(lines[-1]) if lines else "it said nothing"


def printable(text: str) -> str:
    """Text from outside with control characters made visible."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", "PATH": SEARCH_PATH}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


__all__ = ["Result", "Runner", "SystemRunner", "checked", "last_words", "missing", "printable", "require"]
