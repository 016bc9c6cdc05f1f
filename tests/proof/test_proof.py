"""The table of the proof tells what was tried, what broke, and what it lacks to be one."""

import json
from pathlib import Path
from typing import Literal

import pytest

from tests.proof.evidence import Breach, Evidence, read, write
from tests.proof.marked import evidence_of
from tests.proof.promises import PROMISES, facts, shortfalls, table

KILLED = Evidence(what="killed", kind="worker killed", promises=("I2", "I5"), faults=3, looks=40)
TORN = Evidence(
    what="torn", kind="renderer killed", promises=("I5",), faults=2, breaches=(Breach("I5", "half of a page"),)
)


def test_a_breach_is_counted_under_its_promise_and_told() -> None:
    lines = list(table([KILLED, TORN]))
    of = {line.split()[0]: line.split()[1:3] for line in lines if line[:1] == "I"}
    assert (of["I2"], of["I5"], of["I1"]) == (["3", "0"], ["5", "1"], ["0", "0"])
    assert lines[-1] == "BREACH of I5: half of a page"
    assert dict(facts([KILLED, TORN]))["faults of 2 kinds injected, and survived"] == "5, 4"
    assert dict(facts([KILLED, TORN]))["looks of polling readers, and half states"] == "40, 1"


def test_too_little_is_no_proof() -> None:
    missing = list(shortfalls([KILLED]))
    assert "3 faults, which should be 300 at least" in missing and "nothing was tried for I7" in missing
    everything = Evidence(what="all", kind="", promises=tuple(PROMISES), inputs=1_000, faults=300)
    assert list(shortfalls([everything])) == ["1 kinds of faults, which should be 15 at least"]


def test_evidence_is_kept_and_a_part_that_died_has_none(tmp_path: Path) -> None:
    write(tmp_path / "some", [KILLED, TORN])
    assert read(tmp_path / "some") == [KILLED, TORN]
    assert read(tmp_path / "none") == []
    assert json.loads((tmp_path / "some").read_bytes())[0]["what"] == "killed"


@pytest.mark.parametrize("outcome", ["passed", "failed"])
def test_a_test_that_fails_has_broken_all_that_it_should_prove(outcome: Literal["passed", "failed"]) -> None:
    said = [("proves", "I5"), ("proves", "I6"), ("kind", "bucket away"), ("looks", 7)]
    report = pytest.TestReport(
        "tests/x.py::test_it_is_whole", ("x.py", 1, ""), {}, outcome, "half of it", "call", user_properties=said
    )
    found = evidence_of(report)
    assert (found.what, found.kind, found.faults, found.looks) == ("it is whole", "bucket away", 1, 7)
    expected = [Breach(promise, "it is whole: half of it") for promise in ("I5", "I6")]
    assert list(found.breaches) == (expected if outcome == "failed" else [])
