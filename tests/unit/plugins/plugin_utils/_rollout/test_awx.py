# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example project for AWX: what AWX takes, playbooks that are there, variables that the role has."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[5]
AWX = ROOT / "examples/awx"


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_templates_are_what_awx_takes():
    schema = json.loads((AWX / "job_template.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    assert [error.message for error in validator.iter_errors(load(AWX / "job_templates.yml"))] == []


def test_the_project_asks_for_this_collection():
    [asked] = load(AWX / "collections/requirements.yml")["collections"]
    assert asked == {"name": load(ROOT / "galaxy.yml")["repository"], "type": "git"}


def test_their_playbooks_import_ours():
    for template in load(AWX / "job_templates.yml")["awx_job_templates"]:
        [play] = load(AWX / template["playbook"])
        name = play["ansible.builtin.import_playbook"].removeprefix("homevirt.fleet.")
        assert (ROOT / "playbooks" / f"{name}.yml").exists()


def test_their_variables_are_those_of_the_roles():
    known = set()
    for role in ("rollout", "disk_benchmark", "vbd_mount"):
        known |= set(load(ROOT / f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"])
    for template in load(AWX / "job_templates.yml")["awx_job_templates"]:
        asked = {question["variable"] for question in template.get("survey_spec", {}).get("spec", [])}
        assert asked | set(template.get("extra_vars", {})) <= known
