# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example sites, their sheets as PDF, and what another program reads in it."""

from __future__ import annotations

import functools
import pathlib
import subprocess

from ansible_collections.homevirt.fleet.plugins.plugin_utils._site import typst_pdf, typst_source
from ansible_collections.homevirt.fleet.plugins.plugin_utils._site.model_load import load_site

ROOT = pathlib.Path(__file__).parents[3]
SITES = ROOT / "examples/sites/sites"
EXAMPLES = ("jikka", "jikka-hikari", "oji", "minshuku")


@functools.cache
def site_of(name):
    return load_site((SITES / f"{name}.yml").read_text(encoding="utf-8"), name).site


def logins_of(site, password="correct horse"):
    return {item.name: (f"user of {item.name}", f"{password} {item.name}") for item in site.credentials}


def pdf_of(sheet):
    fonts = typst_pdf.find_fonts()
    typst_pdf.check_glyphs(typst_source.characters(sheet), fonts, "a sheet")
    return typst_pdf.compile_pdf(typst_source.document(sheet, fonts.families), fonts, "a sheet")


def read_pdf(path, *options):
    return subprocess.run(["pdftotext", *options, path, "-"], check=True, capture_output=True, text=True).stdout


def squeezed(text):
    return "".join(text.split())
