"""The canonical form of a row, its id, and its own acceptance tests."""

from hashlib import sha1
from typing import Any

import numpy as np
import polars as pl
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from openaddr.conform.acceptance import check_tests, differences
from openaddr.conform.located import Rows, fill
from openaddr.conform.readers.dataset import Points, Shapes
from openaddr.conform.rows import canonical, canonical_row, hashes
from openaddr.errors import Code, ProblemError, RowReason
from openaddr.source.model import AcceptanceTest, Conform, LayerSource
from openaddr.source.rules import parse_rule
from openaddr.stages import ATTRIBUTES, EXAMPLES_PER_REASON, Layer, RowAccount

BLANK = dict.fromkeys(ATTRIBUTES[Layer.ADDRESSES], "")


def frame_of(*rows: dict[str, str], layer: Layer = Layer.ADDRESSES) -> pl.DataFrame:
    names = ATTRIBUTES[layer]
    return pl.DataFrame({name: [row.get(name, "") for row in rows] for name in names})


@pytest.mark.parametrize(
    ("number", "expected"),
    [("12.0", "12"), (".0", ""), ("12.00", "12.00"), ("12.0.0", "12.0"), (" 5 ", "5"), ("5.0 ", "5"), ("5.01", "5.01")],
)
def test_a_number_loses_its_blanks_and_one_point_zero(number: str, expected: str) -> None:
    assert canonical(frame_of({"number": number}), Layer.ADDRESSES)["number"].to_list() == [expected]


def test_only_number_street_and_unit_are_stripped() -> None:
    row = {name: f"\u3000{name}\x1f" for name in BLANK}
    made = canonical(frame_of(row), Layer.ADDRESSES).row(0, named=True)
    assert made == {name: name if name in ("number", "street", "unit") else row[name] for name in BLANK}


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(BLANK, st.text(max_size=8))), min_size=1, max_size=5))
def test_rows_and_columns_have_the_same_canonical_form(rows: list[dict[str, str]]) -> None:
    made = canonical(frame_of(*rows), Layer.ADDRESSES).to_dicts()
    assert made == [canonical_row(row, Layer.ADDRESSES) for row in rows]


def ids(*rows: dict[str, str], x: float = 1.0, y: float = 2.0, identity: str = "us/x|addresses|city") -> list[str]:
    points = Points(np.full(len(rows), x), np.full(len(rows), y))
    return hashes(frame_of(*rows), points, Layer.ADDRESSES, identity).to_list()


def test_the_id_of_a_row_is_the_sha1_of_where_it_comes_from_and_what_it_says() -> None:
    text = "\x1f".join(["us/x|addresses|city", "5", "Main", "", "", "", "", "", "", "", "100000", "200000"])
    assert ids({"number": "5", "street": "Main"}) == [sha1(text.encode()).hexdigest()[:16]]


def test_a_row_keeps_its_id_when_it_moves_less_than_half_a_step() -> None:
    row = {"number": "5"}
    assert ids(row, x=1.000001) == ids(row, x=1.000004) != ids(row, x=1.00001)


def test_with_a_publishers_id_nothing_else_counts_but_where_it_comes_from() -> None:
    assert ids({"id": "A1", "number": "5"}) == ids({"id": "A1", "number": "6"}, x=9.0)
    assert ids({"id": "A1"}) != ids({"id": "A1"}, identity="us/y|addresses|city")
    assert ids({"id": "", "number": "5"}) != ids({"id": "", "number": "6"})


def test_rows_without_a_point_have_ids_too() -> None:
    assert ids({"number": "5"}, x=np.nan, y=np.nan) != ids({"number": "6"}, x=np.nan, y=np.nan)


def test_shapes_count_for_the_id_unless_the_publisher_has_one() -> None:
    shapes = Shapes(np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 2), None], dtype=object))

    def made(layer: Layer, *rows: dict[str, str]) -> list[str]:
        return hashes(frame_of(*rows, layer=layer), shapes, layer, "x").to_list()

    assert len(set(made(Layer.BUILDINGS, {}, {}, {}))) == 3
    assert len(set(made(Layer.PARCELS, {"pid": "1"}, {"pid": "1"}, {"pid": "1"}))) == 1


@pytest.mark.parametrize("layer", [Layer.BUILDINGS, Layer.PARCELS, Layer.CENTERLINES])
def test_the_id_of_a_point_does_not_depend_on_the_shapes_beside_it(layer: Layer) -> None:
    points = Points(np.array([-0.000001, np.nan]), np.array([2.0, np.nan]))
    shapes = Shapes(np.array([shapely.Point(0.000001, 2), None, shapely.box(0, 0, 1, 1)], dtype=object))
    alone = hashes(frame_of({}, {}, layer=layer), points, layer, "x").to_list()
    assert alone == hashes(frame_of({}, {}, {}, layer=layer), shapes, layer, "x").to_list()[:2]


def test_rejected_rows_are_counted_with_their_numbers_in_the_data() -> None:
    account = RowAccount()
    rows = Rows(frame_of({"number": "1"}, {"number": "2"}), Points(np.zeros(2), np.zeros(2)), np.array([11, 12]))
    left = rows.reject(np.array([False, True]), RowReason.GEOMETRY_BROKEN, account)
    assert left.numbers.tolist() == [11]
    assert account.rejected == {RowReason.GEOMETRY_BROKEN: 1}
    assert [(example.row, example.value) for example in account.examples] == [(12, "number '2'")]


def test_a_few_examples_of_each_reason_are_enough() -> None:
    account = RowAccount()
    for _ in range(3):
        account.reject(RowReason.ROW_TOO_LONG, 4, [(1, "x" * 1000)] * 4)
    assert (account.rejected_total, len(account.examples)) == (12, EXAMPLES_PER_REASON)
    assert max(len(example.value) for example in account.examples) <= 120


def test_gaps_are_filled_with_points_where_there_are_any() -> None:
    gaps = np.array([True, True, False])
    points = Points(np.array([1.0, np.nan, 3.0]), np.array([1.0, np.nan, 3.0]))
    shapes = fill(Shapes(np.array([None, None, shapely.Point(9, 9)], dtype=object)), points, gaps)
    assert isinstance(shapes, Shapes)
    assert [shape and shape.wkt for shape in shapes.values] == ["POINT (1 1)", None, "POINT (9 9)"]


def entry(*tests: AcceptanceTest, **rules: Any) -> LayerSource:
    conform = Conform("csv", tuple((name, parse_rule(rule)) for name, rule in rules.items()))
    return LayerSource(Layer.ADDRESSES, "x", "/e", "http", "http://x", conform, tests=tests)


def case(inputs: dict[str, Any], expected: dict[str, Any]) -> AcceptanceTest:
    return AcceptanceTest("a case", "/e/test/acceptance-tests/0", inputs, expected)


@pytest.mark.parametrize(
    ("inputs", "expected", "passes"),
    [
        ({"n": " 5.0 ", "s": "Main"}, {"number": "5", "street": "Main"}, True),
        ({"n": 5}, {"number": "5", "street": ""}, True),
        ({"N": "5"}, {"number": "5"}, True),
        ({"n": "5"}, {"number": 5}, True),
        ({"n": None}, {"number": None}, True),
        ({"n": "5"}, {"number": "6"}, False),
        ({"n": "5"}, {"no such attribute": ""}, False),
    ],
)
def test_an_acceptance_test_compares_what_it_names(
    inputs: dict[str, Any], expected: dict[str, Any], passes: bool
) -> None:
    assert (not differences(entry(case(inputs, expected), number="n", street="s"))) is passes


def test_a_failed_acceptance_test_says_what_it_expected_and_what_it_got() -> None:
    with pytest.raises(ProblemError) as caught:
        check_tests(entry(case({"n": "5"}, {"number": "6"}), number="n", street="s"))
    problem = caught.value.problem
    assert (problem.code, problem.pointer) == (Code.TEST_FAILED, "/e/test/acceptance-tests/0/expected")
    assert problem.message == "1 of 1 acceptance tests failed. a case: expected number '6', got '5'."


def test_no_tests_are_neither_passed_nor_failed() -> None:
    assert check_tests(entry(number="n", street="s")) is None
