# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every case of guest_driver on phony Windows guests, in one process, for starting Ansible costs more than a case.

run_cases.py DIRECTORY READER [CASE…]   READER: a Python that has dissect.regf
"""

from __future__ import annotations

import pathlib
import sys
import traceback

import casebook
import cases_of_change
import cases_of_drivers
import cases_of_refusal
import guests

CASES = casebook.CASES
# They enter themselves into the book.
MODULES = (cases_of_drivers, cases_of_change, cases_of_refusal)


def main() -> None:
    lab = guests.Lab(pathlib.Path(sys.argv[1]), sys.argv[2])
    only = sys.argv[3:]
    failed = 0
    for function in CASES:
        if only and function.__name__ not in only:
            continue
        try:
            function(lab)
            print(f"ok      {function.__name__}")
        except Exception:  # noqa: BLE001  # Every case is run, whatever one of them raises.
            failed += 1
            print(f"FAILED  {function.__name__}\n{traceback.format_exc()}")
    lab.close()
    if failed:
        sys.exit(f"{failed} of {len(CASES)} cases failed")
    print(f"{len(CASES)} cases")


if __name__ == "__main__":
    main()
