"""GeoParquet of many sources."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from openaddr.stages import Layer
from openaddr.storage.objects import About
from tests.collecting.world import World, houses
from tests.outputs.extracts import shapes

KEY = "collections/global-addresses.parquet"


def of_three(world: World) -> World:
    world.begin()
    world.add("de/berlin", houses(3))
    world.add("de/hamburg", houses(4, 9.0))
    world.add("de/berlin", shapes(Layer.BUILDINGS, ["POLYGON((1 1, 2 1, 2 2, 1 1))", None]), layer=Layer.BUILDINGS)
    world.end()
    return world


def test_all_rows_are_there_with_their_source_and_the_file_is_geoparquet(any_world: World) -> None:
    of_three(any_world).collect()
    path = any_world.fetch(KEY)
    rows = pq.read_table(path).select(["source", "source_name", "number", "street"]).to_pylist()
    assert [(row["source"], row["number"]) for row in rows if row["source"] == "de/hamburg"] == [
        ("de/hamburg", f"{number}") for number in range(4)
    ]
    assert len(rows) == 7 and {row["source_name"] for row in rows} == {"town"}
    metadata = pq.read_schema(path).metadata
    geo = json.loads(metadata[b"geo"])["columns"]["geometry"]
    assert geo["geometry_types"] == ["Point"] and geo["bbox"] == [9.0, 50.0, 10.04, 50.0]
    assert b"Required attribution: Town of X" in metadata[b"license"]
    buildings = pq.read_table(any_world.fetch("collections/europe-buildings.parquet"))
    assert buildings.num_rows == 2 and buildings["geometry"].null_count == 1
    assert any_world.published()["europe-buildings"].rows == 2


def test_duckdb_finds_rows_by_box_in_it(world: World) -> None:
    of_three(world).collect()
    query = f"select count(*) from '{world.fetch(KEY)}' where bbox.xmin < 9.5"
    assert duckdb.connect().execute(query).fetchall() == [(4,)]


@pytest.mark.parametrize("what", ["gone", "cut off", "no columns"])
def test_a_bad_file_of_a_run_keeps_the_rows_that_there_were(any_world: World, what: str) -> None:
    of_three(any_world).collect()
    any_world.begin()
    any_world.add("de/berlin", houses(9))
    run = any_world.add("de/hamburg", houses(8))
    any_world.end()
    key, kind = f"runs/{run}/extract.parquet", About("application/vnd.apache.parquet")
    if what == "gone":
        any_world.storage.delete(key)
    elif what == "cut off":
        any_world.storage.put(key, any_world.fetch(key).read_bytes()[:-50], kind)
    else:
        any_world.storage.put(key, any_world.fetch("runs/3/extract.parquet"), kind)
    assert any_world.collect().problems == {}
    rows = [row["source"] for row in pq.read_table(any_world.fetch(KEY)).select(["source"]).to_pylist()]
    assert (rows.count("de/berlin"), rows.count("de/hamburg")) == (9, 4)
    (kept,) = any_world.published()["global-addresses"].manifest["kept"]["named"]
    assert kept["path"] == "de/hamburg" and key in kept["reason"]
    assert len(any_world.rows("global", "de/hamburg")) == 8, "the archive of the run is as good as ever"


def test_without_rows_from_before_nothing_is_published_and_the_record_says_why(world: World, tmp_path: Path) -> None:
    world.begin()
    run = world.add("de/berlin")
    world.add("fr/paris")
    world.end()
    world.storage.delete(f"runs/{run}/extract.parquet")
    report = world.collect()
    assert {"global-addresses", "europe-addresses", "de-addresses"} == report.problems.keys()
    assert world.problems()["de-addresses"] == "COLLECTION_INCOMPLETE"
    assert world.storage.head(KEY) is None and "fr-addresses" in world.published()
    world.storage.put(f"runs/{run}/extract.parquet", world.fetch("runs/2/extract.parquet"), About())
    assert world.collect().problems == {} and world.problems() == {}
