# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""YAML text read into a tree whose every node knows its line.

PyYAML's parser gives the events and resolves the scalars; the tree is built here because its composer recurses in C (a
file of brackets ends the process) and its constructor forgets the lines and what a scalar looked like (0120, on, 1:30).
"""

from __future__ import annotations

import typing as t

import yaml

# The C parser is ten times faster; PyYAML comes without it where libyaml is missing.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# A site has four levels; what nests deeper is no site, and recursion further on must end.
DEEPEST = 32
LARGEST = 4 << 20
TAG = "tag:yaml.org,2002:"


class NotYaml(Exception):
    """The text is no YAML that could be a site. ``line`` counts from 1."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(line, why)
        self.line = line
        self.why = why


class Node:
    """kind: "mapping", "list", "str", "int", "float", "bool", "null", "timestamp", "vault" or another tag.

    value: the text of a scalar as written, the nodes of a list, or (key, its line, node) for each entry of a mapping.
    """

    __slots__ = ("kind", "value", "line")

    def __init__(self, kind: str, value: t.Any, line: int) -> None:
        self.kind = kind
        self.value = value
        self.line = line


def read_yaml(text: str) -> Node:
    """Read the one document of a text. Raises NotYaml."""
    if len(text) > LARGEST:
        raise NotYaml(1, f"the file is larger than {LARGEST >> 20} MiB")
    loader = LOADER(text.removeprefix("\ufeff"))
    try:
        return _Builder(loader).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(mark.line + 1 if mark else 1, error.problem or "it is not YAML") from None
    except yaml.YAMLError as error:
        raise NotYaml(1, str(error).splitlines()[0]) from None
    finally:
        loader.dispose()


class _Builder:
    def __init__(self, loader: t.Any) -> None:
        self.loader = loader
        self.anchors: dict[str, Node] = {}

    def document(self) -> Node:
        root: t.Optional[Node] = None
        open_nodes: list[tuple[Node, list[Node]]] = []
        while (event := self.loader.get_event()) is not None:
            # Most are scalars, so they come first.
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                node = self._closed(*open_nodes.pop())
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(open_nodes) >= DEEPEST:
                    raise NotYaml(event.start_mark.line + 1, f"it nests deeper than {DEEPEST} levels")
                open_nodes.append((self._opened(event), []))
                continue
            elif isinstance(event, yaml.AliasEvent):
                node = self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise NotYaml(event.start_mark.line + 1, "it holds more than one document")
            else:
                continue
            if open_nodes:
                open_nodes[-1][1].append(node)
            else:
                root = node
        return root if root is not None else Node("null", "", 1)

    def _opened(self, event: t.Any) -> Node:
        kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "list"
        return self._anchored(event, Node(kind, None, event.start_mark.line + 1))

    def _closed(self, node: Node, children: list[Node]) -> Node:
        if node.kind == "list":
            node.value = children
            return node
        own, merged = [], []
        for key, value in zip(children[::2], children[1::2]):
            if key.kind in ("mapping", "list", "vault"):
                raise NotYaml(key.line, f"a key of a mapping is a {key.kind}")
            if key.kind == "merge" and value.kind == "mapping":
                merged += value.value
            else:
                own.append((key.value, key.line, value))
        written = {key for key, _line, _value in own}
        node.value = [entry for entry in merged if entry[0] not in written] + own
        return node

    def _scalar(self, event: t.Any) -> Node:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        kind = "vault" if tag in ("!vault", "!vault-encrypted") else tag.removeprefix(TAG)
        return self._anchored(event, Node(kind, event.value, event.start_mark.line + 1))

    def _alias(self, event: t.Any) -> Node:
        line = event.start_mark.line + 1
        if event.anchor not in self.anchors:
            raise NotYaml(line, f"the alias *{event.anchor} has no anchor before it")
        node = self.anchors[event.anchor]
        if node.value is None:
            raise NotYaml(line, f"the alias *{event.anchor} stands inside what it means")
        return node

    def _anchored(self, event: t.Any, node: Node) -> Node:
        if event.anchor:
            self.anchors[event.anchor] = node
        return node


__all__ = ["Node", "NotYaml", "read_yaml"]
