"""Asks Prefect to have a run, a set or a delivery worked on, by whoever works on a queue."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun

from openaddr.db.records import Run, Set
from openaddr.troubles import Trouble

SOURCE_RUN, BATCH_SET, CI_JOB = "source-run/source-run", "batch-set/batch-set", "ci-job/ci-job"
NOTICE = "notice/notice"
AT_ONCE = 200
"""Flow runs that Prefect tells of in one answer."""


def name_of(run: Run) -> str:
    """What a flow run of it is called."""
    return " ".join(filter(None, (run.source_id, run.layer, run.name, f"#{run.id}")))


def key_of(run: Run) -> str:
    """By what Prefect knows the flow run of this attempt at a run."""
    return f"run-{run.id}-{run.attempt}"


@dataclass(frozen=True)
class Desk:
    """Where work is handed over: one connection to Prefect, and the deployments that were looked up by it.

    Opening a connection and looking up a deployment costs more than what is asked for: for one run it does not
    matter, for the thousands of a set it does.
    """

    client: PrefectClient
    deployments: dict[str, UUID] = field(default_factory=dict)

    async def hand_over(self, run: Run, queue: str | None = None) -> FlowRun:
        """Ask for a run to be worked on. None = the queue of the deployment."""
        return await self._ask(SOURCE_RUN, key_of(run), name_of(run), {"run_id": run.id}, queue)

    async def go_on(self, found: Set) -> FlowRun:
        """Ask for a set that was broken off to be worked on; of two who do, the second leaves."""
        name = f"{found.repository} set {found.id}, again"
        return await self._ask(BATCH_SET, f"set-{found.id}", name, {"set_id": found.id})

    async def begin(self, delivery_id: str) -> FlowRun:
        """Ask for what a delivery of GitHub asks for to be done."""
        parameters = {"delivery_id": delivery_id}
        return await self._ask(CI_JOB, f"delivery-{delivery_id}", f"delivery {delivery_id}", parameters)

    async def have_told(self, trouble: Trouble, hour: str) -> FlowRun:
        """Ask for those who run it to be told of a trouble; once in an hour, however that ends."""
        parameters = {"kind": trouble.kind.value, "subject": trouble.subject, "sentence": trouble.sentence}
        return await self.client.create_flow_run_from_deployment(
            await self._deployment(NOTICE),
            name=trouble.title,
            parameters=parameters,
            idempotency_key=f"notice-{trouble.kind}-{trouble.subject}-{hour}",
        )

    async def forgotten(self, found: Sequence[Run]) -> list[Run]:
        """Those of some runs in the queue that were handed over, and whose flow run is dead or unknown."""
        going_on: set[str | None] = set()
        alive = FlowRunFilterState(type=FlowRunFilterStateType(not_any_=list(TERMINAL_STATES)))
        for start in range(0, len(found), AT_ONCE):
            keys = FlowRunFilterIdempotencyKey(any_=[key_of(run) for run in found[start : start + AT_ONCE]])
            chosen = FlowRunFilter(idempotency_key=keys, state=alive)
            going_on |= {each.idempotency_key for each in await self.client.read_flow_runs(flow_run_filter=chosen)}
        return [run for run in found if key_of(run) not in going_on]

    async def _ask(
        self, deployment: str, key: str, name: str, parameters: dict[str, Any], queue: str | None = None
    ) -> FlowRun:
        """Ask once: whoever asks again gets the same flow run, unless that one is dead by now.

        Prefect answers a key with the flow run that it had first, however that ended. So each dead one has a
        successor, whose key names it: all who ask follow the same chain to its end.
        """
        asked = key
        while True:
            found = await self.client.create_flow_run_from_deployment(
                await self._deployment(deployment),
                name=name,
                parameters=parameters,
                work_queue_name=queue,
                idempotency_key=asked,
            )
            if found.state is None or not found.state.is_final():
                return found
            asked = f"{key}-after-{found.id}"

    async def _deployment(self, name: str) -> UUID:
        if name not in self.deployments:
            self.deployments[name] = (await self.client.read_deployment_by_name(name)).id
        return self.deployments[name]


@asynccontextmanager
async def desk() -> AsyncIterator[Desk]:
    """A desk that is open while the block lasts."""
    async with get_client() as client:
        yield Desk(client)
