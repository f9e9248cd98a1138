# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every example: the pages of docs/ and the READMEs from top to bottom, and the EXAMPLES of modules and plugins.

In a page, ``<!-- file: NAME -->`` before a block writes the block to that file, ``<!-- run -->`` runs its lines that
start with ``$``. The examples' own places (/srv/images, /srv/bench, /srv/drivers, /mnt) are replaced by ones in a
temporary directory.

run_pages.py ROOT        all of them but those of a lab
run_pages.py ROOT PAGE   one page as it is written, on the hosts of the inventory that the environment names
"""

from __future__ import annotations

import ast
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

BLOCK = re.compile(
    r"<!-- (?:file: (?P<file>\S+)|(?P<run>run)) -->\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
FENCE = re.compile(r"^```(?:yaml|console)$", re.MULTILINE)
PAGES = ("README.md", "docs/*.md", "roles/*/README.md")
DOCUMENTED = ("plugins/modules/*.py", "plugins/lookup/*.py", "plugins/filter/*.yml", "plugins/test/*.yml")
# Pages, and modules' examples by a word of their names, that need other hosts than this one: a Xen host, a kernel with
# device-mapper, a fleet. The Molecule scenarios xen, inside and fleet run the pages.
OF_LABS = ("xen.md", "inside.md", "change_guard.md", "fleet.md")
OF_LABS_EXAMPLES = ("Xen guest", "on LVM", "guarded host", "of a fleet")
MIB = 1 << 20


def shell(command, place):
    print(f"+ {command}", flush=True)
    subprocess.run(command, shell=True, check=True, cwd=place, executable="/bin/bash")


def make_images(place):
    """guest.qcow2: a partitioned guest; data.vhdx: a file system on the whole disk; old.img: the same, raw."""
    tree = place / "tree" / "etc"
    tree.mkdir(parents=True)
    (tree / "os-release").write_text("ID=example\n")
    images = place / "images"
    images.mkdir()
    for command in (
        "truncate -s 64M disk.raw",
        "printf 'label: gpt\\nsize=8M,name=boot\\nname=system\\n' | sfdisk --quiet disk.raw",
        "mkfs.ext4 -q -F -d tree -E offset=$((9 << 20)) disk.raw 53M",
        "truncate -s 8M boot.raw && mkfs.ext4 -q -F boot.raw",
        "dd status=none if=boot.raw of=disk.raw bs=1M seek=1 conv=notrunc",
        "qemu-img convert -O qcow2 disk.raw images/guest.qcow2",
        "truncate -s 32M images/old.img && mkfs.ext4 -q -F -d tree images/old.img",
        "qemu-img convert -O vhdx images/old.img images/data.vhdx",
    ):
        shell(command, place)
    (place / "mnt").mkdir()


def make_windows(place):
    """windows.raw: a phony Windows; virtio-win.iso: drivers for it; two more guests that are mounted already."""
    files = pathlib.Path(__file__).resolve().parent.parent / "setup_phony_windows/files"
    (place / "drivers").mkdir()
    for command in (
        f"{sys.executable} {files}/phony_windows.py image w10 images/windows.raw",
        f"{sys.executable} {files}/phony_windows.py tree w10 mnt/windows",
        f"{sys.executable} {files}/phony_windows.py tree 2019 mnt/windows-server",
        f"{sys.executable} {files}/driver_packages.py iso virtio-win",
        "genisoimage -quiet -J -r -o drivers/virtio-win.iso virtio-win",
    ):
        shell(command, place)


def make_linux(place):
    """linux.qcow2: a small Linux that runs its programs; parted.qcow2: one with /boot apart; one mounted already."""
    program = pathlib.Path(__file__).resolve().parent.parent / "setup_small_linux/files/build_guest.py"
    for command in (
        f"{sys.executable} {program} mnt/linux",
        "cp -a mnt/linux parted && mv parted/boot bootfiles && mkdir parted/boot",
        "echo 'LABEL=boot /boot ext4 defaults 0 2' >> parted/etc/fstab",
        "truncate -s 48M linux.raw && mkfs.ext4 -q -F -d mnt/linux linux.raw",
        "truncate -s 64M parted.raw",
        "printf 'label: gpt\\nsize=16M,name=boot\\nname=system\\n' | sfdisk --quiet parted.raw",
        "mkfs.ext4 -q -F -d parted -E offset=$((17 << 20)) parted.raw 45M",
        "truncate -s 16M bootfiles.raw && mkfs.ext4 -q -F -d bootfiles bootfiles.raw",
        "dd status=none if=bootfiles.raw of=parted.raw bs=1M seek=1 conv=notrunc",
        "qemu-img convert -O qcow2 linux.raw images/linux.qcow2",
        "qemu-img convert -O qcow2 parted.raw images/parted.qcow2",
    ):
        shell(command, place)


def make_runs(place):
    """runs.jsonl: an experiment with two arms, and nightly runs of two days."""
    program = pathlib.Path(__file__).resolve().parent.parent / "setup_bench_runs/files/make_runs.py"
    (place / "bench").mkdir()
    with tempfile.TemporaryDirectory(dir=place) as name:
        shell(f"{sys.executable} {program} {name} && mv {name}/all.jsonl bench/runs.jsonl", place)


def moved(text, place):
    for ours in ("images", "bench", "drivers"):
        text = text.replace(f"/srv/{ours}", f"{place}/{ours}")
    return text.replace("/mnt/", f"{place}/mnt/")


def run_page(page, place, adapted):
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    if len(blocks) != len(FENCE.findall(text)):
        sys.exit(f"{page}: {len(FENCE.findall(text))} yaml and console blocks, but only {len(blocks)} that are run")
    for block in blocks:
        content = adapted(block["text"])
        if block["file"]:
            (place / block["file"]).write_text(content, encoding="utf-8")
            continue
        for line in content.splitlines():
            if line.startswith("$ "):
                shell(line[2:], place)
    return len(blocks)


def examples_of(path):
    """Of a module or plugin, whose documentation is in it, or in a YAML file beside it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yml":
        return yaml.safe_load(text)["EXAMPLES"]
    values = {node.targets[0].id: node.value for node in ast.parse(text).body if isinstance(node, ast.Assign)}
    return ast.literal_eval(values["EXAMPLES"])


def run_examples(module, place):
    examples = yaml.safe_load(moved(examples_of(module), place))
    tasks = [task for task in examples if not any(word in task["name"] for word in OF_LABS_EXAMPLES)]
    playbook = place / "examples.yml"
    # Each example stands alone, so each starts from a host where nothing is attached.
    clean = {
        "name": "Start with nothing attached",
        "homevirt.fleet.vbd": {
            "state": "detached",
            "force": True,
            "disks": [{"image": f"{place}/images/{name}"} for name in ("guest.qcow2", "data.vhdx", "old.img")],
        },
    }
    apart = [clean] if module.stem in ("vbd", "vbd_mount") else []
    play = [task for example in tasks for task in (*apart, example)] + apart
    secrets = "ANSIBLE_VAULT_PASSWORD_FILE=demo-vault-password.txt " if module.stem.startswith("site_") else ""
    playbook.write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": play}]), encoding="utf-8"
    )
    shell(f"{secrets}ansible-playbook examples.yml", place)
    return len(tasks)


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="docs-pages-") as name:
        place = pathlib.Path(name)
        if len(sys.argv) > 2:
            print(f"{run_page(root / sys.argv[2], place, lambda text: text)} examples run")
            return
        make_images(place)
        make_windows(place)
        make_linux(place)
        make_runs(place)
        count = 0
        for page in sorted(path for pattern in PAGES for path in root.glob(pattern) if path.name not in OF_LABS):
            count += run_page(page, place, lambda text: moved(text, place))
        # The modules' examples speak of the houses in examples/sites.
        shutil.copytree(root / "examples/sites", place, dirs_exist_ok=True)
        for module in sorted(path for pattern in DOCUMENTED for path in root.glob(pattern)):
            count += run_examples(module, place)
        left = subprocess.run(
            f"losetup --list --noheadings | grep {place}", shell=True, capture_output=True, text=True, check=False
        )
        if left.stdout:
            sys.exit(f"the examples left this behind: {left.stdout}")
        if not count:
            sys.exit(f"there is no example in {root}")
        print(f"{count} examples run")


if __name__ == "__main__":
    main()
