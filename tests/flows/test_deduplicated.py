"""The flow of the deduplicated build."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.deduplicated import alone, deduplicate_alone, deduplicated
from flows.services import Services
from openaddr.db import collections, outbox
from openaddr.db.collections import DEDUPLICATED
from openaddr.errors import ProblemError
from openaddr.storage.s3 import S3
from tests.collecting.world import World
from tests.flows.conftest import state_of

pytestmark = [
    pytest.mark.usefixtures("connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def world(opened: Services, tmp_path: Path) -> World:
    """A set of a county and a city of it, in the storage that flows use."""
    found = World(opened.pool, opened.storage, tmp_path)
    found.begin()
    for source in ("xx/yy/county", "xx/yy/city_of_town"):
        found.add(source)
    found.end()
    return found


def made(opened: Services, stop: threading.Event | None = None) -> Any:
    """What one run of the flow says, without Prefect."""
    state = deduplicate_alone(opened, stop or threading.Event())
    return state.name, state.message


def test_a_flow_run_makes_the_build_and_the_next_one_has_nothing_to_do(
    prefect: None, world: World, opened: Services
) -> None:
    state = state_of(deduplicated)
    assert (state.name, state.message) == ("Completed", "6 rows, 4 of them the best of their address.")
    assert made(opened) == ("Unchanged", "The same runs as in the build before.")
    assert world.published()[DEDUPLICATED].rows == 6
    assert list(Path(opened.settings.work_folder).iterdir()) == []


def test_of_two_at_once_the_second_leaves(world: World, opened: Services) -> None:
    with alone(opened) as is_ours:
        assert is_ours and made(opened)[0] == "Left"
    assert made(opened)[0] == "Completed"


def test_a_problem_is_how_a_flow_run_ends_and_pages_are_to_tell(opened: Services) -> None:
    name, message = made(opened)
    assert name == "Failed" and "COLLECTION_EMPTY" in message
    with opened.pool.connection() as conn:
        assert [found.kind for found in outbox.due(conn, 10)] == ["site"]
        assert [found.name for found in collections.problems(conn)] == [DEDUPLICATED]


def test_a_flow_run_that_nobody_waits_for_stops(world: World, opened: Services) -> None:
    stop = threading.Event()
    stop.set()
    assert made(opened, stop)[0] == "Failed"
    assert world.published() == {} and world.problems() == {DEDUPLICATED: "TIME_LIMIT"}


def test_what_may_pass_is_tried_again(credentials: None, world: World, opened: Services) -> None:
    away = replace(opened, storage=S3("bucket", "http://127.0.0.1:9", attempts=1))
    with pytest.raises(ProblemError) as raised:
        made(away)
    assert raised.value.problem.retry
    assert world.problems() == {DEDUPLICATED: "STORAGE_UNREACHABLE"}
