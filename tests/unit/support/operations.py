# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine tests do again and again: a request, bringing it up, taking it down."""

from __future__ import annotations

from ansible_collections.homevirt.fleet.plugins.module_utils._vbd import report
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest
from ansible_collections.homevirt.fleet.tests.unit.support import images
from ansible_collections.homevirt.fleet.tests.unit.support.fakehost import FakeHost

CONTENT = {"raw": b"\0" * images.MIB, "qcow2": images.qcow2(), "vmdk": images.vmdk_sparse()}


def request(fake, case, path="mnt/a"):
    disk = {"format": "qcow2", **case.get("disk", {})}
    image = fake.image(case.get("name", f"a.{disk['format']}"), CONTENT[disk["format"]])
    wanted = DiskRequest(image, **disk)
    return MountRequest(wanted, str(case.get("partition", 2)), f"{fake.root}/{path}") if "partition" in case else wanted


def bring_up(fake, wanted, **options):
    options = {"force": False, "check": False, **options}
    engine = report.mount if isinstance(wanted, MountRequest) else report.attach
    return engine(fake.host, [wanted], **options)


def take_down(fake, wanted, **options):
    options = {"force": False, "check": False, **options}
    engine = report.unmount if isinstance(wanted, MountRequest) else report.detach
    return engine(fake.host, [wanted], **options)


def dom0(tmp_path, **xen):
    return FakeHost(tmp_path, xen=xen)


def by_hand(fake, path, vdev="xvdb", domid=0, access="rw"):
    """As an administrator does it."""
    form = path.rpartition(".")[2]
    fake.xen.xl(["block-attach", str(domid), f"format={form},vdev={vdev},access={access},target={path}"])
