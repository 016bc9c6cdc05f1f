"""The door: what comes in as text is a typed source, or a problem that says where."""

import json
from pathlib import Path
from typing import Any

import pytest

from openaddr.errors import Code, ProblemError
from openaddr.source.model import BrokenEntry, LayerSource, Source
from openaddr.source.parse import parse_source, read_source, source_id
from openaddr.source.rules import Chain, Column, Constant, Join, Merge

ENTRY = {
    "name": "city",
    "protocol": "http",
    "data": "https://example.org/a.csv",
    "conform": {"format": "csv", "lon": "x", "lat": "y", "number": "no", "street": ["dir", "name"]},
}
COVERAGE = {"country": "us", "US Census": {"geoid": "06001"}}


def source_of(*entries: dict[str, Any], layer: str = "addresses", **members: Any) -> Source:
    whole = {"schema": 2, "coverage": COVERAGE, "layers": {layer: list(entries)}} | members
    return parse_source("us/ca/alameda", json.dumps(whole).encode())


def only(source: Source) -> LayerSource:
    (entry,) = source.entries
    assert isinstance(entry, LayerSource)
    return entry


def problem_of(raw: bytes) -> Any:
    with pytest.raises(ProblemError) as caught:
        parse_source("x", raw)
    return caught.value.problem


def broken(**changes: Any) -> Any:
    (entry,) = source_of({key: value for key, value in (ENTRY | changes).items() if value is not ...}).entries
    assert isinstance(entry, BrokenEntry)
    return entry.problem


def test_an_entry_becomes_typed_rules_in_the_order_of_the_file() -> None:
    conform = only(source_of(ENTRY)).conform
    assert conform is not None
    assert conform.rules == (("number", Column("no")), ("street", Merge(("dir", "name"))))
    assert (conform.lon, conform.lat) == (Column("x"), Column("y"))


def test_every_layer_keeps_all_its_named_entries() -> None:
    layers = {layer: [ENTRY | {"name": "a"}, ENTRY | {"name": "b"}] for layer in ("addresses", "parcels")}
    source = source_of(layers=layers)
    assert [(entry.layer, entry.name) for entry in source.entries] == [
        ("addresses", "a"), ("addresses", "b"), ("parcels", "a"), ("parcels", "b"),
    ]  # fmt: skip


def test_a_file_of_schema_1_is_one_entry_of_addresses_whose_pointers_fit_the_flat_file() -> None:
    flat = {key: value for key, value in ENTRY.items() if key != "name"} | {"coverage": COVERAGE}
    entry = only(parse_source("us/ca/x", json.dumps(flat).encode()))
    assert (entry.layer, entry.name, entry.pointer) == ("addresses", "primary", "")


def test_two_entries_of_one_name_both_run_and_the_second_says_so() -> None:
    first, second = source_of(ENTRY, ENTRY).entries
    assert (first.name, second.name) == ("city", "city-2")
    assert isinstance(second, LayerSource)
    assert [warning.code for warning in second.warnings] == [Code.NAME_REPEATED]


def test_a_broken_entry_does_not_break_its_siblings() -> None:
    bad, good = source_of(ENTRY | {"protocol": "gopher", "name": "bad"}, ENTRY).entries
    assert isinstance(bad, BrokenEntry) and bad.problem.code is Code.PROTOCOL_UNKNOWN
    assert isinstance(good, LayerSource)


def test_skip_counts_before_anything_else_that_is_wrong() -> None:
    assert only(source_of({"name": "x", "skip": True, "conform": {"format": "broken"}})).skip


def test_whole_number_accuracy_is_a_constant() -> None:
    conform = only(source_of(ENTRY | {"conform": ENTRY["conform"] | {"accuracy": 2}})).conform  # type: ignore[operator]
    assert conform is not None and ("accuracy", Constant(2)) in conform.rules


def test_chains_are_parsed_to_the_last_step() -> None:
    chain = {"function": "chain", "variable": "v", "functions": ["a", {"function": "join", "fields": ["oa:v", "b"]}]}
    conform = only(source_of(ENTRY | {"conform": {"format": "csv", "number": chain, "street": "s"}})).conform
    assert conform is not None
    assert conform.rules[0][1] == Chain((Column("a"), Join(("oa:v", "b"))), "v")


@pytest.mark.parametrize(
    ("coverage", "warned"),
    [(COVERAGE, False), ({"geometry": {}}, False), ({"country": "us"}, True), (None, True), ("us", True)],
)
def test_missing_coverage_is_a_warning_and_no_failure(coverage: object, warned: bool) -> None:
    entry = only(source_of(ENTRY, coverage=coverage))
    assert [warning.code for warning in entry.warnings] == ([Code.COVERAGE_MISSING] if warned else [])


@pytest.mark.parametrize(
    ("raw", "code", "line"),
    [
        (b"{\n  'a': 1}", Code.SOURCE_JSON_INVALID, 2),
        (b"", Code.SOURCE_JSON_INVALID, 1),
        (b'{"a":\n\n "\xff"}', Code.SOURCE_JSON_INVALID, 3),
        (b'{"a": NaN}', Code.SOURCE_JSON_INVALID, 1),
        (b"[]", Code.SOURCE_SCHEMA, None),
        (b'{"schema": 2}', Code.SOURCE_SCHEMA, None),
        (b'{"layers": []}', Code.SOURCE_SCHEMA, None),
        (b" " * 2_000_001, Code.SOURCE_TOO_LARGE, None),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", Code.SOURCE_TOO_LARGE, None),
        (b"[" * 100_000, Code.SOURCE_TOO_LARGE, None),
        (b'{"a": 1' + b"0" * 5000 + b"}", Code.SOURCE_JSON_INVALID, 1),
    ],
)
def test_a_file_that_is_no_source_is_a_problem_with_its_line(raw: bytes, code: Code, line: int | None) -> None:
    problem = problem_of(raw)
    assert (problem.code, problem.line) == (code, line)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"data": ...}, Code.SOURCE_SCHEMA, "/layers/addresses/0"),
        ({"data": 5}, Code.SOURCE_SCHEMA, "/layers/addresses/0/data"),
        ({"name": ""}, Code.SOURCE_SCHEMA, "/layers/addresses/0/name"),
        ({"protocol": "gopher"}, Code.PROTOCOL_UNKNOWN, "/layers/addresses/0/protocol"),
        ({"compression": "rar"}, Code.COMPRESSION_UNKNOWN, "/layers/addresses/0/compression"),
        ({"conform": {"format": "xls"}}, Code.FORMAT_UNKNOWN, "/layers/addresses/0/conform/format"),
        ({"conform": []}, Code.SOURCE_SCHEMA, "/layers/addresses/0/conform"),
        ({"conform": {"format": "csv", "csvsplit": "||"}}, Code.SOURCE_SCHEMA, "/layers/addresses/0/conform/csvsplit"),
        ({"conform": {"format": "csv", "headers": True}}, Code.SOURCE_SCHEMA, "/layers/addresses/0/conform/headers"),
        ({"conform": {"format": "csv", "headers": -2}}, Code.SOURCE_SCHEMA, "/layers/addresses/0/conform/headers"),
        (
            {"conform": {"format": "csv", "number": {"function": "sum"}}},
            Code.FUNCTION_INVALID,
            "/layers/addresses/0/conform/number/function",
        ),
        (
            {"conform": {"format": "csv", "number": {"function": "join", "fields": ["a", 1]}}},
            Code.FUNCTION_INVALID,
            "/layers/addresses/0/conform/number/fields/1",
        ),
        (
            {"conform": {"format": "csv", "number": {"function": "chain", "functions": [{"function": "nope"}]}}},
            Code.FUNCTION_INVALID,
            "/layers/addresses/0/conform/number/functions/0/function",
        ),
        ({"request": {"headers": {"X": "a\r\nb"}}}, Code.SOURCE_SCHEMA, "/layers/addresses/0/request/headers/X"),
        ({"test": {"acceptance-tests": {"a": 1}}}, Code.SOURCE_SCHEMA, "/layers/addresses/0/test/acceptance-tests"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(changes: dict[str, Any], code: Code, pointer: str) -> None:
    problem = broken(**changes)
    assert (problem.code, problem.pointer) == (code, pointer)


def test_an_unknown_layer_is_a_problem_of_its_own() -> None:
    (entry,) = source_of(ENTRY, layer="trees").entries
    assert isinstance(entry, BrokenEntry) and entry.problem.code is Code.LAYER_UNKNOWN


@pytest.mark.parametrize(
    "rule",
    [
        ["a"] * 257,
        {"function": "join", "fields": ["a"] * 257},
        {"function": "join", "fields": ["a"], "separator": "-" * 1001},
        {"function": "format", "fields": ["a"], "format": "$1" * 65},
        {"function": "format", "fields": ["a"], "format": "x" * 1001},
        {"function": "regexp", "field": "a", "pattern": "a", "replace": "x" * 1001},
        {"function": "constant", "value": "x" * 1001},
        {"function": "map", "field": "a", "mapping": {"a": "x" * 1001}},
        {"function": "map", "field": "a", "mapping": {}, "else": "x" * 1001},
        {"function": "get", "field": "a", "index": -(2**63)},
        {"function": "get", "field": "a", "index": 10**30},
    ],
)
def test_a_function_that_asks_for_too_much_is_not_usable(rule: Any) -> None:
    assert broken(conform={"format": "csv", "number": rule}).code is Code.FUNCTION_INVALID


@pytest.mark.parametrize("layers", [{"addresses": [{}] * 501}, {f"layer {at}": 0 for at in range(501)}])
def test_a_file_of_more_sources_than_anybody_has_is_too_large(layers: Any) -> None:
    problem = problem_of(json.dumps({"schema": 2, "layers": layers}).encode())
    assert (problem.code, problem.pointer) == (Code.SOURCE_TOO_LARGE, "/layers")
    assert "501" in problem.message


def test_chains_may_not_be_nested_or_prolonged_without_end() -> None:
    nested: Any = "a"
    for _ in range(12):
        nested = {"function": "chain", "functions": [nested]}
    endless = {"function": "chain", "functions": ["a"] * 65}
    both = {"function": "chain", "functions": [{"function": "chain", "functions": ["a"] * 13}] * 5}
    for rule in (nested, endless, both):
        problem = broken(conform={"format": "csv", "number": rule})
        assert problem.code is Code.FUNCTION_INVALID


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/sources/us/ca/alameda.json", "us/ca/alameda"),
        ("/sources/old/sources/fr/paris.json", "fr/paris"),
        ("/tmp/lake-man.json", "lake-man"),
        ("/tmp/sources.json", "sources"),
    ],
)
def test_a_source_is_named_by_its_path_below_sources(path: str, expected: str) -> None:
    assert source_id(Path(path)) == expected


def test_a_missing_file_is_a_problem_and_no_trace(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as caught:
        read_source(tmp_path / "none.json")
    assert caught.value.problem.code is Code.SOURCE_NOT_FOUND


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, (None, None, None, None, None)),
        ({"license": "CC0"}, ("CC0", None, None, None, None)),
        ({"license": {"url": "http://l", "attribution": False}}, (None, "http://l", False, None, None)),
        ({"license": {"attribution": True, "attribution name": "City"}}, (None, None, True, "City", None)),
        ({"license": {"attribution name": "City"}}, (None, None, True, "City", None)),
        ({"license": {"attribution": False, "attribution name": "City"}}, (None, None, False, None, None)),
        ({"attribution": "City"}, (None, None, True, "City", None)),
        ({"license": {"share-alike": "yes"}}, (None, None, None, None, True)),
        ({"license": {"share-alike": None}}, (None, None, None, None, False)),
        ({"license": 5}, (None, None, None, None, None)),
    ],
)
def test_what_a_source_does_not_say_of_its_licence_stays_unknown(
    entry: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    licence = only(source_of(ENTRY | entry)).license
    said = (
        licence.text, licence.url, licence.attribution_required, licence.attribution_name, licence.share_alike,
    )  # fmt: skip
    assert said == expected
