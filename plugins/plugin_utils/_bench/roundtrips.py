# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The probe over a connection that only runs commands to their end: each request starts a probe of its own.

A ping then takes as long as a process needs to start, and every interval is wider by that. No ping is sent during a
run, so a step that is undone before its end is not seen, and the engine of a killed controller ends with its own work.
"""

from __future__ import annotations

import json
import time
import typing as t

from ...module_utils._common.errors import FleetError, ToolFailed
from ...module_utils._common.runner import last_words
from .clock import Ping

# Runs the probe's command with these bytes as its input; returns exit status, output, errors.
Execute = t.Callable[[bytes], tuple[int, str, str]]


class RoundTrips:
    """The same conversation as ``channel.Channel``, by separate commands."""

    def __init__(self, name: str, execute: Execute, code: bytes) -> None:
        self._name = name
        self._execute = execute
        self._code = code
        self._opened: dict[str, dict[str, t.Any]] = {}
        self._answer: dict[str, t.Any] = {}

    def __enter__(self) -> RoundTrips:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Every probe has ended by itself."""

    def ping(self) -> Ping:
        sent = time.monotonic_ns()
        answer = self._converse([{"do": "ping"}])
        back = time.monotonic_ns()
        return Ping(sent / 1e9, answer["ns"] / 1e9, back / 1e9)

    def begin(self, verb: str, **request: t.Any) -> int:
        # The file lives as long as its probe, so that each job makes its own.
        opened = [{"do": "open", **self._opened[request["arm"]]}] if verb == "job" else []
        self._answer = self._converse([*opened, {"do": verb, **request}])
        return 0

    def finished(self, number: int, timeout: float) -> t.Optional[dict[str, t.Any]]:
        return self._answer

    def ask(self, verb: str, timeout: float = 0.0, **request: t.Any) -> dict[str, t.Any]:
        if verb == "open":
            self._opened[request["arm"]] = request
            return {}
        return self._converse([{"do": verb, **request}])

    def _converse(self, requests: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
        lines = [json.dumps({"id": number, **request}) + "\n" for number, request in enumerate(requests, 1)]
        rc, out, err = self._execute(self._code + "".join(lines).encode())
        answers = {}
        for line in out.splitlines():
            if line.startswith('{"id"'):
                answer = json.loads(line)
                answers[answer["id"]] = answer
                if "error" in answer:
                    raise FleetError(**answer["error"])
        if len(requests) not in answers:
            raise ToolFailed(
                self._name, f"the probe gave no answer (status {rc}): {last_words(err or out)}", "run again with -vvv"
            )
        return answers[len(requests)]


__all__ = ["RoundTrips"]
