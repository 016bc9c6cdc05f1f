"""Asks Prefect to have a run worked on, by whoever works on a queue."""

from prefect.deployments import arun_deployment

from openaddr.db.records import Run, Set

SOURCE_RUN, BATCH_SET = "source-run/source-run", "batch-set/batch-set"


def name_of(run: Run) -> str:
    """What a flow run of it is called."""
    return " ".join(filter(None, (run.source_id, run.layer, run.name, f"#{run.id}")))


async def go_on(found: Set) -> None:
    """Ask for a set that was broken off to be worked on; of two who do, the second leaves."""
    await arun_deployment(
        BATCH_SET,
        parameters={"set_id": found.id},
        flow_run_name=f"{found.repository} set {found.id}, again",
        timeout=0,
        as_subflow=False,
    )


async def hand_over(run: Run, queue: str | None = None) -> None:
    """Ask once for each attempt: whoever asks again gets the same flow run. None = the queue of the deployment."""
    await arun_deployment(
        SOURCE_RUN,
        parameters={"run_id": run.id},
        flow_run_name=name_of(run),
        work_queue_name=queue,
        idempotency_key=f"run-{run.id}-{run.attempt}",
        timeout=0,
        as_subflow=False,
    )
