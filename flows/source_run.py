"""`source-run`: one processing of one layer source, for a push, a pull request, by hand, or as a part of a set."""

import asyncio
import logging
import os
import socket
from contextlib import AbstractAsyncContextManager, nullcontext
from uuid import UUID

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.concurrency.asyncio import concurrency
from prefect.runtime import flow_run
from prefect.states import Completed

from flows import policies
from flows.following import followed
from flows.reporting import Report, report_of
from flows.sending import send_about
from flows.services import Services, services
from flows.working import work_on
from openaddr import hosts

log = logging.getLogger("openaddr.flows")


@flow(name="source-run", retries=policies.RUN_RETRIES)
async def source_run(run_id: int) -> State[None]:
    """Work on a run of the record, and say how it ended. That a source fails is no failure of the flow."""
    with services(flow_run.id) as opened:
        name, message = await worked_on(opened, run_id)
    return Completed(name=name, message=message)


async def worked_on(opened: Services, run_id: int) -> tuple[str, str]:
    """Work on a run as the flow run that this is; gives how it ended in a word and in a sentence."""
    report = await asyncio.to_thread(report_of, opened, run_id)
    async with polite(report.host):
        ours = UUID(str(flow_run.id)) if flow_run.id else None
        async with followed(f"run-{run_id}-progress") as progress:
            status = await asyncio.to_thread(work_on, opened, run_id, worker_name(), ours, progress)
    if status is None:
        return "Left", f"Run {run_id} is somebody else's, or final already."
    report = await asyncio.to_thread(report_of, opened, run_id)
    if report.run.job_id is not None:
        await asyncio.to_thread(send_about, opened, report.run.job_id)
    await _show(report)
    return status.value.capitalize(), report.sentence


def polite(host: str) -> AbstractAsyncContextManager[None]:
    """Wait for a place among the runs that fetch from a family of hosts; others have no limit but their own.

    The place of a run that was killed is free again when its lease has run out.
    """
    if hosts.family(host) not in hosts.FAMILIES:
        return nullcontext()
    return concurrency(hosts.limit_name(host), lease_duration=policies.LEASE_SECONDS)


def worker_name() -> str:
    """Who works here: host and process."""
    return f"{socket.gethostname()}/{os.getpid()}"


async def _show(report: Report) -> None:
    key = f"run-{report.run.id}"
    try:
        if report.outputs:
            await acreate_table_artifact(list(report.outputs), key=f"{key}-outputs", description=report.sentence)
        if report.problem:
            await acreate_markdown_artifact(report.problem, key=f"{key}-problem", description=report.sentence)
    except Exception as error:
        # The run is over and on the record: that Prefect cannot show it now changes nothing.
        log.warning("what came of run %d could not be shown: %s", report.run.id, error)
