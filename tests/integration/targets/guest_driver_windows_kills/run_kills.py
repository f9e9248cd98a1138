# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill guest_driver before each thing that it does to a guest's files, and look what is left.

run_kills.py DIRECTORY READER   prints a table: after how many kills the guest was as before, after how many complete

A guest is sound when its SYSTEM hive is, key by key, the one from before or the one to come, and every driver that the
hive starts at boot is there, whole. After each kill the guest is also mended in each way that a user may choose.
"""

from __future__ import annotations

import collections
import os
import pathlib
import shutil
import signal
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "setup_phony_windows/files"))

import guests  # noqa: E402
from guests import ask, besides_hives, files, hive_path  # noqa: E402

WRITES = os.O_WRONLY | os.O_RDWR
EVENTS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.setxattr")


def killed(root: str, at: int, **wanted: object) -> str | None:
    """Run a request in a child that dies before its at-th act on the guest; that act, or None when it got through."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def watch(event: str, arguments: tuple) -> None:
            nonlocal count
            acts = event in EVENTS or (event == "open" and arguments[2] & WRITES)
            # A file that is open already is no new act.
            if acts and not isinstance(arguments[0], int) and root in os.fsdecode(arguments[0]):
                count += 1
                if count == at:
                    name = event if event != "open" else "write"
                    place = os.path.relpath(os.fsdecode(arguments[1 if event == "os.rename" else 0]), root)
                    os.write(writing, f"{name} {place}".encode())
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        ask(root, **wanted)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return told
    assert status == 0, f"it failed of itself: {status}"
    return None


def boot_files(lab: guests.Lab, root: str) -> dict[str, str]:
    """{service started at boot: digest of its file} as far as the service is one of a driver under test."""
    there = {name.casefold(): digest for name, digest in files(root).items()}
    found = {}
    for name in lab.hive(hive_path(root, "SYSTEM")):
        service = name.split("\\")
        if service[-1] in ("viostor", "vioscsi") and service[1:2] == ["Services"]:
            found[service[-1]] = there.get(f"windows/system32/drivers/{service[-1]}.sys", "missing")
    return found


def sweep(lab: guests.Lab, title: str, begin: dict | None, **wanted: object) -> None:
    """Kill at every act of one request. begin: a request that is carried out before."""
    template = lab.guest("w10")
    untouched, plain_rest = lab.registry(template), besides_hives(template)
    if begin:
        ask(template, **begin)
    before, tree = lab.registry(template), files(template)
    whole = lab.guest("w10")
    shutil.rmtree(whole)
    shutil.copytree(template, whole)
    ask(whole, **wanted)
    after, final, final_boot = lab.registry(whole), besides_hives(whole), boot_files(lab, whole)
    seen: collections.Counter[str] = collections.Counter()
    at = 0
    while True:
        at += 1
        root = f"{template}-{at}"
        shutil.copytree(template, root)
        told = killed(root, at, **wanted)
        if told is None:
            break
        now = lab.registry(root)
        assert now["SOFTWARE"] in (before["SOFTWARE"], after["SOFTWARE"]), told
        assert now["SYSTEM"] in (before["SYSTEM"], after["SYSTEM"]), told
        boot = boot_files(lab, root)
        assert "missing" not in boot.values(), (told, boot)
        if now["SYSTEM"] == after["SYSTEM"]:
            assert boot == final_boot, (told, boot)
        seen["complete" if now["SYSTEM"] == after["SYSTEM"] else "as before"] += 1
        mend(lab, told, root, at, wanted, after, final, untouched, plain_rest)
        shutil.rmtree(root)
    assert at > 5 and tree == files(template)
    print(f"| {title} | {at - 1} | {seen['as before']} | {seen['complete']} | {at - 1} |", flush=True)


def mend(lab, told, root, at, wanted, after, final, untouched, plain_rest) -> None:
    """The same request again, then all out; or all out at once; or the registry of before, byte by byte."""
    if at % 3 == 0:
        ask(root, **wanted)
        assert lab.registry(root) == after and without_ledger(root) == {
            name: digest for name, digest in final.items() if not name.endswith("ledger.json")
        }
        assert not ask(root, **wanted)["changed"]
    if at % 3 == 1 and wanted.get("state") != "absent":
        ask(root, state="restored")
    else:
        ask(root, state="absent")
    assert lab.registry(root) == untouched, told
    rest = besides_hives(root)
    assert rest == plain_rest, (told, rest.items() ^ plain_rest.items())


def without_ledger(root: str) -> dict[str, str]:
    return {name: digest for name, digest in besides_hives(root).items() if not name.endswith("ledger.json")}


def main() -> None:
    lab = guests.Lab(pathlib.Path(sys.argv[1]), sys.argv[2])
    first = {"source": lab.source("iso"), "drivers": ("viostor",)}
    newer = {"source": lab.source("iso", "100.95.104.26400"), "drivers": ("viostor",)}
    print("| call | kills | guest as before | guest complete | mended by the next call |\n|---|---|---|---|---|")
    sweep(lab, "present, the first driver", None, **first)
    sweep(lab, "present, a newer version", first, **newer)
    sweep(lab, "present, one driver more", first, source=lab.source("iso"), drivers=("vioscsi", "netkvm"))
    sweep(lab, "absent", first, state="absent")
    sweep(lab, "restored", first, state="restored")
    lab.close()


if __name__ == "__main__":
    main()
