"""Flow runs that a stack left behind when it was stopped or killed."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import State, StateType

AT_WORK = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
AT_ONCE = 100
MESSAGE = "The machine was stopped while this ran."


def close(client: SyncPrefectClient) -> list[str]:
    """End every flow run that is said to be at work, on a server that no worker can have been using; says which.

    Prefect would wait for their heartbeats, those that were still PENDING for ever, and meanwhile they fill their
    queues. The crash starts a sweep (`automations`), which takes up what the record says was not finished.
    """
    states = FlowRunFilterState(type=FlowRunFilterStateType(any_=AT_WORK))
    changes = []
    while found := client.read_flow_runs(flow_run_filter=FlowRunFilter(state=states), limit=AT_ONCE):
        for run in found:
            state: State[None] = State(type=StateType.CRASHED, name="Crashed", message=MESSAGE)
            client.set_flow_run_state(run.id, state, force=True)
            changes.append(f"closed flow run {run.name}, which was {run.state_name}")
    return changes
