# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""guest_driver beside virt-v2v, on the same phony Windows with the same drivers: the keys both write, and the time.

Usage, as root, on a host with virt-v2v and a kernel package for its appliance (Debian: linux-image-amd64):
PYTHONPATH=.venv-test/collections .venv-test/bin/python tests/bench/windows_drivers.py [--kinds xp,w10] [--rounds 3]

Every round does each variant once, in turn; the table shows medians. virt-v2v runs its appliance by emulation, unless
LIBGUESTFS_BACKEND_SETTINGS says otherwise. The playbook is one call of guest_driver, straight on the image; the
engine is a process of its own on an NTFS that is mounted with ntfs-3g and taken off again.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

FILES = pathlib.Path(__file__).resolve().parent.parent / "integration/targets/setup_phony_windows/files"
sys.path.insert(0, str(FILES))

import driver_packages  # noqa: E402
import hive_reader  # noqa: E402
import phony_windows  # noqa: E402

MIB = 1 << 20
# virt-v2v wants 100 MB free.
phony_windows.IMAGE_MIB = 256
HIVES = ("SYSTEM", "SOFTWARE")
ENGINE = """
import sys
sys.path.insert(0, sys.argv[1])
from guests import ask
ask(sys.argv[2], source=sys.argv[3], drivers=("viostor", "netkvm"))
"""
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - homevirt.fleet.guest_driver:
        source: %(source)s
        drivers: [viostor, netkvm]
        guests: [{image: %(image)s}]
"""


def run(argv: list[object], place: pathlib.Path, **more: object) -> None:
    done = subprocess.run([str(word) for word in argv], cwd=place, capture_output=True, text=True, check=False, **more)
    if done.returncode:
        sys.exit(f"{argv[0]} failed with status {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def by_v2v(place: pathlib.Path, image: pathlib.Path, source: pathlib.Path) -> pathlib.Path:
    (place / "out").mkdir(exist_ok=True)
    tools = place / "virt-tools"
    tools.mkdir(exist_ok=True)
    for name in ("rhsrvany.exe", "pvvxsvc.exe", "pnp_wait.exe"):
        # Windows programs that it installs for its own first boot; what is in them plays no part here.
        (tools / name).write_bytes(phony_windows.program(phony_windows.X86))
    environment = {
        **os.environ,
        "LIBGUESTFS_BACKEND": "direct",
        "LIBGUESTFS_BACKEND_SETTINGS": os.environ.get("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg"),
        "VIRTIO_WIN": str(source),
        "VIRT_TOOLS_DATA_DIR": str(tools),
    }
    run(["virt-v2v", "-i", "disk", image, "-o", "local", "-os", place / "out", "-of", "raw"], place, env=environment)
    return next((place / "out").glob("*-sda"))


def by_engine(place: pathlib.Path, image: pathlib.Path, source: pathlib.Path) -> pathlib.Path:
    mount = place / "mnt"
    mount.mkdir(exist_ok=True)
    part = cut(image, place / "part")
    run(["ntfs-3g", part, mount], place)
    try:
        run(["/usr/bin/python3", "-c", ENGINE, FILES, mount, source], place)
    finally:
        run(["umount", mount], place)
    return part


def by_playbook(place: pathlib.Path, image: pathlib.Path, source: pathlib.Path) -> pathlib.Path:
    (place / "play.yml").write_text(PLAYBOOK % {"image": image, "source": source})
    run(["ansible-playbook", "play.yml"], place)
    return image


def cut(image: pathlib.Path, part: pathlib.Path) -> pathlib.Path:
    """The partition of a phony guest's disk as a file of its own."""
    with open(image, "rb") as disk, open(part, "wb") as out:
        disk.seek(MIB)
        shutil.copyfileobj(disk, out)
        out.truncate((phony_windows.IMAGE_MIB - 2) * MIB)
    return part


def registry(place: pathlib.Path, part: pathlib.Path) -> dict[tuple[str, str], list]:
    """{(key, value's name): value} of both hives, read without mounting; keys lower-case, all one to Windows."""
    found = {}
    for hive in HIVES:
        path = place / hive
        with open(path, "wb") as out:
            subprocess.run(["ntfscat", "-f", part, f"Windows/System32/config/{hive}"], stdout=out, check=True)
        for key, values in hive_reader.dump(str(path)).items():
            for name, value in {**values, None: None}.items():
                found[f"{hive}\\{key}".lower(), name] = value
    return found


def compare(before: dict, theirs: dict, ours: dict) -> list[tuple[str, str, str, str]]:
    """(key, value's name, what virt-v2v wrote, what we wrote) of everything that either has changed."""
    rows = []
    for key, name in sorted({*theirs, *ours, *before}, key=str):
        sides = [shown(each, before, key, name) for each in (theirs, ours)]
        if any(sides):
            rows.append((key, "" if name is None else name, *sides))
    return rows


def shown(side: dict, before: dict, key: str, name: str | None) -> str:
    if side.get((key, name), 0) == before.get((key, name), 0):
        return ""
    if (key, name) not in side:
        return "deleted"
    value = side[key, name]
    if value is None:
        return "the key"
    kind, data = value[0], bytes.fromhex(value[1])
    if kind in (1, 2, 7):
        return f"{kind}:{data.decode('utf-16-le').rstrip(chr(0)).replace(chr(0), '|')}"
    return f"{kind}:{value[1]}"


def main() -> None:
    # The commands run in the bench's directory, and find the collection all the same.
    os.environ["PYTHONPATH"] = os.path.abspath(os.environ["PYTHONPATH"])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", default="xp,w10")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keys", help="file for the comparison of the keys, as JSON")
    options = parser.parse_args()
    variants = {"virt-v2v": by_v2v, "engine": by_engine, "playbook": by_playbook}
    compared = {}
    print("| guest | virt-v2v, s | playbook, s | engine, s | virt-v2v / playbook | virt-v2v / engine |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="windows-bench-", dir="/var/tmp") as name:
        place = pathlib.Path(name)
        source = place / "drivers"
        driver_packages.make_virtio(source, driver_packages.VIRTIO_VERSION, "iso")
        for kind in options.kinds.split(","):
            fresh = place / f"{kind}.raw"
            phony_windows.make_image(phony_windows.KINDS[kind], fresh)
            before = registry(place, cut(fresh, place / "part"))
            times: dict[str, list[float]] = {each: [] for each in variants}
            written = {}
            for _round in range(options.rounds):
                for each, variant in variants.items():
                    image = place / "work.raw"
                    shutil.copyfile(fresh, image)
                    begin = time.monotonic()
                    result = variant(place, image, source)
                    times[each].append(time.monotonic() - begin)
                    part = result if each == "engine" else cut(result, place / "result")
                    written[each] = registry(place, part)
            if written["engine"] != written["playbook"]:
                sys.exit(f"{kind}: engine and playbook have not written the same")
            compared[kind] = compare(before, written["virt-v2v"], written["engine"])
            median = {each: statistics.median(seconds) for each, seconds in times.items()}
            ratios = [median["virt-v2v"] / median[each] for each in ("playbook", "engine")]
            print(
                f"| {kind} | {median['virt-v2v']:.1f} | {median['playbook']:.2f} | {median['engine']:.2f} "
                f"| {ratios[0]:.0f} | {ratios[1]:.0f} |",
                flush=True,
            )
    if options.keys:
        pathlib.Path(options.keys).write_text(json.dumps(compared, indent=1))


if __name__ == "__main__":
    main()
