# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines on a modelled Domain-0: disks that never came, that do not go, and what is left of them."""

from __future__ import annotations

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    InUse,
    Refused,
    TimedOut,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import info, mountinfo
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.fakexen import CLOSED
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, by_hand, dom0, request, take_down


def test_disk_that_never_connects_is_taken_back(tmp_path):
    fake = dom0(tmp_path, never=["xvda"])
    wanted = request(fake, {"disk": {"vdev": "xvda", "access": "w"}})
    with pytest.raises(TimedOut, match=r"xvda did not appear .* its backend is in state 1 \(Initialising\)"):
        bring_up(fake, wanted)
    assert not fake.xen.vbds
    # Asked for politely, the toolstack would wait ten seconds and leave the entry.
    assert fake.commands[-1] == ["xl", "block-detach", "--force", "0", "51712"]


def test_our_stale_entry_is_cleaned_and_anothers_is_named_and_left(tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"disk": {"vdev": "xvda"}})
    bring_up(fake, wanted)
    fake.xen.vbds[0, 51712][4] = CLOSED
    other = fake.image("other.qcow2", images.qcow2())
    by_hand(fake, other, "xvdc")
    fake.xen.vbds[0, 51744][4] = CLOSED
    result = bring_up(fake, wanted)
    assert "xvda of Domain-0 is in state 6 (Closed)" in result["cleaned"][0]
    assert sorted(fake.xen.vbds) == [(0, 51712), (0, 51744)]
    with pytest.raises(InUse, match=r"a stale entry in state 6 \(Closed\).*xl block-detach --force 0 51744"):
        bring_up(fake, DiskRequest(other, "qcow2"))


def test_disk_of_a_domain_that_is_gone_is_forgotten(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"domain": "web"}})
    bring_up(fake, wanted)
    del fake.xen.domains[7]
    found = info.gather(fake.host, [], [])
    assert (
        "its domain 7 is gone" in found["attachments"][0]["trouble"]
        and "xl block-detach --force 7" in found["stale"][0]
    )
    assert "its domain 7 is gone" in take_down(fake, wanted._replace(domain=""))["cleaned"][0]
    assert not fake.xen.vbds


def test_disk_that_a_guest_does_not_let_go(tmp_path, monkeypatch):
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"domain": "web"}})
    bring_up(fake, wanted)
    monkeypatch.setattr(fake.xen, "_detach", lambda *place, force: ("", 1))
    with pytest.raises(InUse, match="domain 7 does not let go of xvda.*Unmount it inside domain 7"):
        take_down(fake, wanted)
    assert len(fake.xen.vbds) == 1


def test_disk_that_a_running_guest_may_write_is_detached_by_force_only(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"domain": "web", "access": "w"}})
    bring_up(fake, wanted)
    with pytest.raises(Refused, match="domain 7 may have xvda mounted.*with force"):
        take_down(fake, wanted)
    assert len(fake.xen.vbds) == 1
    assert take_down(fake, wanted, force=True)["changed"] and not fake.xen.vbds


def test_disk_torn_away_under_its_mount_is_unmounted_and_comes_back(tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"partition": 2, "disk": {"access": "w"}})
    bring_up(fake, wanted)
    fake.xen.xl(["block-detach", "0", "51712"])
    result = bring_up(fake, wanted)
    assert "xvda of Domain-0 is gone" in result["cleaned"][0]
    assert len([mount for mount in mountinfo.read(fake.host) if mount.fstype == "ext4"]) == 1
    assert bring_up(fake, wanted)["changed"] is False
