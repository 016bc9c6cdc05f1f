"""The flow of collections: alone, with retries for what may pass, and killed while somebody reads."""

import contextlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest

from deployments.embedded.service import ROOT
from flows.batch_set import batch_set
from flows.collection import alone, collect_alone, collection
from flows.services import Services
from openaddr.storage.objects import MissingError
from tests.collecting.world import World, houses
from tests.flows.conftest import Town, state_of

KEY = "collections/openaddr-collected-global.zip"
ROUNDS = int(os.environ.get("OPENADDR_KILLS", "4"))
SOURCES = 6


class Reader:
    """Fetches the archive of the world all the time: each time it has to be whole, and of one collection."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.looks = 0
        self.seen: set[int] = set()
        self.breaches: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._done.wait(0.02):
            with contextlib.suppress(MissingError), self._world.storage.open(KEY) as stream:
                self._look(stream.read())

    def _look(self, content: bytes) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                bad = archive.testzip()
                tables = [name for name in archive.namelist() if name.startswith("de/") and name.endswith(".csv")]
                rows = {archive.read(name).count(b"Main, St") for name in tables}
        except zipfile.BadZipFile as error:
            self.breaches.append(str(error))
            return
        self.looks += 1
        self.seen |= rows
        if bad or len(rows) != 1 or len(tables) != SOURCES:
            self.breaches.append(f"{bad} {rows} {len(tables)}")


@pytest.fixture
def world(opened: Services, tmp_path: Path) -> World:
    """A world in the storage and the record that flows use."""
    return World(opened.pool, opened.storage, tmp_path)


def of_one(world: World) -> World:
    world.begin()
    world.add("de/berlin")
    world.end()
    return world


@pytest.mark.usefixtures("prefect", "connections_of_prefect")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_flow_makes_collections_and_has_the_pages_made(world: World, opened: Services) -> None:
    empty = state_of(collection)
    assert (empty.name, empty.is_completed()) == ("Failed", True) and "COLLECTION_EMPTY" in str(empty.message)
    of_one(world)
    done = state_of(collection)
    assert done.message == "6 collections made, 0 as before, 0 removed, 0 not made; 1 tiles, 1 of them made now"
    with opened.pool.connection() as conn:
        assert conn.execute("select count(*) from outbox where kind = 'site'").fetchone() == (1,)


@pytest.mark.usefixtures("prefect", "connections_of_prefect")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_set_has_downloaded_and_conformed_is_in_its_collections(
    world: World, town: Town, tmp_path: Path
) -> None:
    assert state_of(batch_set, folder=str(town.checkout(tmp_path))).is_completed()
    assert state_of(collection).name == "Completed"
    found = world.archive("xx")
    assert [name for name in found if name.endswith(".csv")] == ["xx/town.csv", "summary/xx/town-summary.csv"]
    with zipfile.ZipFile(world.fetch(f"runs/{town.last_good}/addresses.zip")) as archive:
        assert archive.read("xx-town.csv") == found["xx/town.csv"]
    assert len(world.rows("global", "xx/town")) == 100


def test_of_two_at_once_the_second_leaves_and_a_later_one_works(world: World, opened: Services) -> None:
    of_one(world)
    with alone(opened) as first:
        assert first and collect_alone(opened, threading.Event()).name == "Left"
        assert world.published() == {}
    assert collect_alone(opened, threading.Event()).name == "Completed"
    assert len(world.published()) == 6


def test_what_takes_too_long_ends_between_two_members_and_says_so(world: World, opened: Services) -> None:
    of_one(world)
    stop = threading.Event()
    stop.set()
    late = collect_alone(opened, stop)
    assert late.name == "Failed" and "TIME_LIMIT" in str(late.message) and world.published() == {}
    assert world.problems() == {"": "TIME_LIMIT"}


def test_whoever_is_killed_leaves_whole_collections_to_readers(world: World, opened: Services) -> None:
    world.begin()
    for number in range(SOURCES):
        world.add(f"de/{number:02}", houses(3))
        world.add(f"de/{number:02}", houses(4), in_set=False)
    world.end()
    with Reader(world) as reader:
        command = [sys.executable, "-m", "tests.collecting.killed", str(ROUNDS), "1"]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    assert reader.breaches == [] and reader.looks > ROUNDS and len(reader.seen) == 2
    stored, record = world.storage.head(KEY), world.published()["openaddr-collected-global"]
    assert stored and stored.sha256 == record.sha256 and record.rows in (3 * SOURCES, 4 * SOURCES)
    opened.storage.abort_leftovers(timedelta(seconds=-60))
    assert {found.key.split("/")[0] for found in opened.storage.list("")} == {"runs", "collections", "tiles"}
