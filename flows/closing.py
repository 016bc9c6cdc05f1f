"""Ends flow runs of which Prefect does not notice that they are dead."""

import logging
from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from flows import policies
from openaddr.machines import PROCESS

log = logging.getLogger("openaddr.flows")

OURS = WorkPoolFilter(name=WorkPoolFilterName(any_=["machine"]))
"""The flow runs of our work pool: a server may have others."""
PENDING = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING])))


async def close_stuck(work_pool: str = PROCESS) -> int:
    """End flow runs whose worker was killed between taking and starting them; gives how many.

    Prefect would have them PENDING for ever, and they would fill their queue.
    """
    count, most = 0, policies.PENDING_SECONDS if work_pool == PROCESS else policies.CLUSTER_PENDING_SECONDS
    async with get_client() as client:
        for found in await client.read_flow_runs(flow_run_filter=PENDING, work_pool_filter=OURS):
            if (waited := _seconds(found)) > most:
                log.warning("flow run %s was taken %.0f s ago and never started", found.name, waited)
                message = f"A worker took it {waited:.0f} s ago and never started it."
                await client.set_flow_run_state(found.id, Crashed(message=message))
                count += 1
    return count


def _seconds(found: FlowRun) -> float:
    """Since when it is in its state."""
    assert found.state is not None, "it was found by its state"
    return (datetime.now(UTC) - found.state.timestamp).total_seconds()
