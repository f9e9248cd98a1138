# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""End guest_driver on an image at its commands and acts, and look what is left of it on the host and in the guest.

run_cuts.py DIRECTORY READER   prints a table: after how many the guest was as before, after how many complete

SIGTERM is to leave nothing behind. After SIGKILL the next call, for another image, is to take away what was left. Each
act gets one of the two.
"""

from __future__ import annotations

import collections
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "setup_phony_windows/files"))

import guests  # noqa: E402
import phony_windows  # noqa: E402
from guests import HIVES, FleetError, Host, SystemRunner  # noqa: E402

from ansible_collections.homevirt.fleet.plugins.module_utils._common import interrupts  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._driver import guest_images  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.request import Request  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.diskspec import DiskRequest  # noqa: E402
from ansible_collections.homevirt.fleet.plugins.module_utils._vbd.mounting import MountRequest  # noqa: E402

MIB = 1 << 20
phony_windows.IMAGE_MIB = 64
ACTS = ("subprocess.Popen", "os.rename", "os.link")
ENDED = 7


def ask(image: pathlib.Path, *, check: bool = False, **wanted: object) -> dict:
    mount = MountRequest(DiskRequest(str(image), "raw"), "root", "/")
    return guest_images.plan_and_apply(Host(SystemRunner()), [Request("", mounts=(mount,), **wanted)], check=check)


def cut(image: pathlib.Path, number: int, at: int, **wanted: object) -> str | None:
    """Ask in a child that gets the signal at its at-th act; that act, or None when it got through before."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: tuple) -> None:
            nonlocal count
            if event in ACTS:
                count += 1
                if count == at:
                    os.write(writing, f"{event} {arguments[1]}".encode())
                    os.kill(os.getpid(), number)

        sys.addaudithook(watch)
        try:
            with interrupts.catching():
                ask(image, **wanted)
        except interrupts.Interrupted:
            os._exit(ENDED)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.read()
    status = os.waitpid(child, 0)[1]
    if number == signal.SIGKILL and told:
        assert os.WIFSIGNALED(status), f"{told}: {status}"
    else:
        # It may have come when all was done.
        assert status >> 8 in ((ENDED, 0) if told else (0,)), f"{told}: it failed of itself, {status}"
    return told or None


def left(image: pathlib.Path) -> list[str]:
    """What of an attachment is to be seen on this host, by other eyes than the collection's."""
    loops = subprocess.run(["losetup", "--noheadings", "--list"], capture_output=True, text=True, check=True).stdout
    mounts = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
    found = [line for line in loops.splitlines() if str(image) in line]
    found += [line for line in mounts.splitlines() if "/homevirt.fleet/guest_driver" in line]
    return found + [str(path) for path in pathlib.Path("/run/homevirt.fleet/guest_driver").glob("*")]


def registry(lab: guests.Lab, image: pathlib.Path) -> dict[str, dict]:
    """Both hives, read without mounting; and whether the driver's own file is there."""
    part = lab.place / "part"
    with open(image, "rb") as disk, open(part, "wb") as out:
        disk.seek(MIB)
        shutil.copyfileobj(disk, out, MIB)
        out.truncate((phony_windows.IMAGE_MIB - 2) * MIB)
    found = {}
    for name in HIVES:
        with open(lab.place / name, "wb") as out:
            subprocess.run(["ntfscat", "-f", part, f"Windows/System32/config/{name}"], stdout=out, check=True)
        found[name] = lab.hive(str(lab.place / name))
    return found


def sweep(lab: guests.Lab, number: int, first: int, template: pathlib.Path, after: dict, **wanted: object) -> None:
    """A signal at every second act, from the first given on."""
    before = registry(lab, template)
    seen: collections.Counter[str] = collections.Counter()
    image = lab.place / "cut.raw"
    for at in itertools.count(first, 2):
        shutil.copyfile(template, image)
        told = cut(image, number, at, **wanted)
        if number == signal.SIGKILL:
            ask(template, check=True, **wanted)
        assert not left(image), (told, left(image))
        if told is None:
            break
        now = registry(lab, image)
        assert now["SOFTWARE"] in (before["SOFTWARE"], after["SOFTWARE"]), told
        assert now["SYSTEM"] in (before["SYSTEM"], after["SYSTEM"]), told
        seen["complete" if now["SYSTEM"] == after["SYSTEM"] else "as before"] += 1
        if number == signal.SIGTERM and now == before:
            continue
        ask(image, **wanted)
        assert registry(lab, image) == after and not ask(image, **wanted)["changed"], told
    assert seen["as before"] > 10 and seen["complete"], seen
    name, times = signal.Signals(number).name, sum(seen.values())
    print(f"| {name} | {times} | {seen['as before']} | {seen['complete']} | {times} |", flush=True)


def refuse_standing(lab: guests.Lab, image: pathlib.Path, **wanted: object) -> None:
    """One that somebody has attached is left to him."""
    loop = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True, check=True).stdout.strip()
    try:
        ask(image, **wanted)
    except FleetError as error:
        assert error.what == str(image), error
    else:
        raise AssertionError("an image that is attached already was not refused")
    finally:
        subprocess.run(["losetup", "-d", loop], check=True)
    assert not left(image)


def main() -> None:
    lab = guests.Lab(pathlib.Path(sys.argv[1]), sys.argv[2])
    wanted = {"source": lab.source("iso"), "drivers": ("viostor",)}
    template, whole = lab.place / "fresh.raw", lab.place / "whole.raw"
    phony_windows.make_image(phony_windows.KINDS["w10"], template)
    refuse_standing(lab, template, **wanted)
    shutil.copyfile(template, whole)
    assert ask(whole, **wanted)["changed"]
    after = registry(lab, whole)
    print("| signal | times | guest as before | guest complete | nothing left on the host |\n|---|---|---|---|---|")
    for first, number in enumerate((signal.SIGTERM, signal.SIGKILL), start=1):
        sweep(lab, number, first, template, after, **wanted)
    lab.close()


if __name__ == "__main__":
    main()
