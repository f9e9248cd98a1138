# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engines on a modelled Domain-0: who uses an image, and which place is free."""

from __future__ import annotations

import os

import pytest

from ansible_collections.homevirt.fleet.plugins.module_utils._common.errors import (
    InUse,
    InvalidRequest,
    Refused,
)
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import info, report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.backends import BACKENDS
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost
from ansible_collections.homevirt.fleet.tests.unit.support.operations import bring_up, by_hand, dom0, request, take_down


@pytest.mark.parametrize(
    ("theirs", "ours", "why"),
    [
        ("rw", "r", "Domain-0 as xvdb has it open for writing"),
        ("rw", "w", "Domain-0 as xvdb has it open for writing"),
        ("ro", "w", "Domain-0 as xvdb has it open for reading, so nobody may write to it"),
    ],
)
def test_image_that_another_domain_has_is_refused(theirs, ours, why, tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"disk": {"access": ours, "format": "raw"}})
    by_hand(fake, wanted.image, access=theirs)
    with pytest.raises(InUse, match=why):
        bring_up(fake, wanted)
    assert len(fake.xen.vbds) == 1


def test_readers_share_an_image(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"format": "raw"}})
    by_hand(fake, wanted.image, "xvda", 7, "ro")
    assert bring_up(fake, wanted)["disks"][0]["vdev"] == "xvda"
    assert bring_up(fake, wanted._replace(domain="7"))["disks"][0]["vdev"] == "xvdb"


def test_image_below_a_guests_overlay_is_not_written(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    base = DiskRequest(fake.image("base.qcow2", images.qcow2()), "qcow2", access="w")
    by_hand(fake, fake.image("top.qcow2", images.qcow2(backing="base.qcow2", backing_format="qcow2")), "xvda", 7)
    with pytest.raises(InUse, match=r"domain web \(7\) as xvda has it open for reading"):
        bring_up(fake, base)


def test_what_lies_in_a_raw_disk_is_not_taken_for_its_backing_file(tmp_path):
    """A guest can write any header into its own raw disk, and so must not keep the host from another image."""
    fake = dom0(tmp_path, domains={7: "web"})
    base = DiskRequest(fake.image("base.qcow2", images.qcow2()), "qcow2", access="w")
    disk = fake.image("guest.raw", images.qcow2(backing="base.qcow2", backing_format="qcow2"))
    fake.xen.xl(["block-attach", "7", f"format=raw,vdev=xvda,access=rw,target={disk}"])
    assert bring_up(fake, base)["changed"] is True


def test_other_process_beside_the_domain_is_still_seen(tmp_path):
    """The image that QEMU serves to a domain is reported once, but not what else has it open."""
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"access": "w"}})
    by_hand(fake, wanted.image, "xvda", 7)
    pid = fake._process("cp", 1, wanted.image)
    users = info.gather(fake.host, [wanted.image], [])["images"][0]["users"]
    assert [user["who"] for user in users] == ["domain web (7) as xvda", f"cp (pid {pid})"]


def test_file_that_a_domains_server_has_open_besides_its_disks_is_seen(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    wanted = request(fake, {"disk": {"access": "w"}})
    by_hand(fake, fake.image("other.qcow2", images.qcow2()), "xvda", 7)
    (tmp_path / f"proc/{fake.xen.servers[7]}/fd/9").symlink_to(wanted.image)
    with pytest.raises(InUse, match="qemu-system-i386 .* has it open for writing"):
        bring_up(fake, wanted)


def test_image_for_two_domains_in_one_call(tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    disk = request(fake, {"disk": {"access": "w"}})
    with pytest.raises(InUse, match="wanted for two domains"):
        report.attach(fake.host, [disk, disk._replace(domain="web")], force=False, check=True)


@pytest.mark.parametrize("domain", ["", "0", "Domain-0"])
def test_place_that_is_taken_names_both_images(domain, tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"disk": {"vdev": "/dev/xvdb", "domain": domain}})
    other = fake.image("other.qcow2", images.qcow2())
    by_hand(fake, other)
    with pytest.raises(Refused, match=f"{wanted.image}: xvdb of Domain-0 is taken by {other}"):
        bring_up(fake, wanted)
    assert bring_up(fake, wanted._replace(vdev="auto"))["disks"][0]["vdev"] == "xvda"


def test_places_of_one_call(tmp_path):
    fake = dom0(tmp_path)
    disks = [DiskRequest(fake.image(f"{name}.qcow2", images.qcow2()), "qcow2") for name in "abc"]
    disks[1] = disks[1]._replace(vdev="xvda")
    with pytest.raises(Refused, match=f"xvda of Domain-0 is taken by {disks[0].image}"):
        report.attach(fake.host, disks, force=False, check=False)
    disks[1] = disks[1]._replace(vdev="xvdb")
    result = report.attach(fake.host, disks, force=False, check=False)
    assert [disk["vdev"] for disk in result["disks"]] == ["xvda", "xvdb", "xvdc"]


def test_another_place_is_no_silent_success(tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"disk": {"vdev": "xvda"}})
    bring_up(fake, wanted)
    assert bring_up(fake, wanted._replace(vdev=""))["changed"] is False
    with pytest.raises(Refused, match="attached already as .*/dev/xvda"):
        bring_up(fake, wanted._replace(vdev="xvdc"))
    assert bring_up(fake, wanted._replace(vdev="xvdc"), force=True)["disks"][0]["vdev"] == "xvdc"
    assert list(fake.xen.vbds) == [(0, 51744)]


def test_mode_is_changed_by_force_only(tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {})
    bring_up(fake, wanted)
    with pytest.raises(Refused, match=r"access r\), not as asked for"):
        bring_up(fake, wanted._replace(access="w"))
    assert bring_up(fake, wanted._replace(access="w"), force=True)["disks"][0]["vdev"] == "xvda"
    assert [vbd[3] for vbd in fake.xen.vbds.values()] == ["w"]


def test_foreign_disk_is_not_detached(tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {})
    by_hand(fake, wanted.image)
    with pytest.raises(Refused, match="attached as xvdb of Domain-0, but not by .*xl block-detach 0 51728"):
        take_down(fake, wanted)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"domain": "nosuch"}, "there is no domain nosuch .there are Domain-0, web"),
        ({"domain": "8"}, "there is no domain 8"),
        ({"vdev": "sdzz"}, "'sdzz' is no device of a Xen guest"),
    ],
)
def test_unknown_places(change, why, tmp_path):
    fake = dom0(tmp_path, domains={7: "web"})
    with pytest.raises(InvalidRequest, match=why):
        bring_up(fake, request(fake, {"disk": change}))


def test_domain_that_does_not_exist_has_nothing_to_detach(tmp_path):
    fake = dom0(tmp_path)
    assert take_down(fake, request(fake, {"disk": {"domain": "nosuch"}}))["changed"] is False


def test_guests_domain_on_a_host_without_xen(tmp_path):
    fake = FakeHost(tmp_path)
    with pytest.raises(InvalidRequest, match="this host is no Xen Domain-0"):
        bring_up(fake, request(fake, {"disk": {"domain": "web"}}))
    assert bring_up(fake, request(fake, {"disk": {"domain": "0", "vdev": "xvda"}}))["disks"][0]["backend"] == "nbdfuse"


def test_state_of_the_host_costs_as_much_for_many_disks_as_for_one(tmp_path):
    fake = dom0(tmp_path)
    disks = [DiskRequest(fake.image(f"{number}.qcow2", images.qcow2()), "qcow2") for number in range(30)]
    report.attach(fake.host, disks, force=False, check=False)
    fake.commands.clear()
    assert report.attach(fake.host, disks, force=False, check=False)["changed"] is False
    assert [words[0] for words in fake.commands] == ["losetup", "xenstored"]
    assert {"xvda", "xvdz", "xvdaa", "xvdad"} <= set(os.listdir(tmp_path / "sys/block"))


@pytest.mark.parametrize(
    ("disk", "served"),
    [
        ({"access": "w"}, False),
        ({"access": "r"}, True),
        ({"access": "r", "format": "raw"}, False),
        ({"access": "w", "domain": "with"}, False),
        ({"access": "w", "domain": "without"}, True),
        ({"access": "w", "domain": "without", "format": "raw"}, False),
    ],
)
def test_what_xens_own_qemu_cannot_serve(disk, served, tmp_path):
    fake = dom0(tmp_path, domains={7: "with", 8: "without"}, without_qemu=[8])
    assert bring_up(fake, request(fake, {"disk": disk}))["changed"]
    assert any("nbdfuse" in words[0] for words in fake.commands) is served


@pytest.mark.parametrize(("name", "served"), [("a b.qcow2", True), ("a,b:c=d%é.qcow2", False)])
def test_path_with_a_blank_is_given_to_a_server_that_reads_it_whole(name, served, tmp_path):
    fake = dom0(tmp_path)
    wanted = request(fake, {"name": name, "disk": {"access": "w"}})
    bring_up(fake, wanted)
    assert any("nbdfuse" in words[0] for words in fake.commands) is served
    assert take_down(fake, wanted)["changed"] and not fake.xen.vbds


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "libxl: error: libxl_disk.c:343:device_disk_add: device already exists in xenstore\n"
            "libxl: error: libxl_device.c:1486:device_addrm_aocomplete: unable to add device\n"
            "libxl_device_disk_add failed.\n",
            "device already exists in xenstore",
        ),
        (
            "libxl: error: libxl_disk.c:126:libxl__device_disk_setdefault: Disk vdev=xvdb failed to stat: /i: Gone\n",
            "Disk vdev=xvdb failed to stat: /i: Gone",
        ),
        ("Error: nothing of libxl.\n", "Error: nothing of libxl"),
        ("", "it said nothing"),
    ],
)
def test_reason_of_xl_is_its_first_error(said, reason):
    assert BACKENDS["xl"].reason(said) == reason
