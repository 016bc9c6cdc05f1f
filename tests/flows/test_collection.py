"""The flow of collections: alone, with retries for what may pass, and killed while somebody reads."""

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.embedded.service import ROOT
from flows.batch_set import batch_set
from flows.collection import alone, collect_alone, collection
from flows.services import Services
from tests.collecting.kills import ROWS, killed, of_two_runs
from tests.collecting.victims import FLIP, MAKERS
from tests.collecting.world import World
from tests.flows.conftest import Town, state_of

ON_A_SMALL_DISK = 'mount -t tmpfs -o size=16m tmpfs "$0" || exit 99; exec "$@"'
KILLS = int(os.environ.get("OPENADDR_KILLS", "2"))


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


@pytest.mark.slow
@pytest.mark.proves("I5", "I6", "I9", kind="makers of collections killed")
@pytest.mark.timeout(120 + 30 * KILLS)
@pytest.mark.parametrize(
    "what, kept_in", [("collection", "folder"), ("collection", "bucket"), ("deduplicated", "folder")]
)
def test_whoever_is_killed_leaves_whole_collections_to_readers_and_two_at_once_make_one(
    what: str, opened: Services, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    found = killed(opened, opened.storage, tmp_path, what, KILLS, 1, 1)
    record_property("faults", found.killed)
    record_property("looks", found.looks)
    assert found.breaches == [] and found.looks > KILLS and len(found.seen) == 2


@pytest.mark.slow
@pytest.mark.proves("I5", "I6", kind="disk full under makers of collections")
@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize(
    "full, room, code",
    [("storage", 8_192, "STORAGE_FULL"), ("work", 0, "DISK_FULL")],
)
def test_on_a_disk_that_is_full_the_last_good_files_stay_and_the_record_says_why(
    what: str, full: str, room: int, code: str, opened: Services, tmp_path: Path
) -> None:
    world = of_two_runs(opened, tmp_path)
    assert MAKERS[what](opened, threading.Event()).name == "Completed"
    with opened.pool.connection() as conn:
        conn.execute(FLIP)
    arguments, folder = [what, str(room), str(tmp_path / full)], tmp_path / full
    if full == "storage":
        arguments.append(str(shutil.copytree(folder, tmp_path / "copy")))
    # In a namespace of its own anybody may mount, and the disk is gone with the process.
    alone = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", ON_A_SMALL_DISK, str(folder)]
    command = [*alone, sys.executable, "-m", "tests.collecting.full", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    (name, problems, rows), after = json.loads(done.stdout)
    assert (name, list(problems.values())) == ("Failed", [code])
    assert rows == ROWS[1] or (room and rows == ROWS[0]), "what is read is whole, and what fits is new"
    assert after == ["Completed", {}, ROWS[0]]
    assert world.problems() == {}
