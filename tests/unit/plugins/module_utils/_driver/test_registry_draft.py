# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hive as it is to become, on hives in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.homevirt.fleet.plugins.module_utils._driver import registry
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.registry import Change, dword, sz
from ansible_collections.homevirt.fleet.plugins.module_utils._driver.registry_draft import Draft, take_back
from ansible_collections.homevirt.fleet.tests.unit.support.memory_hive import Memory


def draft_of(keys):
    memory = Memory(keys)
    return memory, Draft("SYSTEM", memory)


def test_nothing_new_is_no_change():
    _memory, draft = draft_of({("A", "B"): {"x": dword(1)}})
    draft.set(("a", "b"), "X", dword(1))
    draft.ensure(("A",))
    draft.unset(("A", "B"), "none")
    draft.remove(("A", "C"))
    draft.set(("A", "B"), "y", dword(2))
    draft.unset(("A", "B"), "y")
    assert draft.changes() == []


def test_keys_are_made_from_the_top_and_removed_from_the_bottom():
    _memory, draft = draft_of({("Old", "Deep"): {"v": sz("x")}})
    draft.set(("New", "Deeper"), "w", dword(7))
    draft.remove(("Old",))
    done = [(tuple(map(str.casefold, change.path)), change.name, change.after) for change in draft.changes()]
    assert done == [
        (("old", "deep"), "v", None),
        (("old", "deep"), None, False),
        (("old",), None, False),
        (("new",), None, True),
        (("new", "deeper"), None, True),
        (("new", "deeper"), "w", dword(7)),
    ]


NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(tuple)
VALUES = st.integers(0, 3).map(dword)
TREES = st.dictionaries(PATHS, st.dictionaries(NAMES, VALUES, max_size=2), max_size=5)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), PATHS, NAMES, VALUES),
        st.tuples(st.just("unset"), PATHS, NAMES),
        st.tuples(st.just("remove"), PATHS),
        st.tuples(st.just("ensure"), PATHS),
    ),
    max_size=8,
)


def carry_out(draft, operations):
    for name, *arguments in operations:
        getattr(draft, name)(*arguments)


@given(TREES, OPERATIONS)
def test_changes_make_of_the_hive_what_the_draft_is(tree, operations):
    memory, draft = draft_of(tree)
    carry_out(draft, operations)
    memory.write(draft.changes())
    for path in {path[:length] for path in [*tree, *(each[1] for each in operations)] for length in range(4)}:
        assert memory.values(path) == draft.values(path)
    again = Draft("SYSTEM", memory)
    carry_out(again, [each for each in operations if each[0] in ("set", "ensure")][-1:])
    assert len(again.changes()) <= 4


@given(TREES, st.lists(OPERATIONS, min_size=1, max_size=3))
def test_what_is_taken_back_leaves_no_trace(tree, rounds):
    """Of several owners, the last first: the hive in the end is the one from the beginning."""
    memory, first = draft_of(tree)
    before = {path: dict(values) for path, values in memory.keys.items()}
    records = []
    for operations in rounds:
        draft = Draft("SYSTEM", memory)
        with draft.recording() as entries:
            carry_out(draft, operations)
        memory.write(draft.changes())
        records.append(entries)
    draft = Draft("SYSTEM", memory)
    for entries in reversed(records):
        kept, left = take_back({"SYSTEM": draft}, entries)
        assert (kept, left) == ([], [])
    memory.write(draft.changes())
    assert memory.keys == before
    assert first.changes() == []


def test_what_others_changed_since_stays():
    memory, draft = draft_of({})
    with draft.recording() as entries:
        draft.set(("Ours",), "v", dword(1))
        draft.set(("Ours",), "w", dword(1))
    memory.write(draft.changes())
    memory.keys["ours",]["v"] = dword(5)
    memory.keys["ours",]["theirs"] = dword(6)
    draft = Draft("SYSTEM", memory)
    kept, left = take_back({"SYSTEM": draft}, entries)
    memory.write(draft.changes())
    assert memory.keys["ours",] == {"v": dword(5), "theirs": dword(6)}
    assert [entry.path for entry in kept] == [("Ours",)]
    assert left == ["SYSTEM\\Ours: v was changed since and stays"]


def test_as_reg():
    changes = [
        Change(("K",), None, False, True),
        Change(("K",), "", None, sz('a "b" \\c')),
        Change(("K",), "n", dword(255), dword(16)),
        Change(("K",), "p", None, registry.expand_sz("%x%")),
        Change(("K",), "b", None, registry.binary(b"\x00\xff")),
    ]
    assert registry.as_reg("SYSTEM", changes, after=True).splitlines() == [
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\K]",
        '@="a \\"b\\" \\\\c"',
        '"b"=hex:00,ff',
        '"n"=dword:00000010',
        '; "p": %x%',
        '"p"=hex(2):25,00,78,00,25,00,00,00',
    ]
    assert registry.as_reg("SYSTEM", changes, after=False).splitlines() == [
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\K]",
        '"n"=dword:000000ff',
    ]
