"""The position map names every value that Python's own parser finds, where it stands."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openaddr.source.positions import escape, layout, line_of, positions, unescape

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


def pointers(value: Any, pointer: str = "") -> dict[str, Any]:
    found = {pointer: value}
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found |= pointers(member, f"{pointer}/{escape(str(name))}")
    return found


@given(JSON_VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_pointers_are_those_of_the_parsed_value_and_lead_to_it(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    lines = text.split("\n")
    known = positions(text)
    assert known.keys() == pointers(value).keys()
    for pointer, wanted in pointers(value).items():
        place = known[pointer]
        rest = "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == wanted


@given(JSON_VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_the_characters_of_a_span_are_the_value_and_those_of_its_name_the_name(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for pointer, span in layout(text).spans.items():
        assert json.loads(text[span.start : span.end]) == pointers(value)[pointer]
        if span.name is not None:
            assert json.loads(text[slice(*span.name)]) == unescape(pointer.rpartition("/")[2])
    named = [span for span in layout(text).spans.values() if span.name]
    assert len(named) == sum(len(part) for part in pointers(value).values() if isinstance(part, dict))


def test_of_a_repeated_member_the_last_one_counts() -> None:
    assert positions('{"a": 1,\n "a": 2}')["/a"].line == 2


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.deferred(lambda: DOUBLED)), max_size=4)
DOUBLED: st.SearchStrategy[str] = st.sampled_from(["1", '"x"', "[]", '[{"a": 1}]']) | PAIRS.map(
    lambda pairs: "{" + ", ".join(f'"{name}": {value}' for name, value in pairs) + "}"
)


@given(DOUBLED)
def test_with_repeated_members_pointers_are_still_those_of_the_parsed_value(text: str) -> None:
    known, value = layout(text), json.loads(text)
    assert known.spans.keys() == pointers(value).keys()
    assert all(json.loads(text[span.start : span.end]) == pointers(value)[at] for at, span in known.spans.items())


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ('{"a": 1, "b": 1}', []),
        ('{"a": 1, "a": 2}', ["/a"]),
        ('{"a": {"b": 1, "c": 1}, "a": {"b": 2}}', ["/a"]),
        ('[{"a": 1}, {"a": 1, "a": 1, "a": 1}]', ["/1/a", "/1/a"]),
    ],
)
def test_repeated_members_are_named(text: str, repeated: list[str]) -> None:
    assert [pointer for pointer, _ in layout(text).repeated] == repeated


@pytest.mark.parametrize(("pointer", "line"), [("", 1), ("/a", 2), ("/a/0", 3), ("/a/9/missing", 2), ("/nowhere", 1)])
def test_the_line_of_a_missing_value_is_that_of_its_nearest_ancestor(pointer: str, line: int) -> None:
    assert line_of('{\n"a": [\n1]}', pointer) == line


def test_a_text_of_many_mistakes_is_read_once() -> None:
    text = '{"a": [' + ", ".join(["1"] * 50) + "]}"
    before = layout.cache_info().misses
    assert [line_of(text, f"/a/{at}") for at in range(50)] == [1] * 50
    assert layout.cache_info().misses == before + 1
