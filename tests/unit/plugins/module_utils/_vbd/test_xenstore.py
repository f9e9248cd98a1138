# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What xenstore holds, as recorded on live hosts, and a daemon that does not answer as it should."""

from __future__ import annotations

import os
import socket
import struct
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import ToolFailed
from ansible_collections.homevirt.fleet.plugins.module_utils._common.host import Host
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import xenstore
from ansible_collections.homevirt.fleet.tests.unit.support import fakexenstored

BACKEND = "/local/domain/0/backend"
DOM0 = {"/local/domain/0/name": "Domain-0"}


def disk(kind, **values):
    return {f"{BACKEND}/{kind}/0/51712/{key.replace('_', '-')}": value for key, value in values.items()}


@pytest.fixture(name="store", scope="module")
def a_store(tmp_path_factory):
    """(host, {path: value}, which the test fills)."""
    root, tree = tmp_path_factory.mktemp("xen"), {}
    fakexenstored.serve(root / "run/xenstored/socket", lambda: tree)
    yield Host(None, run=f"{root}/run", dev=f"{root}/dev"), tree


def read(store, found):
    host, tree = store
    tree.clear()
    tree.update({**DOM0, **found})
    return xenstore.read(host)


@pytest.mark.parametrize(
    ("kind", "values", "target", "form", "writes", "device"),
    [
        # Spelling of xend 4.1: params of class tap2 name the driver and the format.
        ("tap", {"params": "tapdisk:qcow2:/i/a.img", "mode": "w"}, "/i/a.img", "qcow2", True, ""),
        ("qdisk", {"params": "qcow2:/i/a:b, c.img", "mode": "r"}, "/i/a:b, c.img", "qcow2", False, ""),
        # The kernel's own backend on a loop device, as xl's script and as xend leave it.
        ("vbd", {"params": "/i/a", "mode": "w", "physical_device_path": "/dev/loop3"}, "/i/a", "", True, "/dev/loop3"),
        ("vbd", {"params": "/i/a", "mode": "w", "node": "/dev/loop3"}, "/i/a", "", True, "/dev/loop3"),
        # An empty drive, and a mode that nobody knows.
        ("qdisk", {"params": ""}, "", "", True, ""),
    ],
)
def test_disk(kind, values, target, form, writes, device, store):
    (vbd,) = read(store, disk(kind, state="4", **values)).vbds
    assert (vbd.target, vbd.format, vbd.writes, vbd.device) == (target, form, writes, device)
    assert (vbd.path, vbd.state, vbd.vdev) == (f"{BACKEND}/{kind}/0/51712", 4, "xvda")


def test_state_that_is_no_number(store):
    assert read(store, disk("qdisk", params="", state="x")).vbds[0].state == 0


def test_what_is_no_disk_is_passed_over(store):
    found = {f"{BACKEND}/vif/7/0/state": "4", "/local/domain/7/name": "web", "/local/domain/7/vm": "/vm/x"}
    assert read(store, found) == ({0: "Domain-0", 7: "web"}, [])


def test_disks_that_a_driver_domain_serves(store):
    found = {"/local/domain/3/name": "disks", "/local/domain/3/backend/vbd/7/51712/params": "/dev/vg/web"}
    assert [(vbd.domid, vbd.target) for vbd in read(store, found).vbds] == [(7, "/dev/vg/web")]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_path_survives(store, name):
    assert read(store, disk("qdisk", params=f"qcow2:/{name}")).vbds[0].target == f"/{name}"


def hangs_up(listener):
    listener.accept()[0].close()


def says_nothing(listener):
    with listener.accept()[0] as caller:
        caller.recv(4096)
        caller.recv(4096)


def denies(listener):
    with listener.accept()[0] as caller:
        caller.recv(4096)
        caller.sendall(struct.pack("=IIII", 16, 0, 0, 7) + b"EACCES\0")
        caller.recv(4096)


@pytest.mark.parametrize(
    ("daemon", "why"),
    [
        (None, "it cannot be reached"),
        (hangs_up, "it hung up"),
        (says_nothing, "it does not answer within 0.2 seconds"),
        (denies, "it answers EACCES to /local/domain"),
    ],
)
def test_daemon_in_trouble(daemon, why, tmp_path):
    path = tmp_path / "run/xenstored/socket"
    path.parent.mkdir(parents=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    listener.listen()
    if daemon:
        threading.Thread(target=daemon, args=(listener,), daemon=True).start()
    else:
        listener.close()
    with pytest.raises(ToolFailed, match=why):
        xenstore.read(Host(None, timeout=0.2, run=f"{tmp_path}/run", dev=f"{tmp_path}/dev"))
    listener.close()
