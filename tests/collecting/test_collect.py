"""Collections made of real files of real runs."""

import os
import zipfile
from pathlib import Path

import pyogrio
import pytest

from openaddr.db.records import RunStatus, Trust
from openaddr.errors import Code, ProblemError
from openaddr.outputs.csv_zip import CsvZip
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About
from tests.collecting.world import World, houses
from tests.outputs.extracts import points

GLOBAL = "openaddr-collected-global"


def of_two(world: World) -> World:
    """A town in Berlin, one in Norway that is share-alike."""
    world.begin()
    world.add("de/berlin", houses(3))
    world.add("no/countrywide", houses(5, 11.95), share_alike=True)
    world.end()
    return world


def test_an_archive_has_tables_descriptions_summaries_readme_and_licences(any_world: World) -> None:
    report = of_two(any_world).collect()
    assert report.problems == {} and len(report.made) == 12
    found = any_world.archive("global")
    assert list(found) == [
        "README.txt", "LICENSE.txt", "de/berlin.csv", "de/berlin.vrt",
        "summary/de/berlin-summary.csv", "summary/de/berlin-summary.vrt",
    ]  # fmt: skip
    rows = any_world.rows("global", "de/berlin")
    assert [row[:4] for row in rows] == [["10.0", "50.0", "0", "Main, St"], ["10.02", "50.0", "1", "Straße\n1"],
                                         ["10.04", "50.0", "2", "Main, St"]]  # fmt: skip
    assert found["summary/de/berlin-summary.csv"].decode().splitlines() == [
        "count,lon,lat,area",
        '3,10.0,50.0,"POLYGON((10.0 50.0, 10.0 50.1, 10.1 50.1, 10.1 50.0, 10.0 50.0))"',
    ]
    assert (
        "License: CC BY 4.0 (https://cc.example/by)\nRequired attribution: Town of X" in found["LICENSE.txt"].decode()
    )
    assert "tree/0123456789abcdef0123456789abcdef01234567/sources" in found["README.txt"].decode()
    assert len(any_world.rows("europe-sa", "no/countrywide")) == 5
    record = any_world.published()[GLOBAL]
    stored = any_world.storage.head(record.key)
    assert stored and (record.rows, record.bytes, record.sha256) == (3, stored.bytes, stored.sha256)
    assert stored.about.media_type == "application/zip"


def test_summaries_and_tables_open_by_their_descriptions(world: World, tmp_path: Path) -> None:
    of_two(world).collect()
    with zipfile.ZipFile(world.fetch("collections/openaddr-collected-global-sa.zip")) as archive:
        archive.extractall(tmp_path / "unpacked")
    table = tmp_path / "unpacked/no/countrywide.vrt"
    squares = tmp_path / "unpacked/summary/no/countrywide-summary.vrt"
    assert pyogrio.read_info(table, force_feature_count=True)["features"] == 5
    assert pyogrio.read_info(squares, force_feature_count=True)["features"] == 2
    assert pyogrio.read_info(squares)["geometry_type"] == "Polygon"


def test_the_same_runs_give_the_same_bytes_and_are_not_made_again(world: World) -> None:
    of_two(world).collect()
    before = world.published()
    again = world.collect()
    assert again.made == [] and len(again.same) == 12 and world.published() == before
    world.storage.delete(before[GLOBAL].key)
    assert world.collect().made == [GLOBAL]
    assert world.published()[GLOBAL].sha256 == before[GLOBAL].sha256


def test_an_older_good_run_stays_in_when_newer_ones_fail(world: World) -> None:
    of_two(world).collect()
    world.begin()
    world.add("de/berlin", status=RunStatus.FAILED)
    world.add("no/countrywide", status=RunStatus.SKIPPED, share_alike=True)
    world.add("se/x", status=RunStatus.FAILED)
    world.end()
    assert world.collect().made == []
    assert len(world.rows("global", "de/berlin")) == 3


def test_a_source_whose_file_cannot_be_read_any_more_stays_in_under_its_licence(world: World) -> None:
    of_two(world).collect()
    world.begin()
    world.add("de/berlin")
    world.add("no/countrywide", content=b"{", layer="", name="", status=RunStatus.FAILED)  # type: ignore[arg-type]
    world.end()
    world.collect()
    assert len(world.rows("global-sa", "no/countrywide")) == 5


def test_what_left_the_repository_or_its_licence_leaves_collections_and_the_page_says_so(world: World) -> None:
    of_two(world).collect()
    world.begin()
    world.add("de/berlin", share_alike=True)
    world.add("de/hamburg")
    world.end()
    report = world.collect()
    assert "no-sa-addresses" in report.removed and "openaddr-collected-no-sa" in report.removed
    assert world.storage.head("collections/openaddr-collected-no-sa.zip") is None
    assert "no/countrywide.csv" not in world.archive("global-sa")
    assert world.published()["openaddr-collected-global-sa"].manifest["gone"]["named"] == ["no/countrywide"]
    assert "de/berlin.csv" in world.archive("global-sa") and "de/hamburg.csv" in world.archive("global")


def test_what_is_not_merged_is_in_no_collection(world: World) -> None:
    of_two(world)
    world.begin()
    world.add("de/berlin", houses(1), trust=Trust.UNMERGED)
    world.add("de/unknown", houses(1), trust=Trust.UNKNOWN)
    world.end()
    world.collect()
    assert [name for name in world.archive("global") if name.endswith(".vrt") and "summary" not in name] == [
        "de/berlin.vrt"
    ]
    assert len(world.rows("global", "de/berlin")) == 3


def test_several_sources_of_one_layer_have_a_table_each(world: World) -> None:
    world.begin()
    for name in ("city", "../county"):
        world.add("us/ca/x", name=name, names=("city", "../county"))
    world.add("us/ca/x-city")
    world.end()
    world.collect()
    tables = [name for name in world.archive("us_west") if name.endswith(".csv") and not name.startswith("summary")]
    assert len(set(tables)) == 3 and "us/ca/x-city.csv" in tables and all(".." not in name for name in tables)


def test_an_empty_set_is_a_named_problem_and_leaves_all_as_it_was(world: World) -> None:
    of_two(world).collect()
    before = world.published()
    world.begin()
    world.end()
    with pytest.raises(ProblemError) as raised:
        world.collect()
    assert raised.value.problem.code is Code.COLLECTION_EMPTY
    assert world.problems() == {"": "COLLECTION_EMPTY"} and world.published() == before
    assert world.storage.head(before[GLOBAL].key)


def test_a_source_without_any_place_is_left_out_by_name(world: World) -> None:
    world.begin()
    world.add("de/berlin")
    world.add("de/nowhere", points([{"number": "1"}]))
    world.end()
    world.collect()
    left = world.published()[GLOBAL].manifest["left_out"]
    assert left == {"count": 1, "named": [{"path": "de/nowhere", "reason": "none of its rows has a place on Earth"}]}


def test_a_source_without_any_row_is_left_out_by_name_and_harms_nothing(world: World) -> None:
    world.begin()
    world.add("de/berlin")
    world.add("de/empty", houses(0))
    world.end()
    assert world.collect().problems == {}
    assert world.published()[GLOBAL].manifest["left_out"]["named"][0]["path"] == "de/empty"
    assert world.published()["global-addresses"].rows == 3 and "de/empty.csv" not in world.archive("global")


@pytest.mark.parametrize(
    "what, words",
    [
        ("gone", "is not in storage"),
        ("cut off", "sha256"),
        ("no zip", "not a zip file"),
        ("no table", "has 0 tables"),
        ("no columns", "LON"),
        ("no number", "conversion error"),
        ("off earth", "1 of its 2 rows are not on Earth"),
        ("damaged inside", "cannot be read"),
    ],
)
def test_a_bad_archive_of_a_run_is_named_and_keeps_what_there_was(world: World, what: str, words: str) -> None:
    of_two(world).collect()
    world.begin()
    world.add("de/hamburg")
    run = world.add("de/berlin", houses(7))
    world.end()
    _make_bad(world, f"runs/{run}/addresses.zip", what)
    report = world.collect()
    assert report.problems.keys() == {"tiles"} and "de/hamburg.csv" in world.archive("global")
    assert len(world.rows("global", "de/berlin")) == 3, "those of the archive before"
    (kept,) = world.published()[GLOBAL].manifest["kept"]["named"]
    assert kept["path"] == "de/berlin" and words in kept["reason"], kept
    assert GLOBAL in world.collect().same


def test_what_is_damaged_after_it_was_looked_at_is_kept_and_looked_at_again(world: World) -> None:
    of_two(world).collect()
    key = "runs/1/addresses.zip"
    good = world.fetch(key)
    _make_bad(world, key, "damaged inside")
    world.storage.delete(f"collections/{GLOBAL}.zip")
    assert world.collect().problems.keys() == {GLOBAL, "tiles"}, "the other archives are as they were"
    assert "de/berlin.csv" in world.archive("de")
    with zipfile.ZipFile(world.folder / "repacked.zip", "w", zipfile.ZIP_STORED) as again, zipfile.ZipFile(good) as old:
        again.writestr("x.csv", old.read("de-berlin.csv"))
    world.storage.put(key, world.folder / "repacked.zip", About(CsvZip.MEDIA_TYPE))
    assert world.collect().problems == {} and len(world.rows("global", "de/berlin")) == 3


def _make_bad(world: World, key: str, what: str) -> None:
    storage, kind = world.storage, About(CsvZip.MEDIA_TYPE)
    good = world.fetch(key).read_bytes()
    path = world.folder / "bad.zip"
    tables = {
        "no table": None,
        "no columns": "A,B\r\n1,2\r\n",
        "no number": "LON,LAT\r\n1,2\r\nx,y\r\n",
        "off earth": "LON,LAT\r\n1,2\r\n181,2\r\n",
    }
    if what == "gone":
        storage.delete(key)
    elif what == "cut off":
        assert isinstance(storage, Folder)
        stat = (storage.root / key).stat()
        (storage.root / key).write_bytes(good[:-5])
        os.utime(storage.root / key, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    elif what == "no zip":
        storage.put(key, b"<html>", kind)
    elif what == "damaged inside":
        middle = good.find(b".csv") + 100
        storage.put(key, good[:middle] + bytes(30) + good[middle + 30 :], kind)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", "nothing else")
            if table := tables[what]:
                archive.writestr("x.csv", table)
        storage.put(key, path, kind)
