"""The lint over every real source file: no crash, in time, and the mistakes that people found by hand are found."""

import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openaddr.lint.catalogue import CHECKS
from openaddr.lint.check import check_bytes
from openaddr.lint.findings import Finding, Severity
from openaddr.lint.fix import mended
from openaddr.source.parse import source_id

SECONDS = 30.0
NOISE = 1 / 3
"""A rule that fires on so many files tells nobody anything."""
HARMLESS = {
    # What stays is a fixed end, or nothing, because `.+` takes all there is.
    "au/vic/city_of_greater_geelong": 2,
    "us/wi/fond_du_lac": 3,
}

Linted = dict[str, list[Finding]]


@pytest.fixture(scope="module")
def files(shared: Path) -> list[Path]:
    return sorted((shared / "real" / "sources").rglob("*.json"))


@pytest.fixture(scope="module")
def linted(files: list[Path]) -> Linted:
    contents = [(source_id(path), path.read_bytes()) for path in files]
    started = time.process_time()
    found = {identity: check_bytes(identity, raw) for identity, raw in contents}
    assert time.process_time() - started < SECONDS
    return found


def places(linted: Linted, rule: str) -> Counter[str]:
    """How often a rule fires, by file."""
    return Counter(identity for identity, findings in linted.items() for one in findings if one.rule == rule)


def functions(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every function of a name in a source file."""
    if isinstance(value, dict):
        if value.get("function") == name:
            yield value
        for member in value.values():
            yield from functions(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from functions(member, name)


def test_every_real_file_is_looked_at_in_time(linted: Linted) -> None:
    assert len(linted) == 2676


def test_no_rule_fires_on_so_many_files_that_it_is_noise(linted: Linted) -> None:
    for check in CHECKS:
        assert len(places(linted, check.code)) < NOISE * len(linted), check.code


def test_nearly_all_real_files_are_without_a_bug(linted: Linted) -> None:
    with_bugs = [identity for identity, found in linted.items() if any(one.severity is Severity.BUG for one in found)]
    assert len(with_bugs) < 100


def test_every_unanchored_replace_that_does_harm_is_found(linted: Linted, files: list[Path]) -> None:
    """Unanchored by their first and last characters: 22 in 11 files, of which 5 do no harm."""
    unanchored: Counter[str] = Counter()
    for path in files:
        for rule in functions(json.loads(path.read_bytes()), "regexp"):
            start = re.match(r"\^|\(?(\?:)?\.\*", rule["pattern"])
            end = re.search(r"\$\)?$|\.\*\)?$", rule["pattern"])
            if re.search(r"^\$\d$|[^$]+\$\d$", rule.get("replace", "")) and not (start and end):
                unanchored[source_id(path)] += 1
    assert (unanchored.total(), len(unanchored)) == (22, 11)
    assert places(linted, "regexp-unanchored") == unanchored - Counter(HARMLESS)


def test_every_chain_that_forgets_its_variable_is_found(linted: Linted, files: list[Path]) -> None:
    unlinked: Counter[str] = Counter()
    for path in files:
        for chain in functions(json.loads(path.read_bytes()), "chain"):
            later = json.dumps(chain["functions"][1:])
            unlinked[source_id(path)] += f'"oa:{chain["variable"]}"' not in later
    unlinked += Counter()
    assert (unlinked.total(), len(unlinked)) == (7, 6)
    assert places(linted, "chain-unlinked") == unlinked


def test_mending_changes_few_files_and_leaves_nothing_to_mend(files: list[Path], linted: Linted) -> None:
    changed = 0
    for path in files:
        identity, raw = source_id(path), path.read_bytes()
        if not any(finding.fix for finding in linted[identity]):
            continue
        better, count = mended(identity, raw)
        changed += better != raw
        assert count and not any(finding.fix for finding in check_bytes(identity, better))
        assert len(better.splitlines()) == len(raw.splitlines())
    assert 5 < changed < 30
