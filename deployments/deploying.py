"""One deployment of `prefect.yaml`: what it should be, what the server has, and the step between them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions, DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.prefect_file import Deployment, Schedule
from openaddr import __version__
from openaddr.errors import Code, ProblemError
from openaddr.machines import PROCESS, job_variables

INTO_FOLDER = "prefect.deployments.steps.set_working_directory"
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""From where intervals are counted, so that they do not move with every set-up."""


def agree(
    client: SyncPrefectClient, deployment: Deployment, folder: Path, work_pool: str = PROCESS
) -> tuple[UUID, list[str]]:
    """Make the server's deployment the one given, its flow in `folder`; its id, and what was changed.

    The server removes and makes schedules and planned runs anew whenever a deployment is written: so it is written
    only when it differs. Raises ProblemError when the flow cannot be loaded.
    """
    flow = _load(deployment, folder)
    fields, schedules = _wanted(deployment, flow, folder, work_pool), [_schedule(item) for item in deployment.schedules]
    full = f"{flow.name}/{deployment.name}"
    try:
        known = client.read_deployment_by_name(full)
    except ObjectNotFound:
        known = None
    if known is not None and _has(known) == (fields | {"schedules": _content(schedules)}):
        return known.id, []
    made = client.create_deployment(
        client.create_flow_from_name(flow.name),
        schedules=schedules,
        **fields | {"concurrency_options": _options(deployment)},
    )
    return made, [f"{'created' if known is None else 'changed'} deployment {full}"]


def differing(deployment: Deployment, known: DeploymentResponse | None, work_pool: str = PROCESS) -> list[str]:
    """In what the server's deployment is not the one given, by names of fields; without loading its flow.

    The folder is left out, too: it is that of the machine from which it was deployed.
    """
    schedules = _content([_schedule(item) for item in deployment.schedules])
    wanted = _declared(deployment, work_pool) | {"schedules": schedules}
    there = _has(known) if known else {}
    return [name for name, value in wanted.items() if there.get(name, ...) != value]


def _load(deployment: Deployment, folder: Path) -> Flow[..., Any]:
    try:
        return load_flow_from_entrypoint(str(folder / deployment.entrypoint))
    except Exception as error:
        # Whatever the module of a flow raises while it is loaded.
        message = f"The flow of deployment {deployment.name} ({deployment.entrypoint}) does not load: {error!r}."
        raise ProblemError(Code.DEPLOYMENT_INVALID, message) from error


def _wanted(deployment: Deployment, flow: Flow[..., Any], folder: Path, work_pool: str) -> dict[str, Any]:
    return _declared(deployment, work_pool) | {
        "pull_steps": [{INTO_FOLDER: {"directory": str(folder)}}],
        "parameter_openapi_schema": parameter_schema(flow).model_dump(mode="json", exclude_unset=True),
    }


def _declared(deployment: Deployment, work_pool: str) -> dict[str, Any]:
    """What the file says."""
    limit, place = deployment.concurrency_limit, deployment.work_pool
    return {
        "name": deployment.name,
        "version": __version__,
        "description": deployment.description,
        "tags": sorted(deployment.tags),
        "parameters": deployment.parameters,
        "entrypoint": deployment.entrypoint,
        "work_pool_name": place.name,
        "work_queue_name": place.work_queue_name,
        "job_variables": job_variables(work_pool, place.size_class) | place.job_variables,
        "concurrency_limit": limit and limit.limit,
        "concurrency_options": limit and limit.collision_strategy,
    }


def _has(known: DeploymentResponse) -> dict[str, Any]:
    """What the server has, in the form of `_wanted`."""
    limit, options = known.global_concurrency_limit, known.concurrency_options
    return {
        "name": known.name,
        "version": known.version,
        "description": known.description,
        "tags": sorted(known.tags),
        "parameters": known.parameters,
        "entrypoint": known.entrypoint,
        "pull_steps": known.pull_steps,
        "work_pool_name": known.work_pool_name,
        "work_queue_name": known.work_queue_name,
        "job_variables": known.job_variables,
        "concurrency_limit": limit and limit.limit,
        "concurrency_options": options and options.collision_strategy.value,
        "parameter_openapi_schema": known.parameter_openapi_schema,
        "schedules": _content(known.schedules),
    }


def _options(deployment: Deployment) -> ConcurrencyOptions | None:
    limit = deployment.concurrency_limit
    return (
        None
        if limit is None
        else ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy(limit.collision_strategy))
    )


def _schedule(item: Schedule) -> DeploymentScheduleCreate:
    times = (
        CronSchedule(cron=item.cron, timezone=item.timezone)
        if item.cron
        else IntervalSchedule(interval=timedelta(seconds=item.interval), timezone=item.timezone, anchor_date=EPOCH)
    )
    return DeploymentScheduleCreate(schedule=times, slug=item.slug, active=item.active, parameters=item.parameters)


def _content(schedules: Iterable[DeploymentScheduleCreate | DeploymentSchedule]) -> list[dict[str, Any]]:
    kept = {"schedule", "slug", "active", "parameters"}
    return sorted((item.model_dump(mode="json", include=kept) for item in schedules), key=lambda item: item["slug"])
