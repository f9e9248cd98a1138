# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write, read into records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import diskspec
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases


@pytest.mark.parametrize("case", cases(__file__, "spelling.yml", "text"))
def test_spelling(case):
    if "error" in case:
        with pytest.raises(InvalidRequest, match=None) as caught:
            diskspec.parse(case["text"])
        assert case["error"] in str(caught.value)
    else:
        assert diskspec.parse(case["text"]) == case["want"]


@pytest.mark.parametrize("case", cases(__file__, "requests.yml", "values"))
def test_request(case):
    if "error" in case:
        with pytest.raises(InvalidRequest) as caught:
            diskspec.request(case["values"])
        assert case["error"] in str(caught.value)
        return
    made = diskspec.request(case["values"])._asdict()
    made["references"] = list(made["references"])
    assert {key: made[key] for key in case["want"]} == case["want"]


def test_detaching_needs_no_format():
    assert diskspec.request({"image": "/srv/a.img"}, opening=False).image == "/srv/a.img"


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        found = diskspec.parse(text)
    except InvalidRequest as error:
        assert str(error)
    else:
        assert found["image"].startswith("/")


@given(st.from_regex(r"/[^,=]{1,40}", fullmatch=True).filter(lambda path: path == path.strip()))
def test_every_path_survives_the_long_spelling(path):
    assert diskspec.parse(f"format=qcow2,vdev=xvda,access=rw,target={path}")["image"] == path
