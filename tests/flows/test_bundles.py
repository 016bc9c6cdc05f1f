"""Which runs of a set go to a fleet together, and what becomes of them when whoever has them dies."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from flows.bundles import bundles
from flows.source_runs import source_runs
from openaddr.db import runs
from openaddr.db.records import Run, RunStatus
from tests.flows.conftest import Town, state_of

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def kept_in() -> str:
    """The storage does not matter."""
    return "folder"


def queued(town: Town, count: int, **changes: Any) -> list[Run]:
    """Runs of as many sources."""
    ids = [town.queued(source_id=f"xx/town-{number}") for number in range(count)]
    return [replace(town.row(run_id), **changes) for run_id in ids]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([("small", 1.0)] * 10, [4, 4, 2]),
        ([("small", None)] * 60, [5] * 12),
        ([("small", 1.0)] * 400, [25] * 16),
        ([("small", 60.0)] * 60, [5] * 12),
        ([("small", 100.0)] * 60, [3] * 20),
        ([("small", 299.0), ("small", 301.0), ("small", 2.0)], [1, 1, 1]),
        ([("medium", 1.0), ("small", 1.0), ("small", 1.0), ("large", 900.0)], [1, 2, 1]),
        ([], []),
    ],
)
def test_small_runs_go_together_for_minutes_and_others_alone(
    town: Town, sizes: list[tuple[str, float | None]], expected: list[int]
) -> None:
    (run,) = queued(town, 1)
    found = [
        replace(run, id=number, size_class=size_class, expected_seconds=seconds)
        for number, (size_class, seconds) in enumerate(sizes)
    ]
    grouped = list(bundles(found))
    assert [len(group) for group in grouped] == expected
    assert [each for group in grouped for each in group] == found, "each once, in the same order"


def test_what_a_dead_flow_run_had_not_begun_is_given_to_others_with_what_it_had(town: Town) -> None:
    first, second, third = queued(town, 3)
    ours, others = uuid4(), uuid4()
    with town.opened.pool.connection() as conn:
        for run in (first, second, third):
            runs.mark_dispatched(conn, run.id)
        runs.note_flow_run(conn, [first.id, second.id], ours)
        runs.note_flow_run(conn, [third.id], others)
        assert runs.claim(conn, first.id, "who dies", ours, -1, 60)
        (released,) = runs.release_expired(conn)
    assert (released.id, released.status, released.attempt) == (first.id, RunStatus.QUEUED, 2)
    left, kept = town.row(second.id), town.row(third.id)
    assert (left.dispatched_at, left.flow_run_id, left.attempt) == (None, None, 1)
    assert kept.dispatched_at is not None and kept.flow_run_id == others


def test_a_run_that_is_in_the_queue_again_is_not_noted_as_somebodys(town: Town) -> None:
    (run,) = queued(town, 1)
    with town.opened.pool.connection() as conn:
        runs.note_flow_run(conn, [run.id], uuid4())
    assert town.row(run.id).flow_run_id is None


def test_the_runs_of_a_bundle_are_done_in_turn_and_one_that_surprises_us_stops_no_other(
    town: Town,
) -> None:
    good, worse, last = queued(town, 3)
    with town.opened.pool.connection() as conn:
        conn.execute("update runs set size_class = 'unheard of' where id = %s", [worse.id])
    state = state_of(source_runs, [good.id, worse.id, last.id])
    assert state.name == "Failed" and state.message == "2 succeeded, 1 surprised"
    assert [town.row(run.id).status for run in (good, worse, last)] == [
        RunStatus.SUCCEEDED,
        RunStatus.RUNNING,
        RunStatus.SUCCEEDED,
    ]
    assert town.row(good.id).flow_run_id == town.row(last.id).flow_run_id is not None
