"""Names of a conform find their columns, and what does not fit is said with the nearest names."""

from typing import Any

import polars as pl
import pytest

from openaddr.conform.expressions import Columns
from openaddr.conform.plan import compile_plan
from openaddr.errors import Code, Problem, ProblemError
from openaddr.source.model import Conform
from openaddr.source.rules import parse_rule
from openaddr.stages import Layer


def conform_of(**rules: Any) -> Conform:
    return Conform("csv", tuple((name, parse_rule(rule)) for name, rule in rules.items()))


def made(conform: Conform, row: dict[str, str], layer: Layer = Layer.ADDRESSES) -> dict[str, str]:
    plan = compile_plan(conform, layer, tuple(row), "/conform")
    frame = pl.DataFrame({name: [row[name]] for name in plan.needed})
    return plan.apply(Columns(frame)).row(0, named=True)


def raised(conform: Conform, *columns: str, layer: Layer = Layer.ADDRESSES) -> Problem:
    with pytest.raises(ProblemError) as caught:
        compile_plan(conform, layer, columns, "/conform")
    return caught.value.problem


def test_attributes_come_in_output_order_and_unmapped_ones_are_empty() -> None:
    assert made(conform_of(street="s", number="n"), {"n": "5", "s": "Main"}) == {
        "number": "5", "street": "Main", "unit": "", "city": "", "district": "", "region": "", "postcode": "",
        "id": "", "accuracy": "",
    }  # fmt: skip


def test_only_the_columns_that_rules_name_are_read() -> None:
    plan = compile_plan(conform_of(number="n", street=["a", "n"]), Layer.ADDRESSES, ("x", "n", "a"), "")
    assert plan.needed == ("n", "a")


def test_an_attribute_may_use_one_that_was_made_before_it() -> None:
    rules = conform_of(
        number="n", street="s", unit={"function": "remove_prefix", "field": "u", "field_to_remove": "oa:number"}
    )
    assert made(rules, {"n": "5", "s": "Main", "u": "5 B"})["unit"] == "B"


def test_a_name_that_differs_in_case_fits_when_it_is_the_only_one_and_warns() -> None:
    plan = compile_plan(conform_of(number="ADD_num", street="s"), Layer.ADDRESSES, ("Add_Num", "s"), "/conform")
    assert plan.needed == ("Add_Num", "s")
    (warning,) = plan.warnings
    assert (warning.code, warning.pointer) == (Code.FIELD_CASE_DIFFERS, "/conform/number")
    assert "'Add_Num'" in warning.message


def test_an_exact_name_wins_over_one_that_differs_in_case() -> None:
    assert made(conform_of(number="N", street="s"), {"n": "wrong", "N": "5", "s": ""})["number"] == "5"


def test_a_name_that_fits_two_columns_loosely_fits_none() -> None:
    assert raised(conform_of(pid="num"), "NUM", "Num", layer=Layer.PARCELS).code is Code.FIELD_NOT_FOUND


def test_when_no_required_attribute_finds_a_column_the_run_stops_and_names_the_nearest() -> None:
    problem = raised(conform_of(number="HOUSE_NUMBR", street="str", city="town"), "HOUSE_NUMBER", "town")
    assert (problem.code, problem.pointer) == (Code.FIELD_NOT_FOUND, "/conform/number")
    assert problem.message == "`number` needs the column 'HOUSE_NUMBR', which is not among the 2 of the data."
    assert problem.hint.startswith("Nearest: HOUSE_NUMBER.")


def test_an_optional_attribute_without_its_column_is_a_warning() -> None:
    plan = compile_plan(conform_of(number="n", street="s", city="town"), Layer.ADDRESSES, ("n", "s"), "")
    assert [(warning.code, warning.pointer) for warning in plan.warnings] == [(Code.FIELD_NOT_FOUND, "/city")]


def test_one_missing_column_of_several_is_a_warning() -> None:
    plan = compile_plan(conform_of(number="n", street=["dir", "s"]), Layer.ADDRESSES, ("n", "s"), "")
    assert "'dir'" in plan.warnings[0].message


def test_a_conform_of_which_nothing_fits_stops_in_any_layer() -> None:
    assert raised(conform_of(height="h"), "x", layer=Layer.BUILDINGS).code is Code.FIELD_NOT_FOUND


@pytest.mark.parametrize(
    ("rule", "code", "pointer"),
    [
        ({"function": "regexp", "field": "n", "pattern": "("}, Code.REGEX_INVALID, "/conform/number/pattern"),
        (
            {"function": "chain", "functions": [{"function": "regexp", "field": "n", "pattern": "n", "replace": "$5"}]},
            Code.REGEX_INVALID,
            "/conform/number/functions/0/replace",
        ),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_work_is_named_with_its_place(rule: Any, code: Code, pointer: str) -> None:
    problem = raised(conform_of(number=rule, street="s"), "n", "s")
    assert (problem.code, problem.pointer) == (code, pointer)


@pytest.mark.parametrize(
    ("rule", "numeric"),
    [
        ({"function": "constant", "value": 3}, True),
        ({"function": "constant", "value": "3"}, False),
        ({"function": "map", "field": "a", "mapping": {"x": 1}, "else": 5}, True),
        ({"function": "map", "field": "a", "mapping": {"x": 1}}, True),
        ({"function": "map", "field": "a", "mapping": {"x": "1"}}, False),
        ("a", False),
    ],
)
def test_attributes_that_are_numbers_are_known(rule: Any, numeric: bool) -> None:
    plan = compile_plan(conform_of(number="n", street="s", accuracy=rule), Layer.ADDRESSES, ("n", "s", "a"), "")
    assert ("accuracy" in plan.numeric) is numeric


def test_a_column_that_is_called_like_the_variable_of_a_chain_is_read() -> None:
    chain = {"function": "chain", "variable": "v", "functions": [{"function": "join", "fields": ["v", "a"]}]}
    assert made(conform_of(number="a", street=chain), {"a": "x", "v": "the column"})["street"] == "the column x"


def test_the_variable_of_a_chain_is_no_column_that_is_missing() -> None:
    chain = {"function": "chain", "variable": "v", "functions": ["n", {"function": "join", "fields": ["oa:v", "v"]}]}
    assert compile_plan(conform_of(number=chain, street="s"), Layer.ADDRESSES, ("n", "s"), "").warnings == ()
