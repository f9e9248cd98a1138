# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A conversation with the probe over one long-lived process: ssh to the target, or a child of ours.

A connection of Ansible runs one command to its end and hands over its output then. Starting one for each ping would
make every reading uncertain by the tens of milliseconds that a start takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
import typing as t

from ...module_utils._common.errors import FleetError, TimedOut, ToolFailed
from ...module_utils._common.runner import last_words
from .clock import Ping

START_TIMEOUT = 60.0
PING_TIMEOUT = 60.0
HINT = "look whether the target is up and its connection works, then run again with the same run_id"


class Password(t.NamedTuple):
    """What to answer when the program that changes the user asks. prompt: how it asks."""

    prompt: str
    answer: str


class Channel:
    """A running probe. A context manager: at its end the probe ends, and with it whatever it holds.

    argv: starts a shell command on the target; the probe's own command is already in it.
    """

    def __init__(self, name: str, argv: t.Sequence[str], code: bytes, password: t.Optional[Password] = None) -> None:
        self._name = name
        self._parent = os.getppid()
        self._number = 0
        self._pending = b""
        self._answers: dict[int, dict[str, t.Any]] = {}
        self._errors = b""
        self._process = subprocess.Popen(
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            if password:
                self._log_in(password)
            self._send(code)
            self._wait(0, START_TIMEOUT)
        except BaseException:
            # __exit__ is not called for what was never entered, and an interrupt too must leave no ssh behind; it is
            # raised again, never swallowed.
            self.close()
            raise

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def ping(self, timeout: float = PING_TIMEOUT) -> Ping:
        """One reading of the target's clock. Raises TimedOut and ToolFailed."""
        # A task runs in a worker of a session of its own, which outlives a killed ansible-playbook.
        if os.getppid() != self._parent:
            raise ToolFailed(self._name, "the play that measures it was killed", HINT)
        number = self._next()
        data = _line(number, {"do": "ping"})
        # As near to the pipe as can be: what lies between adds to the uncertainty.
        sent = time.monotonic_ns()
        self._send(data)
        answer, back = self._wait(number, timeout)
        return Ping(sent / 1e9, answer["ns"] / 1e9, back / 1e9)

    def begin(self, verb: str, **request: t.Any) -> int:
        """Send a request that takes a while; its number is for ``finished``."""
        number = self._next()
        self._send(_line(number, {"do": verb, **request}))
        return number

    def finished(self, number: int, timeout: float) -> t.Optional[dict[str, t.Any]]:
        """The answer, or None where there is none in time. Raises FleetError with the target's own words."""
        if number not in self._answers:
            self._read(timeout)
        if number not in self._answers:
            return None
        return self._taken(number)

    def ask(self, verb: str, timeout: float = PING_TIMEOUT, **request: t.Any) -> dict[str, t.Any]:
        """Send a request and wait for its answer. Raises FleetError."""
        return self._wait(self.begin(verb, **request), timeout)[0]

    def close(self) -> None:
        """End of input ends the probe and the engine; then the process is gone too."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            # What is still to be flushed into a closed pipe is of no use to anybody.
            with contextlib.suppress(BrokenPipeError):
                t.cast(t.IO[bytes], pipe).close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _send(self, data: bytes) -> None:
        try:
            pipe = t.cast(t.IO[bytes], self._process.stdin)
            pipe.write(data)
            pipe.flush()
        except BrokenPipeError:
            raise self._broken() from None

    def _wait(self, number: int, timeout: float) -> tuple[dict[str, t.Any], int]:
        deadline = time.monotonic() + timeout
        while number not in self._answers:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimedOut(self._name, f"the probe did not answer within {timeout:g} seconds", HINT)
            back = self._read(left)
        return self._taken(number), back

    def _taken(self, number: int) -> dict[str, t.Any]:
        answer = self._answers.pop(number)
        if "error" in answer:
            raise FleetError(**answer["error"])
        return answer

    def _read(self, timeout: float) -> int:
        """Take in what is there, or comes in time; return the host's time right after."""
        out, err = (t.cast(t.IO[bytes], pipe).fileno() for pipe in (self._process.stdout, self._process.stderr))
        ready, _writable, _broken = select.select([out, err], [], [], timeout)
        back = time.monotonic_ns()
        if out in ready:
            data = os.read(out, 65536)
            if not data:
                raise self._broken()
            *lines, self._pending = (self._pending + data).split(b"\n")
            for line in lines:
                self._take(line)
        elif err in ready:
            self._errors = (self._errors + os.read(err, 65536))[-65536:]
        return back

    def _take(self, line: bytes) -> None:
        # A login shell may greet before the probe speaks.
        with contextlib.suppress(ValueError, TypeError, KeyError):
            answer = json.loads(line)
            self._answers[answer["id"]] = answer

    def _log_in(self, password: Password) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while password.prompt.encode() not in self._errors:
            if time.monotonic() >= deadline:
                raise TimedOut(self._name, f"'{password.prompt.strip()}' was not asked", "check become_method")
            self._read(1.0)
        self._send(password.answer.encode() + b"\n")

    def _broken(self) -> ToolFailed:
        with contextlib.suppress(OSError):
            while piece := os.read(t.cast(t.IO[bytes], self._process.stderr).fileno(), 65536):
                self._errors += piece
        return ToolFailed(
            self._name, f"the probe's channel broke: {last_words(self._errors.decode('utf-8', 'replace'))}", HINT
        )


def _line(number: int, request: dict[str, t.Any]) -> bytes:
    return json.dumps({"id": number, **request}).encode() + b"\n"


__all__ = ["Channel", "Password"]
