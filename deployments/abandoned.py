"""What a stack left behind in Prefect when it was stopped or killed."""

from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import FlowRunSort

AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
AT_ONCE = 100
MESSAGE = "The machine was stopped while this ran."


def close(client: SyncPrefectClient) -> list[str]:
    """End every flow run that is said to be at work, on a server that no worker can have been using; says which.

    Prefect would wait for their heartbeats, those that were still PENDING for ever, and meanwhile they fill their
    queues. The next sweep takes up what the record says was not finished.
    """
    changes = []
    while found := client.read_flow_runs(flow_run_filter=FlowRunFilter(state=_in(AT_WORK)), limit=AT_ONCE):
        for run in found:
            state: State[None] = State(type=StateType.CRASHED, name="Crashed", message=MESSAGE)
            client.set_flow_run_state(run.id, state, force=True)
            changes.append(f"closed flow run {run.name}, which was {run.state_name}")
    return changes


def thin_out(client: SyncPrefectClient) -> list[str]:
    """Remove what the clock asked for while nobody worked, but for the last run of each deployment; says how many.

    An hour's sweeps all at once would keep the machine from its work.
    """
    before = FlowRunFilterExpectedStartTime.model_validate({"before_": datetime.now(UTC)})
    late = FlowRunFilter(state=_in([StateType.SCHEDULED]), expected_start_time=before)
    newest: set[UUID | None] = set()
    count = offset = 0
    while found := client.read_flow_runs(
        flow_run_filter=late, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=AT_ONCE, offset=offset
    ):
        for run in found:
            if run.auto_scheduled and run.deployment_id in newest:
                client.delete_flow_run(run.id)
                count += 1
            else:
                offset += 1
                newest |= {run.deployment_id} if run.auto_scheduled else set()
    return [f"removed {count} flow runs that the clock had asked for"] if count else []


def _in(types: list[StateType]) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=types))
