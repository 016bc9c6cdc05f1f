"""A sample of the bad inputs through the real command, and that the proof notices what it is there to notice."""

import os
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hostile.canaries import READS, TOKEN, WRITES, CanaryServer, Watch
from tests.hostile.case import ROWS, World, case, is_expected, outcome, source
from tests.hostile.command import Result, run_cases
from tests.hostile.machine import Machine, quoting, strays
from tests.hostile.proof import FAMILIES, check, judged, table

EVERY = {"addresses": 2, "archives": 4, "json": 10, "gis": 12, "csv": 6, "regexps": 9, "strings": 4}
"""Of each family every so many cases are tried here; all of them by `make proof`."""
NOWHERE = World("http://localhost:1", "http://127.0.0.1:1", Path("/canaries/secret.csv"), Path("/allowed"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with Machine(tmp_path / "machine") as started:
        yield started


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_its_number_of_cases_each_with_a_name_of_its_own(family: str) -> None:
    least, make = FAMILIES[family]
    found = list(make(NOWHERE))
    assert len(found) >= least
    assert all(case.family == family and case.expected and "INTERNAL" not in case.expected for case in found)
    for key in (lambda case: case.name, lambda case: case.slug):
        assert [name for name, count in Counter(map(key, found)).items() if count > 1] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sample_of_bad_inputs_gives_one_named_result_each(family: str, machine: Machine) -> None:
    sample = list(FAMILIES[family][1](machine.world))[:: EVERY[family]]
    checked = check(family, sample, machine)
    assert list(checked.breaches()) == []
    assert len(checked.results) == len(sample)
    assert list(table([checked]))[-1] == f"{len(sample)} passed, 0 failed, 0 breaches"


def test_another_outcome_than_the_expected_one_is_a_breach(machine: Machine) -> None:
    good = case("csv", "a good one", source(), "2 rows", data__csv=ROWS.encode())
    checked = check("csv", [good], machine)
    assert list(checked.breaches()) == ["csv: a good one: expected 2 rows, got 1 rows: "]


def test_time_memory_and_missing_results_are_breaches() -> None:
    slow = Result(case("csv", "slow", b"", "1 rows"), seconds=61, memory=1_100_000_000)
    assert list(judged(slow)) == ["0 of 1 results", "took 61 s", "took 1,100 MB"]


def test_a_command_that_dies_is_blamed_on_its_case_and_the_others_go_on(tmp_path: Path) -> None:
    first = case("csv", "first", b"{}", "NONE")
    cases = [first, replace(first, name="second")]
    paths = {found.name: tmp_path / f"{found.slug}.json" for found in cases}
    dying = {**os.environ, "OPENADDR_SIZE_CLASS": "none"}
    results = run_cases(cases, paths, tmp_path / "out", dying, tmp_path)
    assert [result.case.name for result in results] == ["first", "second"]
    assert all("the command ended with 6" in breach for result in results for breach in result.breaches)


def test_opening_a_canary_is_seen_and_so_is_a_file_that_does_not_last(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    reads, writes = Watch([tmp_path], READS), Watch([tmp_path], WRITES)
    assert (reads.seen(), writes.seen()) == ([], [])
    (tmp_path / "secret").read_text()
    assert set(reads.seen()) == {str(tmp_path / "secret")}
    (tmp_path / "short").touch()
    (tmp_path / "short").unlink()
    assert str(tmp_path / "short") in writes.seen()
    reads.close()
    writes.close()


def test_the_canary_server_counts_connections_and_what_they_ask() -> None:
    with CanaryServer() as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /a HTTP/1.1\r\n\r\n")
            assert TOKEN in client.makefile().read()
    assert server.requests == ["GET /a HTTP/1.1"]


def test_files_of_no_run_and_files_that_quote_a_canary_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "csv" / "town" / "addresses" / ".work-1"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text(TOKEN)
    assert list(strays(tmp_path, {("csv", "town")})) == [
        f"{folder.parent}/.work-1 was left behind",
        f"{folder} has files and no run.json",
    ]
    assert next(strays(tmp_path, set())) == f"{tmp_path}/csv/town is of no case"
    assert list(quoting(tmp_path)) == [f"{folder}/a.txt quotes it"]


def test_an_outcome_is_a_code_or_rows_with_reasons() -> None:
    run = {"problem": None, "rows": 2, "rejected": {"reasons": {"ROW_TOO_LONG": 1}}}
    assert outcome(run) == "2 rows, 1 ROW_TOO_LONG"
    assert outcome(run | {"problem": {"code": "NO_ROWS"}}) == "NO_ROWS"
    assert is_expected("2 rows, 1 ROW_TOO_LONG", frozenset({"some rows"}))
    assert not is_expected("0 rows", frozenset({"some rows"}))
