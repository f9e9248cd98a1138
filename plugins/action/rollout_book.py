# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

from ..plugin_utils._common.fleet_action import ControllerAction
from ..plugin_utils._guard.request import this_user
from ..plugin_utils._rollout import outcome, summary, waves
from ..plugin_utils._rollout.book import DONE, Book, Note, now


class ActionModule(ControllerAction):
    SPEC = {
        "step": {"type": "str", "choices": ["open", "note", "judge", "close"], "required": True},
        "rollout_id": {"type": "str", "required": True},
        "directory": {"type": "path", "default": "rollouts"},
        "change": {"type": "str"},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "sites": {"type": "dict", "default": {}},
        "offline": {"type": "dict", "default": {}},
        "canary": {"type": "list", "elements": "str", "default": ["1"]},
        "serial": {"type": "list", "elements": "str", "default": ["100%"]},
        "wave": {
            "type": "dict",
            "options": {
                "name": {"type": "str", "required": True},
                "hosts": {"type": "list", "elements": "str", "required": True},
            },
        },
        "host": {"type": "str"},
        "result": {"type": "dict", "default": {}},
        "why": {"type": "str"},
        "notes": {"type": "dict", "default": {}},
        "max_fail_percentage": {"type": "float", "default": 0.0},
        "stopped": {"type": "str", "default": ""},
    }
    RULES = {
        "required_if": [
            ["step", "open", ["change", "hosts"]],
            ["step", "note", ["host", "wave"]],
            ["step", "judge", ["wave"]],
            ["step", "close", ["hosts"]],
        ]
    }

    def act(self, options: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        # Not where the playbook lies: that of this collection lies in the collection.
        book = Book(os.path.abspath(options["directory"]), options["rollout_id"])
        return getattr(self, f"_{options['step']}")(options, book)

    def _open(self, params: dict[str, t.Any], book: Book) -> dict[str, t.Any]:
        # A task runs in a child of the play's own process.
        earlier = book.begin(params["change"], os.getppid(), check=self._task.check_mode)
        done = [host for host in params["hosts"] if host in earlier and earlier[host].outcome in DONE]
        first = waves.canaries(params["hosts"], params["canary"], {*params["offline"]} - {*done})
        todo = [host for host in params["hosts"] if host not in done and host not in params["offline"]]
        planned = waves.waves(todo, first, params["serial"])
        return {
            "changed": False,
            "book": book.path,
            "waves": [wave._asdict() for wave in planned],
            "done": done,
            "offline": params["offline"],
            "owner": this_user(),
        }

    def _note(self, params: dict[str, t.Any], book: Book) -> dict[str, t.Any]:
        found = outcome.of_result(params["result"], params["why"])
        site = params["sites"].get(params["host"], "")
        note = Note(params["host"], site, params["wave"]["name"], found.name, found.did, found.why, now())
        self._write(book, note)
        return {"changed": False, "note": note._asdict()}

    def _judge(self, params: dict[str, t.Any], book: Book) -> dict[str, t.Any]:
        wave = waves.Wave(params["wave"]["name"], tuple(params["wave"]["hosts"]))
        bad = {}
        for host in wave.hosts:
            note = params["notes"].get(host) or {}
            if note.get("wave") != wave.name:
                bad[host] = outcome.VANISHED
                self._write(
                    book, Note(host, params["sites"].get(host, ""), wave.name, "vanished", (), bad[host], now())
                )
            elif note["outcome"] not in DONE:
                bad[host] = note["why"]
        verdict = waves.judge(wave, bad, params["max_fail_percentage"])
        return {"changed": False, "stop": verdict.stop, "why": verdict.why, "bad": bad}

    def _close(self, params: dict[str, t.Any], book: Book) -> dict[str, t.Any]:
        notes = {**book.notes(), **{host: _read(note) for host, note in params["notes"].items() if note}}
        final = []
        for host in params["hosts"]:
            site = params["sites"].get(host, "")
            if host in notes and notes[host].outcome in DONE:
                note = notes[host]
            elif host in params["offline"]:
                note = Note(host, site, outcome="offline", why=params["offline"][host])
            else:
                note = notes.get(host) or Note(host, site, why=params["stopped"])
            final.append(note)
        counted = summary.counts(final)
        report = {
            "rollout_id": params["rollout_id"],
            "complete": set(counted) <= {*DONE, "offline"},
            "stopped": params["stopped"],
            "counts": counted,
            "hosts": [note._asdict() for note in final],
        }
        if not self._task.check_mode:
            book.summarize(report)
        return {"changed": False, "table": summary.table(final), "summary_file": book.summary_path, **report}

    def _write(self, book: Book, note: Note) -> None:
        if not self._task.check_mode:
            book.add(note)


def _read(note: dict[str, t.Any]) -> Note:
    return Note(**{**note, "did": tuple(note["did"])})
