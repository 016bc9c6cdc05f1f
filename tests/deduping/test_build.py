"""Whole builds: the same bytes in whatever order, files by place, and what becomes of bad input."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import dedupe
from openaddr.deduping import report
from openaddr.deduping.build import Taken
from openaddr.deduping.database import opened
from openaddr.deduping.inputs import BATCH_ROWS, COLUMNS, Input
from openaddr.deduping.locality import Locality
from openaddr.deduping.tiles import blocks, tiles
from openaddr.errors import Code, Problem, ProblemError
from tests.deduping.builds import CITY, COUNTY, MAIN, built, of_rows, stored

ROWS = st.lists(
    st.fixed_dictionaries({
        "number": st.sampled_from(["1", "1 ", "2", ""]),
        "street": st.sampled_from(["Main St", "MAIN STREET"]),
        "postcode": st.sampled_from(["", "11"]),
        "hash": st.sampled_from(["a", "b", "c"]),
        "lon": st.sampled_from([9.99998, 10.00002, 10.5, 180.0, -180.0]),
        "lat": st.sampled_from([49.99998, 50.00002]),
    }),
    max_size=6,
)  # fmt: skip
SOME = [Input(f"xx/{number}", "x", number // 2, Locality(number % 4)) for number in range(4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which each build has its own."""
    return tmp_path_factory.mktemp("builds")


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(ROWS, min_size=4, max_size=4), order=st.permutations(SOME), most=st.sampled_from([1, 100]))
def test_the_same_runs_give_the_same_bytes_in_any_order(
    folder: Path, rows: list[Any], order: list[Input], most: int
) -> None:
    here = folder / str(len(list(folder.iterdir())))
    files = {
        found: stored(here / found.name / str(n), some) for n, (found, some) in enumerate(zip(SOME, rows, strict=True))
    }
    if not any(rows):
        return
    one = built(here / "one", files, SOME, most, part_rows=1)
    other = built(here / "other", files, order, most, part_rows=100)
    assert [shard.sha256 for shard in one.shards] == [shard.sha256 for shard in other.shards]
    assert one.manifest == other.manifest
    assert sum(shard.rows for shard in one.shards) == sum(map(len, rows)) == one.manifest["rows"]
    groups = one.rows("dedupe_group, dedupe_rank, is_best")
    assert sorted(group for group, _, is_best in groups if is_best) == sorted({group for group, _, _ in groups})
    assert len({(group, rank) for group, rank, _ in groups}) == len(groups)


def test_all_rows_are_kept_as_their_sources_have_them(tmp_path: Path) -> None:
    row: dict[str, object] = dict(zip(COLUMNS, map(str, range(len(COLUMNS))), strict=True)) | {
        "lon": 7.1234567,
        "lat": 3.0,
    }
    found = of_rows(tmp_path, {replace(COUNTY, share_alike=True, licence="CC0"): [row]})
    assert found.rows(", ".join(COLUMNS)) == [tuple(map(str, range(len(COLUMNS))))]
    assert found.rows("source, source_name, share_alike, licence") == [("xx/county", "county", True, "CC0")]
    assert found.rows("st_astext(geometry)") == [("POINT (7.1234567 3)",)]


def test_files_are_geoparquet_by_place_and_the_manifest_tells_which(tmp_path: Path) -> None:
    rows = [MAIN | {"lon": lon, "lat": lat} for lon, lat in [(-60.5, -34.5), (-60.5, -34.4), (-52.0, -34.4), (10, 50)]]
    found = of_rows(tmp_path, {COUNTY: rows}, most=2)
    assert {shard.name: shard.rows for shard in found.shards} == {
        "s40w070-10.parquet": 2,
        "s40w060-10.parquet": 1,
        "n50e010-10.parquet": 1,
    }
    shard = found.shards[0]
    geo = json.loads(pq.read_schema(shard.path).metadata[b"geo"])
    assert geo["columns"]["geometry"]["bbox"] == list(shard.bounds) == [-60.5, -34.5, -60.5, -34.4]
    assert found.manifest["files"][0] == {
        "key": f"prefix/{shard.name}",
        "bounds": shard.bounds,
        "rows": 2,
        "bytes": shard.path.stat().st_size,
        "sha256": hashlib.sha256(shard.path.read_bytes()).hexdigest(),
    }


def test_blocks_divide_until_they_are_small_enough() -> None:
    places = pl.DataFrame({"lon": [0.5, 1.5, 6.0, -179.9, 180.0], "lat": [0.5, 0.5, 9.9, -90.0, 90.0]})
    rows = dict.fromkeys(tiles(places["lon"].to_numpy(), places["lat"].to_numpy()).tolist(), 10)
    assert [block.name for block in blocks(rows, 100)] == ["s90w180-10", "n00e000-10", "n80e170-10"]
    assert [block.name for block in blocks(rows, 20)] == ["s90w180-10", "n00e000-5", "n05e005-5", "n80e170-10"]
    assert [block.name for block in blocks(rows, 10)][1:3] == ["n00e000-1", "n00e001-1"]


def test_rows_that_are_nowhere_on_earth_are_left_out_and_counted(tmp_path: Path) -> None:
    wkt = ["POINT (1 1)", None, "POINT (181 1)", "POINT (1 -91)", "POINT (nan nan)", "POINT EMPTY", "POINT (inf 0)"]
    file = stored(tmp_path / "input", [MAIN] * len(wkt))
    _replace(file, pa.array(shapely.to_wkb(shapely.from_wkt(wkt)), pa.binary()))
    found = built(tmp_path / "build", {COUNTY: file})
    assert (found.manifest["rows_read"], found.manifest["rows_nowhere"], found.manifest["rows"]) == (7, 6, 1)


def test_shapes_stand_where_a_point_within_them_is(tmp_path: Path) -> None:
    file = stored(tmp_path / "input", [MAIN])
    _replace(file, pa.array([shapely.to_wkb(shapely.box(1, 1, 3, 3))], pa.binary()))
    assert built(tmp_path / "build", {COUNTY: file}).rows("st_astext(geometry)") == [("POINT (2 2)",)]


def _replace(file: Path, geometry: pa.Array) -> None:
    table = pq.read_table(file)
    pq.write_table(table.set_column(table.column_names.index("geometry"), "geometry", geometry), file)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-300])


def _not_parquet(file: Path) -> None:
    file.write_text("Not Found")


def _without_street(file: Path) -> None:
    pq.write_table(pq.read_table(file).drop_columns(["street", "hash"]), file)


def _other_bytes(file: Path) -> None:
    _replace(file, pa.array([b"x"]))


def _other_type(file: Path) -> None:
    _replace(file, pa.array([1.5]))


def _damaged_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[4:400] = bytes(396)
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_cut, "cannot be read"),
        (_not_parquet, "cannot be read"),
        (_without_street, "has no column hash, street"),
        (_other_bytes, "cannot be read"),
        (_other_type, "cannot be read"),
        (_damaged_page, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_left_out_and_named(harm: Any, words: str, tmp_path: Path) -> None:
    files = {COUNTY: stored(tmp_path / "0", [MAIN]), CITY: stored(tmp_path / "1", [MAIN | {"hash": "kept"}])}
    harm(files[COUNTY])
    found = built(tmp_path / "build", files)
    assert found.rows("hash, is_best") == [("kept", True)]
    (left_out,) = found.manifest["left_out"]
    assert (left_out["source"], left_out["problem"]["code"]) == ("xx/county", "COLLECTION_MEMBER_BAD")
    assert words in left_out["problem"]["message"]
    assert [source["source"] for source in found.manifest["sources"]] == ["xx/city_of_town"]


def test_of_a_file_that_breaks_off_no_row_is_taken(tmp_path: Path) -> None:
    rows = BATCH_ROWS + 1
    file = stored(tmp_path / "0", [MAIN] * rows)
    good = shapely.to_wkb(shapely.Point(1, 1))
    _replace(file, pa.array([good] * (rows - 1) + [b"x"], pa.binary()))
    found = built(tmp_path / "build", {COUNTY: file, CITY: stored(tmp_path / "1", [MAIN])})
    assert found.manifest["rows"] == 1


def test_a_source_without_rows_is_named_and_harms_nobody(tmp_path: Path) -> None:
    found = of_rows(tmp_path, {COUNTY: [], CITY: [MAIN]})
    assert [(source["source"], source["rows"]) for source in found.manifest["sources"]] == [
        ("xx/city_of_town", 1),
        ("xx/county", 0),
    ]


@pytest.mark.parametrize("rows", [{}, {COUNTY: []}, {COUNTY: [{"number": "1", "street": "Main St"}]}])
def test_nothing_to_build_from_is_a_problem(rows: dict[Input, Sequence[Any]], tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as raised:
        of_rows(tmp_path, rows)
    assert raised.value.problem.code is Code.COLLECTION_EMPTY


def test_a_build_that_would_lose_a_source_is_refused() -> None:
    problem = Problem(Code.COLLECTION_MEMBER_BAD, "extract.parquet cannot be read.")
    taken = [Taken(CITY, 5), Taken(COUNTY, problem=problem)]
    report.refuse_to_shrink(taken, {})
    report.refuse_to_shrink(taken, {"sources": [{"source": "xx/city_of_town", "name": "city"}]})
    with pytest.raises(ProblemError, match=r"1 of 1 .* xx/county \(county\): extract.parquet cannot be read"):
        report.refuse_to_shrink(taken, {"sources": [{"source": "xx/county", "name": "county"}]})


def test_a_full_disk_and_too_little_memory_have_names(tmp_path: Path) -> None:
    with pytest.raises(ProblemError) as raised, opened(tmp_path) as database:
        database._connection.execute("set max_temp_directory_size = '1MB'; set memory_limit = '20MB'")
        database._connection.execute(
            "create temp table t as select md5(i::varchar) from range(3_000_000) r(i) order by 1"
        )
    assert raised.value.problem.code is Code.DISK_FULL


def test_made_up_addresses_are_found_again(tmp_path: Path) -> None:
    found = dedupe.run(20_000, tmp_path)
    assert found.rows > 10_000
    assert found.precision > dedupe.PRECISION_GOAL
    assert found.recall > dedupe.RECALL_GOAL
