# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from the line to a device."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import InvalidRequest
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.trace import trace
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.trace_text import in_words
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.wiring import PASSIVE
from ansible_collections.homevirt.fleet.tests.unit.support import generate_sites
from ansible_collections.homevirt.fleet.tests.unit.support.casefile import cases

SITES = pathlib.Path(__file__).parents[5] / "examples/sites/sites"


@pytest.mark.parametrize("case", cases(__file__, "traces.yml", "title"))
def test_trace(case):
    if "site" in case:
        text = (SITES / f"{case['site']}.yml").read_text(encoding="utf-8")
    else:
        text = case["text"]
    site = load_site(text, "a.yml").site
    if "error" in case:
        with pytest.raises(InvalidRequest) as caught:
            trace(site, case["device"])
        assert case["error"] in str(caught.value)
        return
    found = trace(site, case["device"])
    assert [leg.name for leg in found.legs] == case["legs"]
    for language, lines in case.get("words", {}).items():
        assert in_words(found, language).splitlines() == lines


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 9999), st.integers(2, 40))
def test_every_device_has_a_way_that_hangs_together(number, size):
    site = load_site(generate_sites.text(number, size), "a.yml").site
    for device in site.devices:
        legs = trace(site, device.name).legs
        assert legs[0].via == "line" and legs[-1].end.device == device.name
        for before, after in zip(legs, legs[1:]):
            assert after.start.device == before.end.device
            passive = next(one for one in site.devices if one.name == after.start.device).role in PASSIVE
            # Through a jack one leaves by another port, and a cable is never gone twice.
            assert not passive or after.start.port != before.end.port
        cables = [leg.name for leg in legs if leg.via == "cable"]
        assert len(cables) == len(set(cables))
