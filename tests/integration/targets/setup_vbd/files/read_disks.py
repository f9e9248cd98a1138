# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Usage: read_disks.py DEVICE…: print as JSON what lsblk, sfdisk and wipefs find on disks, in the shape the modules
return.

The digest of the planted file is read off the partition by debugfs, so nothing needs to be mounted for it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import typing as t


def output(*argv: str, binary: bool = False) -> t.Any:
    done = subprocess.run(argv, check=True, capture_output=True)
    return done.stdout if binary else done.stdout.decode("utf-8")


def content(device: str) -> dict[str, str]:
    found = json.loads(output("wipefs", "--no-act", "--json", device) or '{"signatures": []}')["signatures"]
    kept = [entry for entry in found if entry["type"] not in ("gpt", "dos", "PMBR")]
    entry = kept[0] if kept else {}
    return {"fstype": entry.get("type") or "", "uuid": entry.get("uuid") or "", "label": entry.get("label") or ""}


def partitions(disk: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    kept = {child["name"]: child for child in disk.get("children", [])}
    if not kept:
        whole = content(disk["path"])
        known = {
            "number": 0,
            "device": disk["path"],
            "size": disk["size"],
            "partuuid": "",
            "partlabel": "",
            "volume": "",
        }
        return [{**known, **whole}] if whole["fstype"] else []
    table = json.loads(output("sfdisk", "--json", disk["path"]))["partitiontable"]
    found = []
    for number, entry in enumerate(table["partitions"], 1):
        found.append(
            {
                "number": number,
                "device": entry["node"],
                "size": entry["size"] * 512,
                # A DOS table has no names of its own; the kernel makes them of the disk's identifier.
                "partuuid": entry.get("uuid", f"{table.get('id', '')[2:]}-{number:02x}").lower(),
                "partlabel": entry.get("name", ""),
                "volume": "",
                **content(entry["node"]),
            }
        )
    return found


def planted(found: list[dict[str, t.Any]]) -> str:
    for partition in found:
        if partition["fstype"] == "ext4":
            data = output("debugfs", "-R", "cat /srv/planted", partition["device"], binary=True)
            return hashlib.sha256(data).hexdigest()
    return ""


def read(device: str) -> dict[str, t.Any]:
    listed = output("lsblk", "--json", "--bytes", "--output", "NAME,PATH,SIZE,RO", device)
    disk = json.loads(listed)["blockdevices"][0]
    found = partitions(disk)
    return {
        "size": disk["size"],
        "read_only": disk["ro"],
        "partitions": found,
        "planted_sha256": planted(found),
    }


def main() -> None:
    print(json.dumps({device: read(device) for device in sys.argv[1:]}))


if __name__ == "__main__":
    main()
