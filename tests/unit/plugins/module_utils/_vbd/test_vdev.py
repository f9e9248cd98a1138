# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Xen's device numbers, against the table of xen-vbd-interface(7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import vdev
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.vdev import Vdev


@pytest.mark.parametrize(
    ("name", "devid"),
    [
        ("xvda", 51712),
        ("/dev/xvda", 51712),
        ("xvda1", 51713),
        ("xvda15", 51727),
        ("xvda16", (1 << 28) + 16),
        ("xvdp", 51952),
        ("xvdp15", 51967),
        ("xvdq", (1 << 28) + (16 << 8)),
        ("xvdz", (1 << 28) + (25 << 8)),
        ("xvdaa", (1 << 28) + (26 << 8)),
        ("xvdzz7", (1 << 28) + (701 << 8) + 7),
        ("sda", 2048),
        ("sdp15", 2303),
        ("hda", 768),
        ("hdb1", 833),
        ("hdc", 5632),
        ("hdd63", 5759),
    ],
)
def test_number(name, devid):
    found = vdev.parse(name)
    assert found.devid == devid
    assert vdev.of_devid(devid) == found
    assert found.name == name.rpartition("/")[2] == vdev.shown(devid)


@pytest.mark.parametrize(
    "name", ["", "xvd", "xvda0", "xvda256", "XVDA", "sdq", "sda16", "hde", "hda64", "sr0", "xvda 1", "../xvda"]
)
def test_no_device_of_xen(name):
    assert vdev.parse(name) is None


@given(st.builds(Vdev, st.just("xvd"), st.integers(0, 18277), st.integers(0, 255)))
def test_there_and_back(device):
    assert vdev.parse(device.name) == device == vdev.of_devid(device.devid)


@given(st.lists(st.integers(0, 1 << 30), max_size=20))
def test_first_free_is_free(taken):
    found = vdev.first_free(taken)
    assert found.disk not in {other.disk for other in map(vdev.of_devid, taken) if other}


def test_number_of_no_disk_is_shown_as_it_is():
    assert vdev.shown(7) == "7"
