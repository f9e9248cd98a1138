# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""What whoever runs the role sees when one of its disks fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t

from world import Case, World

WANTED = {"rollback_all": ["Rolled back: mount", "attach "], "keep_good": ["Rolled back: mount", "Kept: "]}


def said_by_the_role(world: World) -> Case:
    disks = [
        {"image": f"{world.image('gpt.raw')}", "path": f"{world.directory}/good", "partition": "1"},
        {"image": f"{world.image('gpt.qcow2')}", "path": f"{world.directory}/bad", "partition": "no such label"},
    ]
    for on_error, words in WANTED.items():
        status, said = _play(world, disks, on_error=on_error)
        assert status, "the role did not fail"
        for word in ["no partition is 'no such label'", *words]:
            assert word in said, f"{on_error}: '{word}' is not said: {said}"
        assert len(world.left().get("records", ())) == (on_error == "keep_good"), world.left()
    status, said = _play(world, disks, state="unmounted")
    assert status == 0, said
    return Case(
        "the role vbd_mount, and one of its two disks has no such partition",
        "its error says what was rolled back, and with keep_good what was kept",
        world.nothing_left(),
    )


def _play(world: World, disks: t.Sequence[dict[str, str]], **values: str) -> tuple[int, str]:
    variables = {f"vbd_mount_{name}": value for name, value in values.items()}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": sys.executable},
        "roles": [{"role": "homevirt.fleet.vbd_mount", "vars": {"vbd_mount_disks": disks, **variables}}],
    }
    path = world.directory / "role.json"
    path.write_text(json.dumps([play]), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": os.environ["PYTHONPATH"].rpartition(":")[2]}
    argv = ["ansible-playbook", "-i", "localhost,", "-c", "local", path]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    path.unlink()
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def cases() -> list[t.Callable[[World], Case]]:
    return [said_by_the_role]
