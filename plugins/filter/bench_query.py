# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import traceback
import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib

try:
    import jmespath
except ImportError:
    jmespath = None
    JMESPATH_TRACEBACK = traceback.format_exc()
else:
    JMESPATH_TRACEBACK = None


def bench_query(results: t.Any, expression: str) -> t.Any:
    """What a JMESPath expression finds in results: a list of them, or the text of a JSON Lines file."""
    if jmespath is None:
        raise AnsibleFilterError(f"bench_query: {missing_required_lib('jmespath')}\n{JMESPATH_TRACEBACK}")
    # Through JSON, because JMESPath's functions refuse Ansible's own kinds of string and number.
    records = _parsed(results) if isinstance(results, str) else json.loads(json.dumps(_plain(results), default=str))
    try:
        return jmespath.search(str(expression), records)
    except (jmespath.exceptions.JMESPathError, ValueError) as error:
        raise AnsibleFilterError(f"bench_query: {expression}: {error}") from error


def _parsed(text: str) -> list[t.Any]:
    lines = text.split("\n")
    try:
        return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise AnsibleFilterError(f"bench_query: the text is not JSON Lines: {error}") from error


def _plain(value: t.Any) -> t.Any:
    """Ansible's own containers turned into the ones that ``json`` knows to the bottom."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"bench_query": bench_query}
