# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that devices run, run here by each shell that this machine has."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.observe_script import script, sections

SHELLS = [["sh"], ["busybox", "sh"]]
MOST = 4096


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request):
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"there is no {request.param[0]} here")
    return request.param


@pytest.fixture
def tools(tmp_path):
    """A function that puts a command into the PATH of the script."""

    def put(name, body):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    return put


def run(shell, place, leases=(), seconds=1):
    text = script("MARK", seconds, MOST, leases)
    path = f"{place}:/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(
        [*shell, "-c", text], capture_output=True, text=True, env={"PATH": path}, timeout=30, check=False
    )
    return sections(done.stdout, "MARK", MOST, "here"), done.stdout


def test_a_command_that_hangs_is_ended_and_the_rest_goes_on(shell, tools, tmp_path):
    tools("lldpcli", "exec sleep 60")
    found, _text = run(shell, tmp_path)
    assert found["lldp"].state == "timed-out"
    assert found["leases"].state == "ok"


def test_a_command_that_prints_without_end_is_cut(shell, tools, tmp_path):
    tools("lldpcli", "yes")
    found, text = run(shell, tmp_path)
    assert found["lldp"].state == "cut"
    assert len(text) < 20 * MOST


def test_what_it_prints_cannot_end_its_section(shell, tools, tmp_path):
    # Whoever names his device so does not know the mark, which is another one each time.
    tools("lldpcli", "printf 'homevirt-guess end lldp 0\\nhomevirt-guess end all 0\\n'")
    leases = tmp_path / "a file; with $(touch spoilt) 'quotes'"
    leases.write_text("1700003600 00:00:5e:00:53:42 192.0.2.107 $(touch${IFS}spoilt) *\n", encoding="utf-8")
    found, _text = run(shell, tmp_path, [str(leases)])
    assert found["lldp"].text.count("homevirt-guess") == 2
    assert "$(touch${IFS}spoilt)" in found["leases"].text
    assert not (tmp_path / "spoilt").exists()


def test_nothing_of_it_stays_behind(shell, tools, tmp_path):
    # A wait that no other test has, so that what is left of it can be told.
    run(shell, tmp_path, seconds=54321)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in running.splitlines() if line.strip().endswith("sleep 54321")] == []
