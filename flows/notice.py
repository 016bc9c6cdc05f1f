"""`notice`: tells those who run it of a trouble, the same one once an hour at most.

Prefect asks for it when it sees one (`deployments/automations.py`), and so does the sweep. Where notices go is a secret
of the settings here, so that it is not in Prefect's database. Neither record nor storage is needed: they may be the
trouble.
"""

import asyncio
import hashlib
import logging
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import State, StateType
from prefect.states import Completed
from prefect.variables import Variable

from flows import policies
from openaddr import logs, settings
from openaddr.notices import is_wanted, tell
from openaddr.troubles import Kind, Trouble, ago
from openaddr.words import plural

log = logging.getLogger("openaddr.flows")

BAD = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED, StateType.FAILED]))
SHOWN = 300
"""Characters of what a flow run said in the end."""


@flow(
    name="notice",
    timeout_seconds=policies.NOTICE_SECONDS,
    retries=policies.NOTICE_RETRIES,
    retry_delay_seconds=policies.NOTICE_RETRY_SECONDS,
)
async def notice(kind: str, resource: str = "", subject: str = "", sentence: str = "") -> State[None]:
    """Tell of a trouble of a kind (`troubles.Kind`): of one of Prefect's resources, or with a sentence of its own."""
    loaded = settings.load()
    logs.set_up(loaded)
    if not is_wanted(loaded):
        return Completed(name="Nowhere", message="No setting says where notices go.")
    async with get_client() as client:
        trouble = await trouble_of(client, Kind(kind), resource, subject, sentence)
    if await _was_told(trouble):
        return Completed(name="Known", message=f"It was told within the hour: {trouble.title}.")
    problems = await asyncio.to_thread(tell, loaded, trouble)
    await Variable.aset(_memory(trouble), datetime.now(UTC).isoformat(), overwrite=True)
    for problem in problems:
        log.warning("a notice got only to some: %s", problem)
    return Completed(name="Told", message=" ".join([trouble.title, *problems]))


async def trouble_of(client: PrefectClient, kind: Kind, resource: str, subject: str, sentence: str) -> Trouble:
    """What is to be told, as Prefect knows it now."""
    what, _, name = resource.rpartition(".")
    if what == "prefect.flow-run":
        return await _of_flow_run(client, kind, UUID(name))
    if what == "prefect.work-queue":
        queue = await client.read_work_queue(UUID(name))
        seconds = (datetime.now(UTC) - queue.last_polled).total_seconds() if queue.last_polled else 0
        told = f"No worker has asked for work of the queue {queue.name} for {ago(seconds)}."
        return Trouble(kind, told, queue.name)
    return Trouble(kind, sentence, subject)


async def _of_flow_run(client: PrefectClient, kind: Kind, flow_run_id: UUID) -> Trouble:
    found = await client.read_flow_run(flow_run_id)
    name = (await client.read_flow(found.flow_id)).name
    if kind is Kind.SET_LATE:
        so_far = ago(found.estimated_run_time.total_seconds())
        return Trouble(kind, f"The flow run {found.name} of {name} has been under way for {so_far}.")
    since = FlowRunFilterEndTime.model_validate({"after_": datetime.now(UTC) - timedelta(hours=1)})
    of_flow = FlowFilter(id=FlowFilterId(any_=[found.flow_id]))
    lately = FlowRunFilter(state=BAD, end_time=since)
    count = await client.count_flow_runs(flow_filter=of_flow, flow_run_filter=lately)
    said = found.state.message if found.state and found.state.message else "nothing"
    told = f"{plural(max(count, 1), 'flow run')} of {name} crashed or failed within an hour"
    return Trouble(kind, f"{told}; the last, {found.name}, said: {' '.join(said.split())[:SHOWN]}", name)


async def _was_told(trouble: Trouble) -> bool:
    """Whether it was told within the hour. Prefect remembers; that its database may be wiped costs a notice more."""
    last = await Variable.aget(_memory(trouble))
    pause = timedelta(seconds=policies.NOTICE_PAUSE_SECONDS)
    return isinstance(last, str) and datetime.now(UTC) - datetime.fromisoformat(last) < pause


def _memory(trouble: Trouble) -> str:
    """The name of the variable in which Prefect keeps when a trouble was told last."""
    return f"notice_{hashlib.sha256(f'{trouble.kind} {trouble.subject}'.encode()).hexdigest()[:16]}"
