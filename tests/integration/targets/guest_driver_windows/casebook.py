# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cases of guest_driver have in common."""

from __future__ import annotations

import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "setup_phony_windows/files"))

from guests import FleetError, ask, files  # noqa: E402

EXPAND_SZ, MULTI_SZ = 2, 7
# A controller that the guest's Windows has bound to a driver.
BOUND = """
[ControlSet001\\Enum\\PCI]
[ControlSet001\\Enum\\PCI\\VEN_1AF4&DEV_1001]
[ControlSet001\\Enum\\PCI\\VEN_1AF4&DEV_1001\\3&13c0b0c5&0&20]
"Service"="viostor"
"FriendlyName"="Phony controller"
"ClassGUID"="{4d36e97b-e325-11ce-bfc1-08002be10318}"
"Driver"="{4d36e97b-e325-11ce-bfc1-08002be10318}\\\\0001"
[ControlSet001\\Control\\Class\\{4d36e97b-e325-11ce-bfc1-08002be10318}]
[ControlSet001\\Control\\Class\\{4d36e97b-e325-11ce-bfc1-08002be10318}\\0001]
"DriverVersion"="100.95.104.26400"
"""
CASES = []


def case(function):
    CASES.append(function)
    return function


def refused(pattern: str, root: str, **wanted: object) -> None:
    """In check mode and for real, with nothing moved."""
    before = files(root)
    for check in (True, False):
        try:
            ask(root, check=check, **wanted)
        except FleetError as error:
            assert re.search(pattern, str(error)), f"{error} does not match {pattern}"
        else:
            raise AssertionError(f"not refused: {pattern}")
    assert files(root) == before, "the guest was touched"


def four_ways(lab, root: str, **wanted: object) -> tuple[dict, dict, dict]:
    """(registry before, registry after, result) of a request that changes something, asked for in all four ways."""
    before, tree = lab.registry(root), files(root)
    foretold = ask(root, check=True, **wanted)
    assert foretold["changed"] and files(root) == tree, "check mode touched the guest, or foretold nothing"
    result = ask(root, **wanted)
    assert result["changed"] and result["steps"] == foretold["steps"] and result["diff"] == foretold["diff"]
    tree = files(root)
    for check in (False, True):
        again = ask(root, check=check, **wanted)
        assert not again["changed"] and not again["steps"] and files(root) == tree, again["steps"]
    return before, lab.registry(root), result


def text(value: list) -> str:
    return bytes.fromhex(value[1]).decode("utf-16-le").rstrip("\0")


def number(value: list) -> int:
    return struct.unpack("<I", bytes.fromhex(value[1]))[0]


def folded(hive: dict) -> dict:
    return {name.casefold(): values for name, values in hive.items()}
