# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a site, and the files they come from."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest, Refused
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.files import read_sites, site_paths, the_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.hosts import hosts_of
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.written import differences, write
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases


@pytest.mark.parametrize("case", cases(__file__, "hosts.yml", "title"))
def test_hosts(case):
    hosts = hosts_of(load_site("slug: home\nname: Home\n" + case["text"], "a.yml").site)
    assert [host.name for host in hosts] == case["names"]
    for host, wanted in zip(hosts, case.get("hosts", [])):
        about = {name: value for name, value in host.variables.items() if name.startswith("ansible_")}
        assert about == wanted.get("variables", {})
        assert host.secrets == wanted.get("secrets", {})
        assert sorted(name for names in host.groups.values() for name in names) == wanted["groups"]
        # A cache keeps them as JSON, and no fact or variable holds a secret.
        assert json.loads(json.dumps(host._asdict())) == host._asdict()
        assert "hunter2" not in json.dumps([host.variables, host.facts])


def text_of(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def test_a_broken_file_hides_no_other(tmp_path):
    (tmp_path / "a.yml").write_text("slug: a\nname: A\n")
    (tmp_path / "b.yaml").write_bytes(b"slug: \xff\n")
    (tmp_path / "c.yml").symlink_to("nowhere")
    for name in (".hidden.yml", "notes.txt"):
        (tmp_path / name).write_text("- no site\n")
    paths = site_paths([str(tmp_path), str(tmp_path / "a.yml")])
    assert [pathlib.Path(path).name for path in paths] == ["a.yml", "b.yaml", "c.yml"]
    read = read_sites(paths, text_of)
    assert [file.site is not None for file in read] == [True, False, False]
    assert [file.findings[0].rule for file in read[1:]] == ["file-unreadable", "file-unreadable"]
    assert "not text in UTF-8" in read[1].findings[0].message and "No such file" in read[2].findings[0].message


def test_what_needs_a_whole_site_refuses_half_of_one(tmp_path):
    (tmp_path / "a.yml").write_text("slug: a\nname: A\nfoo: 1\n")
    with pytest.raises(InvalidRequest, match="a.yml:3: site a: 'foo' is none of its keys"):
        the_site(str(tmp_path / "a.yml"), text_of)
    with pytest.raises(InvalidRequest, match="there is no site file in it"):
        (tmp_path / "empty").mkdir()
        site_paths([str(tmp_path / "empty")])


def test_files_are_written_once(tmp_path):
    wanted = {str(tmp_path / "new/a.txt"): "一\n", str(tmp_path / "b.txt"): "2\n"}
    (tmp_path / "b.txt").write_text("1\n")
    found = differences(wanted)
    assert [difference.diff()["before"] for difference in found] == ["", "1\n"]
    assert not (tmp_path / "new").exists()
    write(found)
    assert differences(wanted) == [] and (tmp_path / "new/a.txt").read_text(encoding="utf-8") == "一\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.txt", "b.txt", "new"]


def test_what_is_not_ours_is_left(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="is no text"):
        differences({str(tmp_path / "a"): "text"})
    assert (tmp_path / "a").read_bytes() == b"\xff\xfe"
