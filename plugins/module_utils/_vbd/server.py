# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Starting the process that serves an image, so that it outlives the play but not the host's mounts.

Under systemd it becomes a transient service and not part of the ssh session: a session is killed at shutdown before the
file systems on top are unmounted, and what was written last would be lost. Without default
dependencies systemd stops the service neither with the session nor before the mounts (systemd.unit(5)).
"""

from __future__ import annotations

import itertools
import os
import typing as t

from .._common.errors import Refused, TimedOut, ToolFailed
from .._common.host import FIRST_PAUSE, Host
from .._common.runner import checked, last_words, printable
from . import image, ledger, processes
from .ledger import Record

# Of how many looks at a server that says nothing one also asks systemd.
SELDOM = 16
# Names of servers.
PROGRAMS = ("qemu-nbd", "nbdfuse")
# Seconds that a server may take to end by itself.
PATIENCE = 1.0


# Tells whether a server that was started still runs.
Running = t.Callable[[], bool]


def start(host: Host, record: Record, argv: t.Sequence[str], env: t.Mapping[str, str], stop: str = "") -> Running:
    """Start a server, without waiting for it.

    stop: a shell script that ends it in good order at shutdown, while what is mounted from it is being unmounted;
    without one it runs until systemd's last killing, which comes after unmounting (bootup(7)).
    """
    log = _log(host, record)
    open(log, "ab").close()
    if os.path.isdir(f"{host.run}/systemd/system"):
        return _start_unit(host, record, argv, log, env, _stopping(host, record, stop))
    return host.runner.spawn(argv, log, env)


def await_ready(host: Host, record: Record, program: str, ready: t.Callable[[], bool], running: Running) -> None:
    """Wait for a server that was started. Raises ToolFailed with its own last words, or TimedOut."""
    log = _log(host, record)
    try:
        host.await_true(lambda: ready() or not running(), record.image, f"{program} was not ready", "raise timeout")
    except TimedOut as error:
        # Merely slow, it would connect the disk after all, when nobody knows of it any more.
        stop_unit(host, record)
        for process in left_running(host, record):
            host.runner.terminate(process.pid)
        raise TimedOut(error.what, f"{error.why}: {_reason(_read(log))}", error.hint) from error
    if not ready():
        why = f"{program} did not serve it: {_reason(_read(log))}"
        raise ToolFailed(record.image, why, "check the image with qemu-img check")


def _reason(text: str) -> str:
    """What qemu-nbd said is the reason; what nbdfuse says then is that qemu-nbd has ended."""
    own = [line.partition("qemu-nbd: ")[2] for line in text.splitlines() if "qemu-nbd: " in line]
    return last_words("\n".join(own) or text)


def _log(host: Host, record: Record) -> str:
    return f"{ledger.directory(host, record)}/server.log"


def _stopping(host: Host, record: Record, stop: str) -> list[str]:
    if not stop:
        return []
    path = f"{ledger.directory(host, record)}/stop.sh"
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(stop)
    order = ("Conflicts=shutdown.target", "Before=shutdown.target", f"ExecStop=/bin/sh {path}")
    return [f"--property={setting}" for setting in order]


def _start_unit(
    host: Host, record: Record, argv: t.Sequence[str], log: str, env: t.Mapping[str, str], stopping: t.Sequence[str]
) -> Running:
    unit = _unit(record)
    program = host.runner.find(argv[0]) or argv[0]
    checked(
        host.runner,
        [
            "systemd-run",
            f"--unit={unit}",
            "--quiet",
            "--collect",
            "--property=DefaultDependencies=no",
            "--property=IgnoreOnIsolate=yes",
            f"--property=StandardError=file:{log}",
            *stopping,
            *(f"--setenv={key}={value}" for key, value in env.items()),
            program,
            # systemd would take $NAME in a path for a variable (systemd.service(5)).
            *(word.replace("$", "$$") for word in argv[1:]),
        ],
        host.timeout,
        record.image,
        f"look at it with systemctl status {unit}",
    )

    asked = itertools.count(1)

    def running() -> bool:
        # Asking systemd costs a command, so it is asked only when there is something to suspect, or seldom.
        suspect = os.path.getsize(log) > 0 or next(asked) % SELDOM == 0
        return not suspect or _active(host, unit)

    return running


def _unit(record: Record) -> str:
    return f"homevirt-fleet-vbd-{record.tag}.service"


def stop_unit(host: Host, record: Record) -> None:
    """End a server that systemd started, and is not known otherwise; fine where there is none."""
    if os.path.isdir(f"{host.run}/systemd/system"):
        host.runner.run(["systemctl", "stop", _unit(record)], host.timeout)


def _active(host: Host, unit: str) -> bool:
    return host.runner.run(["systemctl", "is-active", "--quiet", unit], host.timeout).rc == 0


def family(host: Host, pid: int) -> tuple[processes.Process, ...]:
    """A server and the processes it started, as they are to be remembered."""
    chief = processes.lookup(host, pid)
    return (chief, *processes.children(host, pid)) if chief else ()


def is_ours(host: Host, record: Record, pid: int) -> bool:
    """Whether a process is a server that was started for this attachment: it writes into its log, as no other does."""
    log = image.identify(_log(host, record))
    return log is not None and any(held.id == log for held in processes.files_of(host, pid))


def left_running(host: Host, record: Record) -> tuple[processes.Process, ...]:
    """Servers of this attachment that are not written down, the one that started the others first."""
    if not os.path.exists(_log(host, record)):
        return ()
    found = {pid for name in PROGRAMS for pid in processes.called(host, name) if is_ours(host, record, pid)}
    living = [process for process in (processes.lookup(host, pid) for pid in found) if process]
    return tuple(sorted(living, key=lambda process: (process.start, process.pid)))


def must_have_opened(host: Host, record: Record) -> None:
    """The server was given a name: make sure that it opened what was examined, and no other file. Raises FleetError."""
    opened = {
        found.id: found.path
        for process in record.servers
        for found in processes.regular_files(host, process.pid)
        # Its own log, and the layer without a name of an overlay.
        if found.links
        and found.path != record.device
        and not found.path.startswith(f"{ledger.directory(host, record)}/")
    }
    if not any(processes.name_of(host, process.pid) == "qemu-nbd" for process in record.servers):
        raise ToolFailed(record.image, "qemu-nbd ended at once", "check the image with qemu-img check")
    if record.id not in opened:
        raise Refused(record.image, "replaced by another file while it was being attached", "find out who did that")
    for identity, path in opened.items():
        if identity not in record.files:
            raise Refused(
                record.image, f"QEMU opened {printable(path)} for it, which its header does not name", "do not trust it"
            )


def end(host: Host, record: Record) -> None:
    """Wait until the servers have ended, as they do by themselves when their disk is gone. Raises TimedOut.

    A copy of the FUSE mount in another mount namespace (a container started meanwhile has one) keeps them; then the
    first is asked to end. Everything has been written by then, for the loop device is gone, and the others end with it.
    """

    def ended() -> bool:
        return not any(processes.lives(host, server) for server in record.servers)

    deadline = host.clock() + min(PATIENCE, host.timeout)
    while not ended():
        if host.clock() >= deadline:
            if processes.lives(host, record.servers[0]):
                host.runner.terminate(record.servers[0].pid)
            break
        host.sleep(FIRST_PAUSE)
    host.await_true(
        ended,
        record.image,
        f"its server (pid {', '.join(str(server.pid) for server in record.servers)}) did not end",
        "find out what holds it with ls -l /proc/PID/fd, or raise timeout",
    )


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


__all__ = [
    "Running",
    "await_ready",
    "end",
    "family",
    "is_ours",
    "left_running",
    "must_have_opened",
    "start",
    "stop_unit",
]
