# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A xenstored that only reads, on a real socket: xen/include/public/io/xs_wire.h.

The Molecule scenario xen has a real one.
"""

from __future__ import annotations

import os
import socket
import struct
import threading

HEADER = struct.Struct("=IIII")
DIRECTORY, READ, ERROR = 1, 2, 16


def serve(path, tree, greet=lambda: True):
    """Listen until the process ends. tree() -> {path: value}; greet() -> whether a caller gets an answer at all."""
    path.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=_answer_all, args=(listener, tree, greet), daemon=True).start()


def _answer_all(listener, tree, greet):
    while True:
        caller = listener.accept()[0]
        with caller, caller.makefile("rb") as questions:
            if greet():
                _converse(caller, questions, tree)


def _converse(caller, questions, tree):
    while header := questions.read(HEADER.size):
        kind, request, transaction, length = HEADER.unpack(header)
        asked = os.fsdecode(questions.read(length).rstrip(b"\0"))
        answer = {DIRECTORY: _directory, READ: dict.get}[kind](tree(), asked)
        if answer is None:
            kind, answer = ERROR, "ENOENT\0"
        payload = os.fsencode(answer)
        caller.sendall(HEADER.pack(kind, request, transaction, len(payload)) + payload)


def _directory(tree, asked):
    below = [path[len(asked) + 1 :].partition("/")[0] for path in tree if path.startswith(f"{asked}/")]
    if not below:
        return "" if asked in tree else None
    return "".join(f"{name}\0" for name in dict.fromkeys(below))
