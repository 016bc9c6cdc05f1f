"""The work pool: its type, and for a cluster the template of the job that a flow run is."""

from pathlib import Path
from typing import Any

import msgspec
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from deployments.queues import POOL
from openaddr.errors import Code, ProblemError
from openaddr.machines import PROCESS

FOLDER = Path(__file__).parent


class JobTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What Prefect calls a base job template: a job with gaps, and what may fill them."""

    job_configuration: dict[str, Any]
    variables: dict[str, Any]


def agree(client: SyncPrefectClient, work_pool: str, job_template: str = "") -> list[str]:
    """Make the server's pool one of this type with our template, or that of a file; says what was changed.

    Raises ProblemError for a pool of another type: Prefect cannot change it, and flow runs may be at work in it.
    """
    wanted = template(work_pool, job_template)
    try:
        known = client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type=work_pool, base_job_template=wanted))
        return [f"created work pool {POOL} of type {work_pool}"]
    if known.type != work_pool:
        message = (
            f"The work pool {POOL} is of type {known.type}, OPENADDR_WORK_POOL asks for {work_pool}: "
            f"stop its workers, `prefect work-pool delete {POOL}`, and deploy again."
        )
        raise ProblemError(Code.DEPLOYMENT_INVALID, message)
    if work_pool == PROCESS or known.base_job_template == wanted:
        return []
    client.update_work_pool(POOL, WorkPoolUpdate(base_job_template=wanted))
    return [f"changed the job template of work pool {POOL}"]


def template(work_pool: str, job_template: str = "") -> dict[str, Any]:
    """The base job template of a type of pool. Raises ProblemError for a file that holds none."""
    if work_pool == PROCESS:
        return ProcessWorker.get_default_base_job_template()
    path = Path(job_template) if job_template else FOLDER / work_pool / "job-template.json"
    try:
        return msgspec.structs.asdict(msgspec.json.decode(path.read_bytes(), type=JobTemplate))
    except (OSError, msgspec.DecodeError) as error:
        raise ProblemError(Code.DEPLOYMENT_INVALID, f"The job template {path} cannot be used: {error}.") from error
