"""Asks Prefect to have a run, a set or a delivery worked on, by whoever works on a queue."""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterIdempotencyKey,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun

from openaddr.db.records import Run, Set
from openaddr.machines import PROCESS, job_variables
from openaddr.troubles import Trouble

SOURCE_RUN, SOURCE_RUNS = "source-run/source-run", "source-runs/source-runs"
BATCH_SET, CI_JOB, NOTICE = "batch-set/batch-set", "ci-job/ci-job", "notice/notice"
AT_ONCE = 200
"""Flow runs that Prefect tells of in one answer."""
Item = TypeVar("Item")


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
    work_pool: str = PROCESS
    """The type of our pool, which has words of its own for the machine of a run."""
    deployments: dict[str, UUID] = field(default_factory=dict)

    async def hand_over(self, run: Run, queue: str | None = None) -> FlowRun:
        """Ask for a run to be worked on. None = the queue of the deployment."""
        machine = job_variables(self.work_pool, run.size_class)
        return await self._ask(SOURCE_RUN, key_of(run), name_of(run), {"run_id": run.id}, queue, machine)

    async def hand_over_together(self, found: Sequence[Run], queue: str | None = None) -> FlowRun:
        """Ask for runs of one size class to be worked on one after the other, in one flow run."""
        key = hashlib.sha256(" ".join(map(key_of, found)).encode()).hexdigest()[:32]
        name = f"{len(found)} runs from {name_of(found[0])}"
        machine = job_variables(self.work_pool, found[0].size_class)
        return await self._ask(SOURCE_RUNS, f"runs-{key}", name, {"run_ids": [run.id for run in found]}, queue, machine)

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
        alone = {key_of(run) for run in found if run.flow_run_id is None}
        together = {run.flow_run_id for run in found if run.flow_run_id is not None}
        alive = FlowRunFilterState(type=FlowRunFilterStateType(not_any_=list(TERMINAL_STATES)))
        going_on: set[str | UUID | None] = set()
        for keys in _by(AT_ONCE, sorted(alone)):
            chosen = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=keys), state=alive)
            going_on |= {each.idempotency_key for each in await self.client.read_flow_runs(flow_run_filter=chosen)}
        for ids in _by(AT_ONCE, sorted(together)):
            chosen = FlowRunFilter(id=FlowRunFilterId(any_=ids), state=alive)
            going_on |= {each.id for each in await self.client.read_flow_runs(flow_run_filter=chosen)}
        return [run for run in found if (run.flow_run_id or key_of(run)) not in going_on]

    async def _ask(
        self,
        deployment: str,
        key: str,
        name: str,
        parameters: dict[str, Any],
        queue: str | None = None,
        machine: Mapping[str, str | int] = MappingProxyType({}),
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
                job_variables=dict(machine) or None,
            )
            if found.state is None or not found.state.is_final():
                return found
            asked = f"{key}-after-{found.id}"

    async def _deployment(self, name: str) -> UUID:
        if name not in self.deployments:
            self.deployments[name] = (await self.client.read_deployment_by_name(name)).id
        return self.deployments[name]


def _by(count: int, found: Sequence[Item]) -> Iterator[list[Item]]:
    """Up to `count` at a time."""
    return (list(found[start : start + count]) for start in range(0, len(found), count))


@asynccontextmanager
async def desk(work_pool: str = PROCESS) -> AsyncIterator[Desk]:
    """A desk that is open while the block lasts."""
    async with get_client() as client:
        yield Desk(client, work_pool)
