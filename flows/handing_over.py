"""Asks Prefect to have a run worked on, by whoever works on a queue."""

from collections.abc import Sequence
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun
from prefect.deployments import arun_deployment

from openaddr.db.records import Run, Set

SOURCE_RUN, BATCH_SET = "source-run/source-run", "batch-set/batch-set"
AT_ONCE = 200
"""Flow runs that Prefect tells of in one answer."""


def name_of(run: Run) -> str:
    """What a flow run of it is called."""
    return " ".join(filter(None, (run.source_id, run.layer, run.name, f"#{run.id}")))


def key_of(run: Run) -> str:
    """By what Prefect knows the flow run of this attempt at a run."""
    return f"run-{run.id}-{run.attempt}"


async def hand_over(run: Run, queue: str | None = None) -> FlowRun:
    """Ask for a run to be worked on. None = the queue of the deployment."""
    parameters = {"run_id": run.id}
    return await _ask(SOURCE_RUN, key_of(run), flow_run_name=name_of(run), parameters=parameters, work_queue_name=queue)


async def go_on(found: Set) -> FlowRun:
    """Ask for a set that was broken off to be worked on; of two who do, the second leaves."""
    name = f"{found.repository} set {found.id}, again"
    return await _ask(BATCH_SET, f"set-{found.id}", flow_run_name=name, parameters={"set_id": found.id})


async def _ask(deployment: str, key: str, **options: Any) -> FlowRun:
    """Ask once: whoever asks again gets the same flow run, unless that one is dead by now.

    Prefect answers a key with the flow run that it had first, however that ended. So each dead one has a successor,
    whose key names it: all who ask follow the same chain to its end.
    """
    asked = key
    while True:
        found = await arun_deployment(deployment, **options, idempotency_key=asked, timeout=0, as_subflow=False)
        if found.state is None or not found.state.is_final():
            return found
        asked = f"{key}-after-{found.id}"


async def forgotten(found: Sequence[Run]) -> list[Run]:
    """Those of some runs in the queue that were handed over and have no flow run to wait for, because it is dead."""
    going_on: set[str | None] = set()
    alive = FlowRunFilterState(type=FlowRunFilterStateType(not_any_=list(TERMINAL_STATES)))
    async with get_client() as client:
        for start in range(0, len(found), AT_ONCE):
            keys = FlowRunFilterIdempotencyKey(any_=[key_of(run) for run in found[start : start + AT_ONCE]])
            chosen = FlowRunFilter(idempotency_key=keys, state=alive)
            going_on |= {each.idempotency_key for each in await client.read_flow_runs(flow_run_filter=chosen)}
    return [run for run in found if key_of(run) not in going_on]
