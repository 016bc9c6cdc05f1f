"""Every real source file parses, compiles and passes its own tests, and its rules treat columns like rows."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from openaddr.conform.acceptance import differences
from openaddr.conform.expressions import Columns, column_function
from openaddr.conform.functions import Slowness, matcher, row_function
from openaddr.conform.plan import check_rules
from openaddr.source.model import LayerSource
from openaddr.source.parse import read_source
from openaddr.source.rules import Chain, Regexp, Rule, columns_of

REAL_FILES = 2676
PIECES = [
    *["12", "A", "12-A", "St", "Street", "Main", "#4", "APT 5", "Unit B", "Lot", "N", "5.0", ".0", "100", "-", ","],
    *["1/2", " ", "  ", "\n", "\t", "\x1c", "é", "ул.", "д. 5", "кв", "ß", "\u017f", "\u212a", "大字", "10 1/2"],
    *["Rd", "(", ")", "č.ev. 7", "č.p.", "Praha 1", "Hwy 5", "90210", "90210-1234", "CA", "/", ";", "'", "№", "к2"],
]
VALUES = 200


@pytest.fixture(scope="module")
def entries(shared: Path) -> list[LayerSource]:
    files = sorted((shared / "real" / "sources").rglob("*.json"))
    assert len(files) == REAL_FILES
    found = [entry for file in files for entry in read_source(file).entries]
    broken = [entry for entry in found if not isinstance(entry, LayerSource)]
    assert not broken
    return [entry for entry in found if isinstance(entry, LayerSource)]


def test_every_conform_of_the_real_sources_compiles(entries: list[LayerSource]) -> None:
    for entry in entries:
        check_rules(entry)


def test_every_acceptance_test_of_the_real_sources_passes(entries: list[LayerSource]) -> None:
    assert sum(len(entry.tests) for entry in entries) > 50
    assert [difference for entry in entries for difference in differences(entry)] == []


def real_rules(entries: list[LayerSource]) -> list[Rule]:
    rules = {repr(rule): rule for entry in entries if entry.conform for _, rule in entry.conform.rules}
    return [rule for rule in rules.values() if columns_of(rule)]


def real_patterns(rules: list[Rule]) -> Iterator[Regexp]:
    for rule in rules:
        if isinstance(rule, Regexp):
            yield rule
        elif isinstance(rule, Chain):
            yield from real_patterns(list(rule.steps))


def texts(entries: list[LayerSource]) -> list[str]:
    """Generated values and those of the real acceptance tests, cut and mixed."""
    chooser = random.Random(11)
    real = [str(value) for entry in entries for test in entry.tests for value in test.inputs.values()]
    made = ["".join(chooser.choices([*PIECES, *real, ""], k=chooser.randint(0, 6))) for _ in range(2000)]
    return real + made


def test_every_real_rule_treats_columns_like_rows(entries: list[LayerSource]) -> None:
    values, chooser = texts(entries), random.Random(12)
    for rule in real_rules(entries):
        names = sorted(set(columns_of(rule)))
        frame = pl.DataFrame({name: chooser.choices(values, k=VALUES) for name in names})
        one_by_one = row_function(rule)
        expected = [one_by_one(row) for row in frame.iter_rows(named=True)]
        assert column_function(rule)(Columns(frame)).to_list() == expected, rule


def test_every_real_pattern_gives_what_pythons_re_gives(entries: list[LayerSource]) -> None:
    values, chooser = texts(entries), random.Random(13)
    patterns = {(rule.pattern, rule.replace): rule for rule in real_patterns(real_rules(entries))}
    assert len(patterns) > 250
    in_rust = 0
    for rule in patterns.values():
        found = matcher(rule, 1.0, Slowness())
        assert found is not None
        in_rust += found.pattern.rust is not None
        sample = chooser.choices(values, k=VALUES)
        made = column_function(rule)(Columns(pl.DataFrame({rule.field: sample}))).to_list()
        assert made == [by_python(rule, value) for value in sample], rule
    assert in_rust / len(patterns) > 0.9


def by_python(rule: Regexp, value: str) -> str:
    """The rule said directly with `re`, as it was measured on the predecessors."""
    if rule.replace:
        template = re.sub(r"\$\{(\d+)\}|\$(\d+)", lambda found: rf"\g<{found[1] or found[2]}>", rule.replace)
        return re.sub(rule.pattern, template, value)
    found = re.search(rule.pattern, value)
    return "".join(group for group in found.groups() if group is not None) if found else ""
