# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""The probe: one process on the target that answers pings and runs the engine as its child.

The engine inherits its environment, so both read the same clock, also under LD_PRELOAD. It is the watchdog too: when
its input ends, or nobody has spoken for a while, it ends itself and the engine, and the file goes with its descriptor.

One request or answer is one line of JSON. A request is answered with its own id, pings in between.
"""

from __future__ import annotations

import collections
import json
import os
import select
import sys
import time
import typing as t

from .._common.errors import FleetError
from .._common.host import Host
from .._common.runner import SystemRunner
from . import cpu, place, survey
from .engine_process import EngineProcess
from .profile import Job

# The controller speaks several times a second. By the target's own clock, so that it may be off tenfold.
LEASE = 120.0
TICKS = 5
LONGEST_TICK = 0.1


class Agent:
    """source and sink: descriptors of the channel.

    batch: all requests come at once and nobody waits at the other end: they are carried out after the input has ended.
    """

    def __init__(self, source: int, sink: int, host: Host, *, batch: bool = False, lease: float = LEASE) -> None:
        self._source: t.Optional[int] = source
        self._sink = sink
        self._host = host
        self._batch = batch
        self._lease = lease
        self._pending = b""
        self._waiting: collections.deque[dict[str, t.Any]] = collections.deque()
        self._files: dict[str, tuple[place.Place, int]] = {}
        self._filling: t.Optional[tuple[int, t.Iterator[int]]] = None
        self._engine: t.Optional[tuple[int, EngineProcess]] = None

    def serve(self) -> None:
        """Until the input ends or the lease runs out."""
        try:
            while self._turn():
                pass
        finally:
            self._leave()

    def _turn(self) -> bool:
        pipes = [self._engine[1].pipe] if self._engine else []
        sources = [self._source] if self._source is not None else []
        ready, _writable, _broken = select.select([*sources, *pipes], [], [], 0 if self._filling else self._lease)
        # Taken before anything else is done: it is what a ping asks for.
        now = time.monotonic_ns()
        if self._source in ready and not self._receive(now):
            return False
        if not ready and not self._filling:
            return False
        if self._engine and self._engine[1].pipe in ready and self._engine[1].ended():
            self._finish()
        if self._filling:
            self._fill()
        while self._waiting and not self._busy:
            self._carry_out(self._waiting.popleft())
        return self._source is not None or self._busy

    @property
    def _busy(self) -> bool:
        return bool(self._engine or self._filling)

    def _receive(self, now: int) -> bool:
        data = os.read(t.cast(int, self._source), 65536)
        if not data:
            self._source = None
            return self._batch
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if request["do"] == "ping":
                self._say(request["id"], ns=now)
            else:
                self._waiting.append(request)
        return True

    def _carry_out(self, request: dict[str, t.Any]) -> None:
        try:
            getattr(self, f"_do_{request['do']}")(request["id"], request)
        except (FleetError, OSError) as error:
            self._fail(request["id"], error)

    def _do_tick(self, number: int, request: dict[str, t.Any]) -> None:
        """The smallest step that the clock is seen to make: the resolution it claims may be another."""
        steps = []
        began = seen = time.monotonic_ns()
        while len(steps) < TICKS and seen - began < LONGEST_TICK * 1e9:
            now = time.monotonic_ns()
            if now != seen:
                steps.append(now - seen)
                seen = now
        self._say(number, seconds=sorted(steps)[len(steps) // 2] / 1e9)

    def _do_survey(self, number: int, request: dict[str, t.Any]) -> None:
        arms = [survey.Arm(**{**arm, "place": place.Place(*arm["place"])}) for arm in request["arms"]]
        self._say(number, **survey.survey(self._host, arms, request["io_engine"]))

    def _do_lease(self, number: int, request: dict[str, t.Any]) -> None:
        """For who is silent longer, because he speaks with others meanwhile."""
        self._lease = request["seconds"]
        self._say(number)

    def _do_open(self, number: int, request: dict[str, t.Any]) -> None:
        wanted = place.Place(**request["place"])
        descriptor = place.acquire(wanted)
        self._files[request["arm"]] = (wanted, descriptor)
        self._filling = (number, place.fill(descriptor, wanted))

    def _do_close(self, number: int, request: dict[str, t.Any]) -> None:
        os.close(self._files.pop(request["arm"])[1])
        self._say(number)

    def _do_job(self, number: int, request: dict[str, t.Any]) -> None:
        wanted, descriptor = self._files[request["arm"]]
        job = Job(**request["job"])
        process = EngineProcess(
            request["program"], job, request["engine"], descriptor, wanted.size, direct=request["direct"]
        )
        self._engine = (number, process)

    def _do_cpu(self, number: int, request: dict[str, t.Any]) -> None:
        found = cpu.spent(self._host, request["kind"], request["guest"])
        self._say(number, **found._asdict())

    def _fill(self) -> None:
        number, pieces = t.cast("tuple[int, t.Iterator[int]]", self._filling)
        try:
            if next(pieces, None) is not None:
                return
            self._say(number)
        except (FleetError, OSError) as error:
            self._fail(number, error)
        self._filling = None

    def _finish(self) -> None:
        number, process = t.cast("tuple[int, EngineProcess]", self._engine)
        self._engine = None
        try:
            outcome, cpu_seconds = process.outcome()
        except (FleetError, OSError) as error:
            self._fail(number, error)
            return
        # Of the epoch's clock and the probe's, for an engine that tells when it began by the former.
        epoch = time.time() - time.monotonic()
        self._say(number, outcome=outcome._asdict(), cpu_seconds=cpu_seconds, epoch=epoch)

    def _fail(self, number: int, error: t.Union[FleetError, OSError]) -> None:
        if isinstance(error, OSError):
            error = FleetError(
                str(error.filename or "the target"), str(error.strerror or error), "mend that, then run again"
            )
        self._say(number, error={"what": error.what, "why": error.why, "hint": error.hint})

    def _say(self, number: int, **answer: t.Any) -> None:
        data = json.dumps({"id": number, **answer}).encode() + b"\n"
        while data:
            data = data[os.write(self._sink, data) :]

    def _leave(self) -> None:
        if self._engine:
            self._engine[1].kill()
        for _place, descriptor in self._files.values():
            os.close(descriptor)


def main() -> None:
    """Serve on standard input and output; what anything below prints goes to standard error."""
    sink = os.dup(1)
    os.dup2(2, 1)
    os.set_inheritable(sink, False)
    os.write(sink, b'{"id": 0, "ready": true}\n')
    try:
        Agent(0, sink, Host(SystemRunner()), batch=sys.argv[-1] == "batch").serve()
    except BrokenPipeError:
        # The controller is gone: there is nobody to tell.
        raise SystemExit(1) from None


__all__ = ["Agent", "main"]
