# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: homevirt.fleet contributors
"""Runs cases on a lab machine: the modules as Ansible runs them, bare tools beside them, and an independent reader.

On an emulated CPU Python and Ansible take four seconds to start, so all cases of a file share one interpreter, and each
module call is a fork of it. Cases come as JSON on stdin, the report goes to stdout; words of a case:

  name, given (shell), then (list of steps), finally (shell)
  steps:  {shell: TEXT, rc: 0, out: [REGEX], never: [REGEX]}     reads the host
          {alone: TEXT, rc: 0, out: [REGEX]}                     what a user would type; kept for the report
          {MODULE: ARGS, check: false, changed: true|false}      must succeed
          {MODULE: ARGS, check: false, fails: [REGEX]}           must fail with this message, and say it changed nothing
          {MODULE: ARGS, four_ways: SHELL}                       check, run, run again, check again; what SHELL
                                                                 prints tells whether the host was touched
          {MODULE: ARGS, killed_when: REGEX}                     is shot once the host's entries say this
          any module step may have returns: [REGEX], looked for in its result as JSON

The prelude is shell that comes before every TEXT. It defines `entries`, what killed_when looks at, and `look`, what is
kept of the host where a case went wrong.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
import typing as t

from ansible.module_utils.testing import patch_module_args

MODULES = {
    name: importlib.import_module(f"ansible_collections.homevirt.fleet.plugins.modules.{name}")
    for name in ("vbd", "vbd_mount", "vbd_info")
}
FORK = multiprocessing.get_context("fork")
TIMEOUT = 120.0


class Wrong(Exception):
    """A step did not do what its case says."""


def sh(text: str, prelude: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "--norc", "-uc", f"{prelude}\n{text}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        check=False,
    )


def must(text: str, prelude: str) -> None:
    done = sh(text, prelude)
    if done.returncode != 0:
        raise Wrong(f"'{text}' ended with {done.returncode}: {done.stdout}")


def play(name: str, args: dict[str, t.Any], check: bool, out: int) -> None:
    os.dup2(out, sys.stdout.fileno())
    with patch_module_args({**args, "_ansible_check_mode": check, "_ansible_diff": True}):
        MODULES[name].main()


def start(name: str, args: dict[str, t.Any], check: bool) -> tuple[multiprocessing.Process, t.TextIO]:
    """Start a module in a process of its own, as each module of Ansible has one."""
    read, write = os.pipe()
    child = FORK.Process(target=play, args=(name, args, check, write))
    child.start()
    os.close(write)
    return child, os.fdopen(read, encoding="utf-8")


def call(name: str, args: dict[str, t.Any], check: bool) -> dict[str, t.Any]:
    """A module's result."""
    child, stream = start(name, args, check)
    with stream:
        said = stream.read()
    child.join()
    if not said:
        raise Wrong("it ended without a result; its traceback is on stderr")
    return json.loads(said)


def kill_when(name: str, step: dict[str, t.Any], prelude: str) -> None:
    """Start a module and shoot it once the host says what the step waits for."""
    child, stream = start(name, step[name], False)
    end = time.monotonic() + TIMEOUT
    with stream:
        while not re.search(step["killed_when"], sh("entries", prelude).stdout, re.MULTILINE):
            if time.monotonic() > end or not child.is_alive():
                raise Wrong(f"'{step['killed_when']}' was not seen before it ended: {stream.read()}")
        child.kill()
        child.join()


def look_for(step: dict[str, t.Any], said: str, words: str = "out") -> None:
    for pattern in step.get(words, []):
        if not re.search(pattern, said, re.MULTILINE):
            raise Wrong(f"no '{pattern}' in: {said}")
    for pattern in step.get("never", []):
        if re.search(pattern, said, re.MULTILINE):
            raise Wrong(f"'{pattern}' in: {said}")


def run_shell(step: dict[str, t.Any], prelude: str, text: str) -> str:
    done = sh(text, prelude)
    wanted = step.get("rc", 0)
    if done.returncode != wanted:
        raise Wrong(f"'{text}' ended with {done.returncode} instead of {wanted}: {done.stdout}")
    look_for(step, done.stdout.rstrip())
    return done.stdout


def judge(name: str, step: dict[str, t.Any], check: bool, changed: t.Optional[bool]) -> dict[str, t.Any]:
    result = call(name, step[name], check)
    shown = json.dumps(result, ensure_ascii=False)
    if "fails" in step:
        if not result.get("failed"):
            raise Wrong(f"it should be refused: {shown}")
        look_for({"out": step["fails"]}, result["msg"])
    elif result.get("failed"):
        raise Wrong(f"it failed: {result['msg']}")
    elif changed is not None and result["changed"] is not changed:
        raise Wrong(f"changed should be {changed}: {shown}")
    look_for(step, shown, "returns")
    return result


def four_ways(name: str, step: dict[str, t.Any], prelude: str) -> None:
    before = sh(step["four_ways"], prelude).stdout
    judge(name, {name: step[name]}, check=True, changed=True)
    if sh(step["four_ways"], prelude).stdout != before:
        raise Wrong("check mode touched the host")
    judge(name, step, check=False, changed=True)
    after = sh(step["four_ways"], prelude).stdout
    if after == before:
        raise Wrong("it says changed, and nothing is")
    judge(name, {name: step[name]}, check=False, changed=False)
    judge(name, {name: step[name]}, check=True, changed=False)
    if sh(step["four_ways"], prelude).stdout != after:
        raise Wrong("doing it again touched the host")


def run_step(step: dict[str, t.Any], prelude: str, report: dict[str, t.Any]) -> None:
    if "shell" in step:
        run_shell(step, prelude, step["shell"])
    elif "alone" in step:
        report["alone"].append(
            {"typed": step["alone"], "rc": step.get("rc", 0), "said": run_shell(step, prelude, step["alone"])}
        )
    else:
        [name] = set(step) & set(MODULES)
        if "killed_when" in step:
            kill_when(name, step, prelude)
            return
        if "four_ways" in step:
            four_ways(name, step, prelude)
            return
        result = judge(name, step, step.get("check", False), step.get("changed"))
        if "fails" in step:
            report["refused"].append(result["msg"])


def run_case(case: dict[str, t.Any], prelude: str) -> dict[str, t.Any]:
    began = time.monotonic()
    report: dict[str, t.Any] = {"name": case["name"], "alone": [], "refused": [], "wrong": []}
    try:
        must(case.get("given", "true"), prelude)
        for step in case["then"]:
            # For whoever watches: under emulation a file of cases takes minutes.
            print(f"{time.monotonic() - began:6.1f} {case['name']}: {json.dumps(step)[:90]}", file=sys.stderr)
            run_step(step, prelude, report)
    except (Wrong, subprocess.TimeoutExpired) as error:
        report["wrong"].append(str(error))
        report["host"] = sh("look", prelude).stdout
    try:
        must(case.get("finally", "true"), prelude)
    except (Wrong, subprocess.TimeoutExpired) as error:
        report["wrong"].append(f"cleaning up: {error}")
    report["seconds"] = round(time.monotonic() - began, 1)
    print(f"{report['seconds']:6.1f} {case['name']}: {report['wrong'] or 'as it should be'}", file=sys.stderr)
    return report


def main() -> int:
    asked = json.load(sys.stdin)
    reports = [run_case(case, asked.get("prelude", "")) for case in asked["cases"]]
    json.dump(reports, sys.stdout, ensure_ascii=False, indent=1)
    return 1 if any(report["wrong"] for report in reports) else 0


sys.exit(main())
