# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a host's shell is given to read: the guard, what is asked of it, and with ``arm`` what is to be kept."""

from __future__ import annotations

import functools
import pathlib
import shlex
import typing as t

FIRST_UNDO = 100


class Undo(t.NamedTuple):
    """One thing to run when a change is put back, after the files are back.

    title:       for the log and the report, one line.
    text:        an executable file's content, ASCII.
    interpreter: what must be on the host to run it, "" for the shell.
    """

    title: str
    text: str
    interpreter: str = ""


@functools.lru_cache(maxsize=1)
def guard_text() -> str:
    """The guard as one script."""
    parts = sorted(pathlib.Path(__file__).parent.glob("[0-9]_*.sh"))
    return "".join(part.read_text(encoding="utf-8") for part in parts)


def command_undo(command: str, title: t.Optional[str]) -> Undo:
    """A line, or lines, of shell."""
    return Undo(title or command.strip().splitlines()[0][:100], f"#!/bin/sh\n{command}\n")


def asked(
    verb: str,
    words: t.Sequence[object],
    *,
    directory: t.Optional[str],
    check: bool = False,
    files: t.Sequence[str] = (),
    undo: t.Sequence[Undo] = (),
) -> bytes:
    """The standard input of ``/bin/sh`` for one question. Nothing is written on the host unless the guard does."""
    text = guard_text()
    lines = [
        f"GUARD_TEXT={shlex.quote(text.rstrip())}",
        f"GUARD_DIR={shlex.quote(directory or '')}",
        f"GUARD_CHECK={'1' if check else ''}",
        f"GUARD_FILES={shlex.quote(chr(10).join(files))}",
        *_stage(undo),
        f"set -- {shlex.join([verb, *map(str, words)])}",
        'eval "$GUARD_TEXT"',
        # What a login shell's end or a wrapper says would otherwise be taken for the guard's status.
        "exit",
    ]
    return "\n".join([*lines, ""]).encode()


def _stage(undo: t.Sequence[Undo]) -> list[str]:
    lines = ["stage_undo() {"]
    for number, each in enumerate(undo, FIRST_UNDO):
        place = f'"$1/{number}"'
        if each.interpreter:
            interpreter = shlex.quote(each.interpreter)
            lines.append(
                f"  has {interpreter} || refuse {shlex.quote(each.title)} "
                f"{shlex.quote(f'this host has no {each.interpreter} to run it')} 'undo it with a command'"
            )
        lines.append(f"  printf '%s\\n' {shlex.quote(each.text.rstrip())} > {place} && chmod 700 {place} || return")
        lines.append(f"  printf '%s\\n' {shlex.quote(each.title)} > {place[:-1]}.title\" || return")
    return [*lines, "  :", "}"]


__all__ = ["Undo", "asked", "command_undo", "guard_text"]
