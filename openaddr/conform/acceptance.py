"""A source's own tests: rows that it promises to treat in a certain way, tried before anything is downloaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openaddr.conform.functions import Slowness
from openaddr.conform.plan import row_plan
from openaddr.conform.rows import canonical_row
from openaddr.errors import Code, ProblemError
from openaddr.source.model import AcceptanceTest, Conform, LayerSource
from openaddr.stages import ATTRIBUTES, Layer


@dataclass(frozen=True)
class Difference:
    """One output attribute of one test that did not come out as promised."""

    test: AcceptanceTest
    attribute: str
    expected: Any
    got: str | None


def conform_row(
    conform: Conform, layer: Layer, inputs: Mapping[str, Any], pointer: str, slowness: Slowness | None = None
) -> dict[str, str]:
    """One row through the reference: columns of the data in, output attributes out. Raises ProblemError."""
    row = {name: "" if value is None else str(value) for name, value in inputs.items()}
    made: dict[str, str] = {}
    for name, function in row_plan(conform, tuple(row), pointer, slowness):
        made[name] = function(row) or ""
        row[f"oa:{name}"] = made[name]
    return canonical_row({name: made.get(name, "") for name in ATTRIBUTES[layer]}, layer)


def differences(entry: LayerSource) -> list[Difference]:
    """What the tests of a source expected and did not get. Raises ProblemError when a rule cannot be used."""
    if entry.conform is None:
        return []
    found, slowness = [], Slowness()
    for test in entry.tests:
        got = conform_row(entry.conform, entry.layer, test.inputs, f"{entry.pointer}/conform", slowness)
        for attribute, expected in test.expected.items():
            if not _equal(expected, got.get(attribute)):
                found.append(Difference(test, attribute, expected, got.get(attribute)))
    return found


def _equal(expected: object, got: str | None) -> bool:
    """Numbers are written as numbers or as text, and nothing as null or ''."""
    return got is not None and ("" if expected is None else str(expected)) == got


def check_tests(entry: LayerSource) -> bool | None:
    """True when all tests pass, None when there are none. Raises ProblemError(TEST_FAILED) for the first failure."""
    if not entry.tests:
        return None
    failed = differences(entry)
    if not failed:
        return True
    first = failed[0]
    count = len({difference.test.pointer for difference in failed})
    raise ProblemError(
        Code.TEST_FAILED,
        f"{count} of {len(entry.tests)} acceptance tests failed. {first.test.description}: "
        f"expected {first.attribute} {first.expected!r}, got {first.got!r}.",
        pointer=f"{first.test.pointer}/expected",
    )
