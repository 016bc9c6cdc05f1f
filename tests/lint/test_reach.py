"""Whether a match takes in a whole value, held against matches of real values."""

import re

import pytest

from openaddr.lint.reach import Reach

CASES = [
    # pattern, from the start, to the end
    ("^a$", True, True), (r"\Aa\Z", True, True), ("a", False, False), ("^a", True, False), ("a$", False, True),
    (".*a", True, False), ("a.*", False, True), (".*?a", True, False), ("a.*?", False, False), (".+a.+", True, True),
    ("(.*)a(.*)", True, True), ("(?:.*)a", True, False), ("((?:.)*)a", True, False), ("(?:^a|^b).*", True, True),
    ("(?:^a|b).*", False, True), ("a(?:b.*|$)", False, True), ("a(?:b|$)", False, False),
    ("^(.*?)(?: U.*|$)", True, True),
    ("(.*)(?: U)?", True, True), ("(a)?^b", True, False), ("[a-z]*b$", False, True), ("[^,]*,", True, False),
    ("(?i)^a$", True, True), ("", False, False), ("^(?:a(b)?)?$", True, True), ("a{2}", False, False),
]  # fmt: skip


def reach_of(pattern: str) -> Reach:
    return Reach.of(pattern, re.compile(pattern).groups)


VALUES = ["a", "b", "ab", "aab", "xa", "ax", "xax", "xb U 5", "a U b", "a, b", "aax", "A", ""]


@pytest.mark.parametrize(("pattern", "start", "end"), CASES, ids=[pattern for pattern, _, _ in CASES])
def test_how_far_a_pattern_reaches(pattern: str, start: bool, end: bool) -> None:
    reach = reach_of(pattern)
    assert (reach.from_start, reach.to_end) == (start, end)


@pytest.mark.parametrize(("pattern", "start", "end"), [case for case in CASES if case[0] != "[^,]*,"])
def test_no_match_begins_later_or_ends_earlier_than_it_is_said_to(pattern: str, start: bool, end: bool) -> None:
    matches = [(value, found) for value in VALUES if (found := re.search(pattern, value))]
    assert all(found.start() == 0 for _, found in matches if start)
    assert all(found.end() == len(value) for value, found in matches if end)


@pytest.mark.parametrize(
    ("pattern", "kept", "drops", "drops_nothing"),
    [
        ("^([A-Z]{2})([0-9]{5})", {1}, True, False),
        ("^([A-Z]{2})([0-9]{5})", {1, 2}, False, True),
        ("^0+([1-9])", {1}, False, False),
        (r"(ST)\.", {1}, False, False),
        (r"([0-9]{3})\s([0-9]{2})", {1, 2}, False, False),
        ("(IL)", {1}, False, True),
        ("a.c", set(), True, False),
    ],
)
def test_what_of_a_match_is_in_none_of_the_groups(
    pattern: str, kept: set[int], drops: bool, drops_nothing: bool
) -> None:
    reach = reach_of(pattern)
    assert (reach.drops(kept), reach.drops_nothing(kept)) == (drops, drops_nothing)


def test_a_pattern_that_looks_around_is_known() -> None:
    assert reach_of("a(?=b)").looks_around and reach_of("(?<!a)b").looks_around
    assert not reach_of("(?:a)").looks_around
