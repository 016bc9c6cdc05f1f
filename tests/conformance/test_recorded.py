"""Recorded downloads give the rows that the predecessor gave, except where it is known to have been wrong."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from openaddr.errors import Code
from openaddr.run import Run, Status
from tests.conformance.recordings import Recordings, processed_all

PROBLEMS = {
    "An acceptance test failed": {Code.TEST_FAILED},
    "Could not download source data": {Code.HTTP_404},
    "Source is missing a conform object": {Code.CONFORM_MISSING},
    "Found no features in source data": {Code.NO_ROWS},
    "Missing required ESRI token": {Code.ESRI_TOKEN_REQUIRED},
    # The predecessor names no problem here; the source has no `protocol`.
    None: {Code.SOURCE_SCHEMA},
}
COORDINATE_TOLERANCE = 1.01e-7


def expected_sources() -> list[str]:
    """Named here, not read from the reference material, so that a lost recording is a failure."""
    return [
        "cz-countrywide-bad-tests", "cz-countrywide-disabled-tests", "cz-countrywide-good-tests",
        "cz-countrywide-implied-tests", "cz-countrywide-no-tests", "fr-paris", "fr/la-réunion", "it-52-statewide",
        "jp-fukushima2", "lake-man-gdb", "lake-man-gdb-nested", "pl-dolnoslaskie", "ua-63-city_of_kharkiv",
        "us-ca-alameda_county", "us-ca-alameda_county-local", "us-ca-berkeley", "us-ca-berkeley-404", "us-ca-carson",
        "us-ca-carson-cached", "us-ca-oakland-skip", "us-ca-san_francisco", "us-mi-grand_traverse", "us-ut",
        "us-wy-park", "us/nj/statewide", "us/oh/trumbull", "us/or/portland",
        "us/tx/city_of_waco", "us/tx/runnels", "us/va/statewide",
    ]  # fmt: skip


def processed(recordings: Recordings, source: str, output: Path) -> Run:
    (run,) = processed_all(recordings, source, output)
    return run


def rows(path: Path) -> list[dict[str, Any]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in raw.decode().splitlines()]


@pytest.mark.parametrize("source", expected_sources())
def test_a_recorded_source_gives(source: str, recordings: Recordings, shared: Path, tmp_path: Path) -> None:
    expected = json.loads((shared / "expected" / "predecessor.json").read_text(encoding="utf-8"))[source]
    run = processed(recordings, source, tmp_path)
    if expected["state"]["skipped"]:
        assert run.status is Status.SKIPPED
    elif expected.get("features"):
        assert run.status is Status.SUCCEEDED, run.problem
        theirs = rows(shared / "expected" / "rows" / f"{source.replace('/', '--')}.geojsonl")
        check_rows(source, rows(run.outputs["geojsonl"]), theirs)
    else:
        assert run.problem is not None
        assert run.problem.code in PROBLEMS[expected["state"]["source problem"]]
    assert run.tests_passed in (expected["state"]["tests passed"], None)


def check_rows(source: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    assert len(ours) == len(theirs) > 0
    for mine, other in zip(ours, theirs, strict=True):
        for name, value in other["properties"].items():
            check_value(name, mine["properties"][name], value)
        assert list(mine["properties"]) == list(other["properties"])
        if source not in ("pl-dolnoslaskie", "ua-63-city_of_kharkiv"):
            check_point(mine["geometry"], other["geometry"])


def check_value(name: str, mine: object, other: object) -> None:
    """Equal, but for row ids, columns missed because their case differs, and constants that were lost."""
    missed = other is None
    constant = name == "accuracy" and other == "" and isinstance(mine, int)
    if name != "hash" and not missed and not constant:
        assert mine == other


def check_point(mine: dict[str, Any] | None, other: dict[str, Any] | None) -> None:
    if mine is None or other is None:
        assert mine is other
        return
    assert mine["type"] == other["type"] == "Point"
    assert mine["coordinates"] == pytest.approx(other["coordinates"], abs=COORDINATE_TOLERANCE)


def test_the_polish_source_has_its_axes_right(recordings: Recordings, tmp_path: Path) -> None:
    run = processed(recordings, "pl-dolnoslaskie", tmp_path)
    first = rows(run.outputs["geojsonl"])[0]
    assert first["geometry"]["coordinates"] == pytest.approx([17.0313290, 51.1147939], abs=COORDINATE_TOLERANCE)


def test_esri_rows_are_not_projected_a_second_time(recordings: Recordings, tmp_path: Path) -> None:
    (row,) = rows(processed(recordings, "ua-63-city_of_kharkiv", tmp_path).outputs["geojsonl"])
    # This server says longitude and latitude but sends its own grid; what it sent is what is published.
    assert row["geometry"]["coordinates"] == [15596.3071231, 18466.1983746]


def test_the_layer_of_brown_county_has_none_of_the_columns_and_the_run_says_so(
    recordings: Recordings, tmp_path: Path
) -> None:
    # The predecessor wrote 25 rows without any attribute; the recorded layer has only objectid, shape and a length.
    problem = processed(recordings, "us/ks/brown_county", tmp_path).problem
    assert problem is not None and problem.code is Code.FIELD_NOT_FOUND
    assert "objectid, shape, st_length(shape)" in problem.hint


def test_the_rows_of_brown_county_lie_where_the_predecessor_had_them(
    recordings: Recordings, shared: Path, tmp_path: Path
) -> None:
    path = recordings.sources / "us" / "ks" / "brown_county.json"
    source = json.loads(path.read_text(encoding="utf-8"))
    source["conform"]["number"] = "ST_Length(SHAPE)"
    path.with_name("with_a_column.json").write_text(json.dumps(source), encoding="utf-8")
    run = processed(recordings, "us/ks/with_a_column", tmp_path)
    assert Code.FIELD_CASE_DIFFERS in [warning.code for warning in run.warnings]
    ours = rows(run.outputs["geojsonl"])
    theirs = rows(shared / "expected" / "rows" / "us--ks--brown_county.geojsonl")
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["properties"]["number"]
        check_point(mine["geometry"], other["geometry"])


def test_a_whole_number_accuracy_is_written_as_a_number(recordings: Recordings, tmp_path: Path) -> None:
    run = processed(recordings, "us/nj/statewide", tmp_path)
    assert {row["properties"]["accuracy"] for row in rows(run.outputs["geojsonl"])} == {1}
