# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of xenstore-ls as recorded on live hosts, and its escapes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import xenstore

BACKEND = "/local/domain/0/backend"


def listing(kind, **values):
    return "".join(f'{BACKEND}/{kind}/0/51712/{key} = "{value}"\n' for key, value in values.items())


def escaped(raw):
    return "".join(chr(byte) if 32 <= byte < 127 and byte not in b'\\"' else f"\\{byte:03o}" for byte in raw)


def test_blktap_of_xend():
    """Spelling of xend 4.1: params of class tap2 name the driver and the format."""
    text = listing("tap", params="tapdisk:qcow2:/i/a.img", mode="w", state="4")
    (vbd,) = xenstore.parse(text).vbds
    assert (vbd.target, vbd.format, vbd.writes, vbd.state, vbd.vdev) == ("/i/a.img", "qcow2", True, 4, "xvda")


def test_empty_drive_and_unknown_mode():
    (vbd,) = xenstore.parse(listing("qdisk", params="", state="x")).vbds
    assert (vbd.target, vbd.writes, vbd.state) == ("", True, 0)


def test_what_is_no_disk_is_passed_over():
    text = f'{BACKEND}/vif/7/0/state = "4"\n/local/domain/7/name = "web"\n/local/domain/7/vm = "/vm/x"\n'
    assert xenstore.parse(text) == ({7: "web"}, [])


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_path_survives(name):
    text = listing("qdisk", params=f"qcow2:/{escaped(name.encode())}")
    assert xenstore.parse(text).vbds[0].target == f"/{name}"


@given(st.text(max_size=200))
def test_no_output_is_a_crash(text):
    xenstore.parse(text)
