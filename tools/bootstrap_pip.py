# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Run by a venv's Python before ansible-test: make sure that its own venvs can get their pip.

ansible-test makes venvs without pip and downloads a bootstrap script from the Ansible project's host. Where only a
package index is reachable, that fails. ansible-test looks for a cached script first, so one that installs the same pip
from the index is put there, and only where the ordinary way does not work.
"""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import ansible_test
from ansible_test._internal.python_requirements import get_venv_packages

SCRIPT = '''"""Stands in for get-pip.py, which could not be downloaded: the same pip, from the package index's wheel."""
import os
import runpy
import sys

wheel = os.path.join(os.path.dirname(os.path.abspath(__file__)), {wheel!r})
# get-pip.py's own options, which pip does not know.
options = [o for o in sys.argv[1:] if o not in ("--no-setuptools", "--no-wheel")]
sys.path.insert(0, wheel)
# pip sees itself in its wheel and would take that for an installation.
sys.argv = ["pip", "install", "--force-reinstall"] + [wheel if o == {requirement!r} else o for o in options]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def bootstrap_url(version: str) -> str:
    source = Path(ansible_test.__file__).parent / "_util/target/setup/requirements.py"
    return re.search(r"url = '(\S+)' % pip_version", source.read_text()).group(1) % version


def provide(version: str) -> None:
    cache = Path.home() / ".ansible/test/cache"
    script = cache / f"get_pip_{version.replace('.', '_')}.py"
    if script.exists():
        return
    try:
        urllib.request.urlopen(bootstrap_url(version), timeout=20).close()
    except OSError as error:
        print(f"ansible-test's pip bootstrap script cannot be had ({error}): using pip's wheel", file=sys.stderr)
    else:
        return
    cache.mkdir(parents=True, exist_ok=True)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*download, "--dest", str(cache), f"pip=={version}"], check=True)
    script.write_text(SCRIPT.format(wheel=f"pip-{version}-py3-none-any.whl", requirement=f"pip=={version}"))


def main() -> None:
    # Each target's Python may want a pip of its own.
    versions = {get_venv_packages(SimpleNamespace(version=f"3.{minor}"))["pip"] for minor in range(8, 15)}
    for version in sorted(versions):
        provide(version)


if __name__ == "__main__":
    main()
