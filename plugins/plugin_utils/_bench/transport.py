# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""From a task's connection to a conversation with the probe: the only place that knows Ansible's connections."""

from __future__ import annotations

import getpass
import shlex
import typing as t

from . import code
from .channel import Channel, Password
from .roundtrips import RoundTrips

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

Conversation = t.Union[Channel, RoundTrips]
# Ours come first, because ssh takes the first value that it sees. A connection of its own: one that is shared with
# Ansible's would carry its traffic between our pings.
SSH_OPTIONS = ("BatchMode=yes", "ControlPath=none", "Compression=no", "ServerAliveInterval=15")


def converse(action: ActionBase, host: str, python: str) -> Conversation:
    """Start a probe on the task's host. Raises FleetError."""
    payload = code.payload()
    connection = action._connection
    kind = connection.transport.rpartition(".")[2]
    live = kind == "local" or (kind == "ssh" and not connection.get_option("password"))
    argv = code.command(python, len(payload), "live" if live else "batch")
    command = f"{action._compute_environment_string()} {shlex.join(argv)}".strip()
    if live:
        started, password = _become(action, command)
        start = ["/bin/sh", "-c"] if kind == "local" else _ssh(connection)
        return Channel(host, [*start, started], payload, password)

    def execute(data: bytes) -> tuple[int, str, str]:
        done = action._low_level_execute_command(command, in_data=data)
        return done["rc"], done["stdout"], done["stderr"]

    return RoundTrips(host, execute, payload)


def converse_with(name: str, hostvars: t.Mapping[str, t.Any], *, become: bool = False) -> Channel:
    """Start a probe on another host than the task's, by its variables; become means sudo without a password there.

    become: what counts where its variables do not say.
    """
    payload = code.payload()
    argv = code.command(hostvars.get("ansible_python_interpreter", "python3"), len(payload), "live")
    local = name == "localhost" or hostvars.get("ansible_connection") == "local"
    user = hostvars.get("ansible_user") or (getpass.getuser() if local else "")
    if hostvars.get("ansible_become", become) and user != "root":
        argv = ["sudo", "-n", *argv]
    if local:
        return Channel(name, argv, payload)
    start = ["ssh", "-T", *(f"-o{text}" for text in SSH_OPTIONS)]
    for variable in ("ansible_ssh_common_args", "ansible_ssh_extra_args"):
        start += shlex.split(hostvars.get(variable, ""))
    for variable, flag in (("ansible_port", "-p"), ("ansible_user", "-l"), ("ansible_ssh_private_key_file", "-i")):
        if hostvars.get(variable):
            start += [flag, str(hostvars[variable])]
    return Channel(name, [*start, hostvars.get("ansible_host", name), shlex.join(argv)], payload)


def _ssh(connection: t.Any) -> list[str]:
    """ssh with what the inventory and the configuration say about the host, up to the command."""
    option = connection.get_option
    argv = [option("ssh_executable"), "-T", *(f"-o{text}" for text in SSH_OPTIONS)]
    for name in ("ssh_args", "ssh_common_args", "ssh_extra_args"):
        argv += shlex.split(option(name) or "")
    if not option("host_key_checking"):
        argv.append("-oStrictHostKeyChecking=no")
    for name, flag in (("port", "-p"), ("remote_user", "-l"), ("private_key_file", "-i")):
        if option(name):
            argv += [flag, str(option(name))]
    return [*argv, f"-oConnectTimeout={option('timeout')}", option("host")]


def _become(action: ActionBase, command: str) -> tuple[str, t.Optional[Password]]:
    become = action._connection.become
    if not become or action.get_become_option("become_user") == action._get_remote_user():
        return command, None
    started = become.build_become_command(command, action._connection._shell)
    secret = become.get_option("become_pass")
    return started, Password(become.prompt, secret) if become.prompt and secret else None


__all__ = ["Conversation", "converse", "converse_with"]
