"""The build from runs on the record to files in the storage, and what becomes of it when something is wrong."""

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from openaddr.db.collections import DEDUPLICATED
from openaddr.db.records import Collection
from openaddr.deduping.deduplicate import FOLDER, MANIFEST, Desk, deduplicate, disk_named
from openaddr.errors import Code, ProblemError
from openaddr.storage.objects import About, Storage
from tests.collecting.world import World, houses


def made(world: World) -> Collection | None:
    """Make the build in a folder that is as empty afterwards as before."""
    work = world.folder / f"work-{next(world.numbers)}"
    work.mkdir()
    return deduplicate(Desk(world.pool, world.storage, work))


def rows(world: World, select: str = "source, is_best") -> list[tuple[Any, ...]]:
    """What the files say that the manifest names."""
    paths = [str(world.fetch(file["key"])) for file in manifest(world)["files"]]
    query = f"select {select} from read_parquet($paths) order by all"
    return duckdb.execute(query, {"paths": paths}).fetchall()


def manifest(world: World) -> dict[str, Any]:
    """The manifest as it is stored."""
    found: dict[str, Any] = json.loads(world.fetch(MANIFEST).read_text())
    return found


def keys(storage: Storage) -> set[str]:
    """Prefixes that have files."""
    return {listed.key.split("/")[2] for listed in storage.list(FOLDER)}


def of_two(world: World, *more: str) -> dict[str, int]:
    """A county and a city of it, with the same three houses."""
    world.begin()
    found = {source: world.add(source, houses(3)) for source in ("xx/yy/county", "xx/yy/city_of_town", *more)}
    world.end()
    return found


def test_a_build_has_all_rows_and_says_which_are_the_best(any_world: World) -> None:
    of_two(any_world)
    found = made(any_world)
    assert found and (found.name, found.key, found.rows) == (DEDUPLICATED, MANIFEST, 6)
    # A number 0 is none.
    assert rows(any_world, "source, number, is_best") == [
        *(("xx/yy/city_of_town", number, True) for number in "012"),
        *(("xx/yy/county", number, number == "0") for number in "012"),
    ]
    assert rows(any_world, "distinct licence") == [("CC BY 4.0 (https://cc.example/by)",)]
    stored = any_world.storage.head(MANIFEST)
    assert stored and stored.sha256 == found.sha256
    assert found.manifest == manifest(any_world)
    assert found.manifest["not_best"] == {"less_local": 2}
    assert found.bytes == sum(file["bytes"] for file in found.manifest["files"])
    sources = [(source["source"], source["locality"], source["attribution"]) for source in found.manifest["sources"]]
    assert sources == [("xx/yy/city_of_town", "city", "Town of X"), ("xx/yy/county", "county", "Town of X")]
    assert any_world.storage.head("collections/overture.sql")


def test_a_build_of_the_same_runs_is_not_made_again(world: World) -> None:
    of_two(world)
    assert made(world) and made(world) is None
    world.storage.delete(MANIFEST)
    assert made(world), "what is on the record has to be what is stored"


def test_the_build_before_stays_for_its_readers_and_older_ones_go(world: World) -> None:
    prefixes = []
    for _ in range(3):
        of_two(world)
        found = made(world)
        assert found
        prefixes.append(found.manifest["prefix"].split("/")[2])
        assert keys(world.storage) == set(prefixes[-2:])


def test_a_source_that_is_gone_from_the_repository_is_named(world: World) -> None:
    of_two(world, "xx/yy/other")
    assert made(world)
    of_two(world)
    found = made(world)
    assert found and found.manifest["removed"] == [["xx/yy/other", "town"]]


def test_a_source_without_any_row_harms_nothing(world: World) -> None:
    world.begin()
    world.add("xx/yy/county", houses(3))
    world.add("xx/yy/empty", houses(0))
    world.end()
    found = made(world)
    assert found and found.rows == 3
    assert [(source["source"], source["rows"]) for source in found.manifest["sources"]][1] == ("xx/yy/empty", 0)


@pytest.mark.parametrize("harm", ["gone", "other bytes", "not parquet"])
def test_a_source_that_cannot_be_read_is_left_out_only_if_no_build_has_it(harm: str, world: World) -> None:
    harmed = of_two(world)["xx/yy/county"]
    _harm(world.storage, f"runs/{harmed}/extract.parquet", harm, world.folder)
    found = made(world)
    assert found and rows(world) == [("xx/yy/city_of_town", True)] * 3
    (left_out,) = found.manifest["left_out"]
    assert (left_out["source"], left_out["problem"]["code"]) == ("xx/yy/county", "COLLECTION_MEMBER_BAD")
    harmed = of_two(world)["xx/yy/city_of_town"]
    _harm(world.storage, f"runs/{harmed}/extract.parquet", harm, world.folder)
    with pytest.raises(ProblemError) as raised:
        made(world)
    assert raised.value.problem.code is Code.COLLECTION_INCOMPLETE
    assert world.published()[DEDUPLICATED] == found, "the build before stays"
    assert rows(world) == [("xx/yy/city_of_town", True)] * 3
    assert world.problems() == {DEDUPLICATED: "COLLECTION_INCOMPLETE"}


def _harm(storage: Storage, key: str, harm: str, folder: Path) -> None:
    if harm == "gone":
        storage.delete(key)
    elif harm == "not parquet":
        storage.put(key, b"Not Found", About())
    else:
        path = folder / "storage" / key
        path.chmod(0o644)
        stamp = path.stat()
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        # As a disk does that forgets bytes: without a new time.
        os.utime(path, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))


def test_a_problem_is_forgotten_when_it_is_over(world: World) -> None:
    with pytest.raises(ProblemError, match="None of 0 layer sources"):
        made(world)
    assert world.problems() == {DEDUPLICATED: "COLLECTION_EMPTY"}
    of_two(world)
    world.collect()
    assert DEDUPLICATED in world.problems(), "that is not for collections to say"
    assert made(world) and world.problems() == {}


def test_a_full_disk_has_a_name_and_harms_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    of_two(world)
    before = made(world)
    of_two(world)
    full = Path("/dev/full")
    with pytest.raises(ProblemError) as raised, disk_named(full), full.open("wb") as file:
        file.write(bytes(1 << 20))
    assert raised.value.problem.code is Code.DISK_FULL
    assert world.published()[DEDUPLICATED] == before


class Stopped(Exception):
    """As if the process died."""


@pytest.mark.parametrize("step", range(5))
def test_whoever_reads_sees_only_whole_builds_wherever_one_dies(step: int, world: World) -> None:
    of_two(world)
    first = made(world)
    of_two(world, "xx/yy/other")
    left = iter(range(step))

    def breathe() -> None:
        if next(left, None) is None:
            raise Stopped

    work = world.folder / "dies"
    work.mkdir()
    with pytest.raises(Stopped):
        deduplicate(Desk(world.pool, world.storage, work, breathe))
    assert first and manifest(world) == first.manifest and len(rows(world)) == 6
    second = made(world)
    assert second and manifest(world) == second.manifest and len(rows(world)) == 9
