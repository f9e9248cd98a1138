# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is asked, and what is made of its answers. The guard itself is tried in Molecule's scenario guard."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest, Refused, ToolFailed
from ansible_collections.homevirt.fleet.plugins.plugin_utils._guard import answer, request, script

PARAMS = {
    "name": "wan", "state": "armed", "files": ["/etc/a"], "undo": [], "window": 60, "on_boot": "rollback",
    "owner": "me@here", "directory": None, "timeout": 5,
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": "Wan"}, "file and a unit"),
        ({"name": "../x"}, "file and a unit"),
        ({"name": "guard"}, "a file of its own"),
        ({"name": "log", "state": "rolled_back"}, "a file of its own"),
        ({"files": ["etc/a"]}, "no plain absolute path"),
        ({"files": ["/"]}, "no plain absolute path"),
        ({"files": ["/etc/../a"]}, "no plain absolute path"),
        ({"files": ["/etc/a\nb"]}, "no plain absolute path"),
        ({"files": ["/etc/a", "/etc/a"]}, "twice"),
        ({"files": ["/etc/a", "/etc/a/b"]}, "with its directory"),
        ({"window": 9}, "no useful time"),
        ({"files": []}, "put nothing back"),
        ({"owner": "me\x1b"}, "cannot be printed"),
    ],
)
def test_refused_requests(given, why):
    with pytest.raises(InvalidRequest, match=why):
        request.judged({**PARAMS, **given})


def test_owner_is_the_user_of_this_machine():
    assert "@" in request.judged({**PARAMS, "owner": None})["owner"]


def test_the_mark_is_that_of_what_is_kept():
    assert request.mark(PARAMS) == request.mark({**PARAMS, "timeout": 9})
    assert request.mark(PARAMS) != request.mark({**PARAMS, "window": 61})


@pytest.mark.parametrize("shell", [["sh"], ["busybox", "sh"]])
def test_words_reach_the_host_as_they_are(shell, tmp_path):
    """What a user wrote is never a word of the shell."""
    nasty = 'it\'s $(touch /tmp/x) `id` "q" \\ %s * ü'
    asked = script.asked(
        "nothing", [nasty, ""], directory=str(tmp_path), files=["/etc/a b", "/etc/$x"],
        undo=[script.command_undo(f"printf '%s' {nasty!r}", nasty)],
    )  # fmt: skip
    spy = b'stage_undo "$GUARD_DIR"; printf "%s|" "$@" "$GUARD_FILES"; exit\neval'
    try:
        done = subprocess.run(shell, input=asked.replace(b"\neval", b"\n" + spy), capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("no busybox here")
    assert done.stdout.decode() == f"nothing|{nasty}||/etc/a b\n/etc/$x|"
    assert (tmp_path / "100.title").read_text() == nasty + "\n"
    assert (tmp_path / "100").read_text().startswith("#!/bin/sh\nprintf")
    assert (tmp_path / "100").stat().st_mode & 0o777 == 0o700


def test_answers_among_what_a_login_shell_says():
    out = "Welcome!\nhomevirt-guard state armed\r\nhomevirt-guard remaining 9\nhomevirt-guard file /etc/a\nbye\n"
    record = answer.guard(answer.pairs("h", 0, out, ""))
    assert (record["state"], record["remaining"], record["files"], record["owner"]) == ("armed", 9, ["/etc/a"], "")


def test_control_characters_of_a_host_are_made_visible():
    assert answer.pairs("h", 0, "homevirt-guard owner \x1b[2J", "") == [("owner", "\\x1b[2J")]


def test_guards_are_told_apart_by_their_names():
    found = [("directory", "/d"), ("name", "a"), ("state", "armed"), ("name", "b"), ("state", "confirmed")]
    assert [(each["name"], each["state"]) for each in answer.guards(found)] == [("a", "armed"), ("b", "confirmed")]


def test_refusals_and_broken_hosts():
    with pytest.raises(Refused, match="^wan: bob armed it. Ask them.$"):
        answer.pairs(
            "h", 3, "homevirt-guard what wan\nhomevirt-guard why bob armed it\nhomevirt-guard hint ask them\n", ""
        )
    with pytest.raises(ToolFailed, match="^h: the guard ended with status 127: sh: not found"):
        answer.pairs("h", 127, "", "sh: not found")


def test_the_guard_is_one_script_of_which_every_part_is_there():
    text = script.guard_text()
    assert text.startswith("#!/bin/sh") and text.index("save()") < text.index("hooks_on()") < text.index(
        "choose_directory\n"
    )
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
