"""The lint takes any file whatever, and says where in it each finding is."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openaddr.errors import Code
from openaddr.lint.catalogue import BY_CODE
from openaddr.lint.check import MOST, check_bytes
from openaddr.lint.rules.problems import FOUND
from openaddr.source.positions import layout
from tests.lint.sources import CONFORM, COVERAGE, ENTRY, GONE, conform, csv, entry, found, source

CHAIN = {
    "function": "chain",
    "variable": "wip",
    "functions": [
        {"function": "postfixed_street", "field": "A", "may_contain_units": True},
        {"function": "remove_postfix", "field": "oa:wip", "field_to_remove": "U"},
        {"function": "format", "fields": ["oa:wip", "B"], "format": "$1 $2"},
        {"function": "map", "field": "oa:wip", "mapping": {"a": "b"}, "else": "c"},
        {"function": "first_non_empty", "fields": ["oa:wip", "C"]},
        {"function": "constant", "value": "x"},
    ],
}
TEST = {"description": "t", "acceptance-tests": [{"description": "c", "inputs": {"A": "1"}, "expected": {"unit": ""}}]}
RICH = source(
    conform(street=CHAIN, accuracy=2) | {"test": TEST, "request": {"headers": {"a": "b"}}, "contact": {"name": "x"}},
    csv(csvsplit=";", headers=1, skiplines=1, srs="EPSG:2180", encoding="utf-8", number=["A", "B"], id="OBJECTID"),
    entry(name="old", skip=True, note="gone", license="CC BY", attribution="x", year=2024, language="en", timeout=6),
)
"""A source that has something of everything."""
LINKS: list[list[Any]] = []


def links(value: Any, path: list[Any]) -> None:
    """Collect the way to every value inside of a value."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        LINKS.append([*path, name])
        links(member, [*path, name])


links(RICH, [])
SCALARS = st.none() | st.booleans() | st.integers(-3, 10**18) | st.floats(allow_nan=False) | st.text(max_size=8)
WORDS = st.sampled_from(
    ["^(a", "$9", "(", "EPSG:x", "oa:", "", " ", "https://[", "ftp://a", "esri", "csv", "\x00", "ÿ" * 300]
)
VALUES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6) | WORDS, inner, max_size=3),
    max_leaves=6,
)


def spoilt(path: list[Any], value: Any) -> dict[str, Any]:
    """The rich source with another value at one place, or with nothing there."""
    whole = copy.deepcopy(RICH)
    parent = whole
    for step in path[:-1]:
        parent = parent[step]
    if value is GONE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return whole


@settings(max_examples=300)
@given(st.sampled_from(LINKS), VALUES | st.just(GONE))
def test_no_value_at_any_place_makes_it_stumble(path: list[Any], value: Any) -> None:
    raw = json.dumps(spoilt(path, value), indent=1).encode()
    lines = raw.decode().split("\n")
    for finding in check_bytes("us/ca/alameda", raw):
        assert finding.rule in BY_CODE or finding.rule in FOUND
        assert 1 <= finding.line <= finding.end_line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert (finding.line, finding.column) <= (finding.end_line, finding.end_column)


@pytest.mark.parametrize("wrong", [None, True, 0, 1.5, "", "text", [], ["a"], {}, {"a": {}}, [[{}]]])
def test_a_wrong_type_at_every_place_makes_no_rule_stumble(wrong: Any) -> None:
    for path in LINKS:
        check_bytes("us/ca/alameda", json.dumps(spoilt(path, wrong)).encode())


@given(VALUES | st.dictionaries(st.sampled_from(["schema", "layers", "coverage", "skip", "data"]), VALUES))
def test_no_json_whatever_makes_it_stumble(value: Any) -> None:
    found(value)


@given(st.binary(max_size=50))
def test_no_bytes_whatever_make_it_stumble(raw: bytes) -> None:
    assert check_bytes("x", raw)


def test_a_finding_stands_where_its_value_does() -> None:
    text = json.dumps(source(conform(id="OBJECTID")), indent=4)
    (finding,) = found(text)
    line = text.split("\n")[finding.line - 1]
    assert line[finding.column - 1 : finding.end_column - 1] == '"OBJECTID"'
    assert finding.pointer == "/layers/addresses/0/conform/id"


def test_a_finding_about_a_key_stands_where_the_key_does() -> None:
    text = json.dumps(source(conform(xyzzy="A")))
    (finding,) = found(text)
    assert text[finding.column - 1 : finding.end_column - 1] == '"xyzzy"'


def test_a_finding_about_a_whole_object_marks_its_name_or_first_character() -> None:
    text = json.dumps(source(entry(conform=GONE)), indent=1)
    (finding,) = found(text)
    assert text.split("\n")[finding.line - 1][finding.column - 1 : finding.end_column - 1] == "{"
    (joined,) = found(json.dumps(source(conform(street={"function": "join"})), indent=1))
    assert joined.end_column - joined.column == len('"street"')


def test_columns_count_characters_also_behind_a_byte_order_mark() -> None:
    text = '{"coverage": {"country": "ÅÅ", "geometry": {"type": "Point"}}, "schema": 2, "layers": {}, "x": 1}'
    for raw in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        columns = {finding.rule: finding.column for finding in found(raw)}
        assert columns["key-unknown"] == text.index('"x"') + 1


def test_findings_come_in_the_order_of_the_file() -> None:
    places = [(finding.line, finding.column) for finding in found(spoilt(["coverage"], {"country": "US"}))]
    assert len(places) > 3 and places == sorted(places)


def test_of_a_thousand_mistakes_of_one_kind_the_first_are_told() -> None:
    findings = found(source(conform(unit={"function": "join", "fields": list(range(1_000))})))
    assert len(findings) == MOST


def test_a_file_that_is_no_json_has_the_line_of_the_mistake() -> None:
    (finding,) = found('{\n"a": 1,\n}')
    assert (finding.rule, finding.line) == (Code.SOURCE_JSON_INVALID, 3)


def test_a_flat_file_of_schema_1_is_read_like_an_entry() -> None:
    flat = {**{key: value for key, value in ENTRY.items() if key != "name"}, "coverage": COVERAGE}
    flat["conform"] = CONFORM | {"id": "OBJECTID"}
    assert {(finding.rule, finding.pointer) for finding in found(flat)} == {
        ("schema-1", ""),
        ("id-unstable", "/conform/id"),
    }


def test_the_pointer_of_a_finding_leads_to_something_of_the_file() -> None:
    text = json.dumps(RICH, indent=1)
    findings = found(text)
    assert findings
    assert all(finding.pointer in layout(text).spans for finding in findings)
