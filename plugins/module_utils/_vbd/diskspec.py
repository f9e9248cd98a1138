# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""What a user asks for: a mapping, or Xen's own spelling of a disk, read into one record.

Xen's grammar: xl-disk-configuration(5); the deprecated prefixes as xl strips them (Xen,
tools/libs/util/libxlu_disk_l.l); the spelling of ``xm block-attach`` with blanks: xm(1).
"""

from __future__ import annotations

import os
import re
import typing as t

from .._common.errors import InvalidRequest

FORMATS = ("raw", "qcow2", "qcow", "vmdk", "vdi", "vpc", "vhdx")
BACKENDS = ("auto", "xl", "xm", "nbd", "nbdfuse", "loop")

# The format a file name stands for. Never the content: a guest can write any header into its own raw disk.
SUFFIXES = {
    ".raw": "raw",
    ".qcow2": "qcow2",
    ".qcow": "qcow",
    ".vmdk": "vmdk",
    ".vdi": "vdi",
    ".vhd": "vpc",
    ".vpc": "vpc",
    ".vhdx": "vhdx",
}

# Prefix of the deprecated spelling -> the format it sets (None: it says nothing about the format).
PREFIXES = {
    "tap": None,
    "tap2": None,
    "tapdisk": None,
    "file": "raw",
    "phy": "raw",
    "aio": "raw",
    "raw": "raw",
    "qcow": "qcow",
    "qcow2": "qcow2",
    "vhd": "vpc",
    "vmdk": "vmdk",
    "vdi": "vdi",
    "vhdx": "vhdx",
}

XEN_FORMATS = {**{name: name for name in FORMATS}, "aio": "raw", "vhd": "vpc"}
ACCESS = {"r": "r", "ro": "r", "w": "w", "rw": "w"}
POSITIONAL = ("target", "format", "vdev", "access")
# Words of xl for how a guest sees its disk: nothing that matters to whoever looks into the image.
TUNING = ("direct-io-safe", "discard", "no-discard", "trusted", "untrusted", "backendtype", "specification")
CDROM = "cdrom"
HINT = "write it as a mapping with image, format and access, or as in xl-disk-configuration(5)"


class DiskRequest(t.NamedTuple):
    """One disk as wanted.

    image:      absolute path on the host, as the user wrote it.
    format:     one of FORMATS.
    access:     "r" or "w".
    backend:    one of BACKENDS.
    overlay:    writes go to a throwaway layer, the image stays as it is (access is then "w").
    overlay_dir: directory that layer lies in; overlay_space: bytes that must be free there for it.
    vdev:       Xen's name for the place ("" where no Xen is, or for any that is free).
    domain:     name or number of the Xen domain it is attached to; "" is this host.
    domid:      its number, once it is known; 0 is this host.
    guest:      name or configuration file of the guest whose disks are meant in place of image ("" for none).
    references: absolute paths of backing or data files allowed outside the image's directory.
    """

    image: str
    format: str
    access: str = "r"
    backend: str = "auto"
    overlay: bool = False
    overlay_dir: str = "/var/tmp"
    overlay_space: int = 1 << 30
    vdev: str = ""
    domain: str = ""
    domid: int = 0
    guest: str = ""
    references: tuple[str, ...] = ()


def request(values: t.Mapping[str, t.Any], *, opening: bool = True) -> DiskRequest:
    """Build a record from a validated mapping (keys as in DiskRequest, None for what was not given).

    opening: the disk is to be attached, so its format must be known. Raises InvalidRequest where the path is not
    absolute, the format neither given nor told by the file name, or an
    overlay is asked for a backend that cannot have one.
    """
    image = values["image"] or ""
    if values.get("guest"):
        if image:
            raise InvalidRequest(image, "both an image and a guest are named", "leave one of the two out")
        return DiskRequest(**{"image": "", "format": "", **_given(values)})
    if not os.path.isabs(image):
        raise InvalidRequest(image, "not an absolute path", "write the path from the root directory on")
    given = _given(values)
    if "format" not in given:
        given["format"] = _format_of(image) if opening else ""
    wanted = DiskRequest(**given)
    if wanted.overlay and wanted.backend == "loop":
        raise InvalidRequest(image, "the loop backend has no overlay", "leave backend at auto")
    return wanted._replace(access="w") if wanted.overlay else wanted


def _given(values: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    given = {key: value for key, value in values.items() if key in DiskRequest._fields and value is not None}
    return {**given, "references": tuple(given.get("references", ()))}


def _format_of(image: str) -> str:
    known = SUFFIXES.get(os.path.splitext(image)[1].lower())
    if known is None:
        raise InvalidRequest(
            image, "the file name does not tell the format, and an image's content is never trusted to", "set format"
        )
    return known


def parse(text: str, *, of_guest: bool = False) -> dict[str, t.Any]:
    """Read Xen's spelling of a disk into a mapping with image, format, vdev and access, as far as they are said.

    Understood: ``tap:qcow2:/path,xvda,w``, ``/path,qcow2,xvda,rw``,
    ``format=qcow2,vdev=xvda,access=rw,target=/path``, and
    ``tap:qcow2:/path xvda w`` as typed after ``xm block-attach 0``.
    of_guest: it stands in a guest's configuration, where words for how the guest sees it are passed over, and a drive
    for CDs gets ``cdrom: True`` (and an image only where there is one). Raises InvalidRequest.
    """
    fields = _from_words(text) if _is_words(text) else _from_commas(text, of_guest)
    if fields.pop(CDROM, "") or fields.get("vdev", "").endswith(f":{CDROM}"):
        return {CDROM: True}
    found = _strip_prefixes(text, fields)
    return _normalised(text, found)


def _is_words(text: str) -> bool:
    # A comma means xl's grammar, in which blanks belong to the path.
    return "," not in text and re.search(r"\s+\S+\s+(r|w|ro|rw)$", text) is not None


def _from_words(text: str) -> dict[str, str]:
    target, vdev, access = text.rsplit(None, 2)
    return {"target": target, "vdev": vdev, "access": access}


def _from_commas(text: str, of_guest: bool) -> dict[str, str]:
    fields: dict[str, str] = {}
    rest = text.strip()
    while rest:
        key, equals, value = rest.partition("=")
        if equals and key.strip() == "target":
            # By xl's rule target= takes all that follows, commas too.
            return _with(text, fields, "target", value)
        item, _comma, rest = rest.partition(",")
        rest = rest.lstrip()
        if not (of_guest and _is_about_guest(fields, item.strip())):
            _add_item(text, fields, item.strip())
    return fields


def _is_about_guest(fields: dict[str, str], item: str) -> bool:
    if item == CDROM or item == f"devtype={CDROM}":
        fields[CDROM] = item
    return item.partition("=")[0] in (*TUNING, "devtype", CDROM)


def _add_item(text: str, fields: dict[str, str], item: str) -> None:
    key, equals, value = item.partition("=")
    if equals and re.fullmatch(r"[a-z-]+", key):
        if key not in ("format", "vdev", "access"):
            raise InvalidRequest(text, f"{key}= is not a key that this collection serves", HINT)
        _with(text, fields, key, value)
        return
    skipped = ("format",) if ":" in fields.get("target", "").split("/", 1)[0] else ()
    free = [name for name in POSITIONAL if name not in fields and name not in skipped]
    if not free:
        raise InvalidRequest(text, f"'{item}' is one parameter too many", HINT)
    _with(text, fields, free[0], item)


def _with(text: str, fields: dict[str, str], key: str, value: str) -> dict[str, str]:
    if fields.get(key):
        raise InvalidRequest(text, f"{key} is said twice", HINT)
    fields[key] = value
    return fields


def _strip_prefixes(text: str, fields: dict[str, str]) -> dict[str, str]:
    found = dict(fields)
    target = found.get("target", "")
    while True:
        prefix, colon, rest = target.partition(":")
        if not colon or prefix not in PREFIXES:
            break
        told = PREFIXES[prefix]
        if told is not None and not found.get("format"):
            found["format"] = told
        # By Xen's rule the name of a device starts in /dev.
        target = rest if prefix != "phy" or rest.startswith("/") else f"/dev/{rest}"
    if not os.path.isabs(target):
        raise InvalidRequest(text, "it names no absolute path", HINT)
    found["target"] = target
    return found


def _normalised(text: str, found: dict[str, str]) -> dict[str, t.Any]:
    values: dict[str, t.Any] = {"image": found["target"]}
    if found.get("format"):
        values["format"] = _known(text, "format", found["format"], XEN_FORMATS)
    if found.get("access"):
        values["access"] = _known(text, "access", found["access"], ACCESS)
    if found.get("vdev"):
        values["vdev"] = found["vdev"]
    return values


def _known(text: str, key: str, value: str, table: t.Mapping[str, str]) -> str:
    if value not in table:
        raise InvalidRequest(text, f"{key} '{value}' is none of {', '.join(sorted(table))}", HINT)
    return table[value]


__all__ = ["ACCESS", "BACKENDS", "FORMATS", "DiskRequest", "parse", "request"]
