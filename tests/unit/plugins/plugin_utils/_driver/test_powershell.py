# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PowerShell that the roles send to Windows: read by a parser, for there is nothing to run it on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tree_sitter
import tree_sitter_powershell

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import windows_firstboot

ROOT = Path(windows_firstboot.__file__).parents[3]
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
SCRIPTS = sorted(ROOT.glob("roles/*/files/*.ps1"))
INSTALL = ROOT / "roles/guest_driver/files/install_inf.ps1"
# Where a bracket or quote is no character of the script's own: in what is quoted, and in what is said.
TEXTS = ("string_literal", "comment")


def nodes(node, *kinds):
    """All nodes of some kinds, each once and in order; those within one of them are its own."""
    if node.type in kinds:
        yield node
    else:
        for child in node.children:
            yield from nodes(child, *kinds)


def text(node):
    return node.text.decode()


def faults(source: bytes):
    """Line and column of what is no PowerShell."""

    def within(node):
        if node.is_error or node.is_missing:
            yield node.start_point[0] + 1, node.start_point[1] + 1
        else:
            for child in node.children:
                yield from within(child)

    return list(within(PARSER.parse(source).root_node))


@pytest.fixture(scope="module")
def install():
    return PARSER.parse(INSTALL.read_bytes()).root_node


def test_there_is_one():
    assert INSTALL in SCRIPTS


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
class TestEachScript:
    def test_is_powershell(self, path):
        assert faults(path.read_bytes()) == []

    def test_a_bracket_or_quote_less_would_be_seen(self, path):
        source = path.read_bytes()
        quoted = {at for node in nodes(PARSER.parse(source).root_node, *TEXTS) for at in range(*inner(node))}
        marks = [at for at, byte in enumerate(source) if byte in b"(){}[]'\"" and at not in quoted]
        assert len(marks) > 20
        assert [at for at in marks if not faults(source[:at] + source[at + 1 :])] == []


def inner(node):
    """The bytes of a text without its quotes, whose loss is a fault."""
    quotes = 1 if node.type == "string_literal" else 0
    return node.start_byte + quotes, node.end_byte - quotes


class TestInstallInf:
    def test_calls_only_what_windows_has(self, install):
        commands = {text(node) for node in nodes(install, "command_name")}
        assert commands == {
            "Get-WindowsDriver",
            "Select-Object",
            "Select-String",
            "Split-Path",
            "Where-Object",
            "pnputil.exe",
        }

    def test_takes_for_success_what_the_first_boot_step_does(self, install):
        condition = next(text(node) for node in nodes(install, "comparison_expression") if "-notin" in text(node))
        assert sorted(map(int, re.findall(r"\d+", condition))) == sorted(windows_firstboot.GOOD)

    @pytest.mark.parametrize(
        ("line", "version"),
        [
            ("DriverVer = 10/18/2023,100.94.104.24400", "100.94.104.24400"),
            ("DriverVer=06/21/2006, 6.1.7600.16385 ; stamped", "6.1.7600.16385"),
            ("  driverver=07/01/2011 , 0.11.0.373", "0.11.0.373"),
            ("DriverVer = 01/01/2020", None),
            ("; DriverVer = 10/18/2023,100.94.104.24400", None),
        ],
    )
    def test_reads_a_driver_s_version(self, install, line, version):
        pattern = next(text(node) for node in nodes(install, "string_literal") if "DriverVer" in text(node)).strip("'")
        # Select-String minds no case, and what the pattern uses means the same to .NET and to Python.
        found = re.search(pattern, line, re.IGNORECASE)
        assert (found[1] if found else None) == version
