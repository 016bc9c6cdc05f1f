"""Makes a Prefect server know all it has to of us, whatever it knew before: `openaddr deploy`.

Work pool, queues, limits per host, deployments with their schedules, automations. What agrees already is not touched,
so that running it again changes nothing; what is ours and not wanted any more is removed.
"""

import argparse
import sys
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient

from deployments import abandoned, automations, deploying, pool, prefect_file
from deployments.embedded.prefect_server import is_healthy
from deployments.embedded.service import ROOT
from deployments.prefect_client import client_of
from deployments.prefect_file import PrefectFile
from deployments.queues import POOL, QUEUES, slots_of
from openaddr import hosts, settings
from openaddr.errors import Code, ExitCode, ProblemError
from openaddr.machines import PROCESS
from openaddr.notices import is_wanted
from openaddr.settings import SettingError

PREFECT_FILE = ROOT / "prefect.yaml"


def set_up(
    api: str,
    path: Path,
    slots: int | None,
    *,
    work_pool: str = PROCESS,
    job_template: str = "",
    nobody_works: bool = False,
    notices: bool = False,
) -> list[str]:
    """Make the server at `api` agree with the file at `path`; says what was changed, [] for nothing.

    `slots` is how many runs all workers have at once, None where their number is not ours to know. `work_pool` is the
    type of the pool, `job_template` a file that takes the place of ours. `nobody_works` says that no worker of the
    server can be alive, so that flow runs at work are not; `notices` that somebody wants to be told of troubles.
    Raises ProblemError.
    """
    wanted = prefect_file.read(path)
    if not is_healthy(api):
        raise ProblemError(Code.STACK_FAILED, f"No Prefect server answers at {api}.")
    try:
        with client_of(api) as client:
            changes = pool.agree(client, work_pool, job_template) + _queues(client, slots) + _host_limits(client)
            ids, changed = _deployments(client, wanted, path.resolve().parent, work_pool)
            notice = ids.get(automations.NOTICE) if notices else None
            changes += changed + automations.agree(client, automations.wanted(notice, list(ids)))
            return changes + ([*abandoned.close(client), *abandoned.thin_out(client)] if nobody_works else [])
    except httpx.HTTPError as error:
        message = f"The Prefect server at {api} does not do what was asked: {error}."
        raise ProblemError(Code.STACK_FAILED, message) from error


def _queues(client: SyncPrefectClient, slots: int | None) -> list[str]:
    changes, known = [], {queue.name: queue for queue in client.read_work_queues(work_pool_name=POOL)}
    for queue in QUEUES:
        limit, found = queue.limit(slots), known.get(queue.name)
        if found is None:
            client.create_work_queue(queue.name, queue.about, None, limit, queue.priority, POOL)
            changes.append(f"created queue {queue.name}")
        elif (found.priority, found.concurrency_limit) != (queue.priority, limit):
            client.update_work_queue(found.id, priority=queue.priority, concurrency_limit=limit)
            changes.append(f"changed queue {queue.name}")
    return changes


def _host_limits(client: SyncPrefectClient) -> list[str]:
    known = {limit.name: limit.limit for limit in client.read_global_concurrency_limits(limit=200)}
    changes = []
    for host, limit in hosts.FAMILIES.items():
        name = hosts.limit_name(host)
        if known.get(name) != limit:
            client.upsert_global_concurrency_limit_by_name(name, limit)
            changes.append(f"set limit {name} to {limit}")
    return changes


def _deployments(
    client: SyncPrefectClient, wanted: PrefectFile, folder: Path, work_pool: str
) -> tuple[dict[str, UUID], list[str]]:
    """Make the deployments those of the file; gives their ids by name, and what was changed."""
    ids: dict[str, UUID] = {}
    changes: list[str] = []
    for deployment in wanted.deployments:
        ids[deployment.name], changed = deploying.agree(client, deployment, folder, work_pool)
        changes += changed
    for known in client.read_deployments(limit=200):
        if known.work_pool_name == POOL and known.id not in ids.values():
            client.delete_deployment(known.id)
            changes.append(f"removed deployment {known.name}")
    return ids, changes


def main(arguments: list[str]) -> int:
    """Entry point of `python -m deployments.setup`: one line for each change; gives the exit code."""
    parser = argparse.ArgumentParser(prog="openaddr deploy")
    parser.add_argument("--prefect-file", type=Path, default=PREFECT_FILE)
    parser.add_argument("--nobody-works", action="store_true", help="close flow runs that seem to be at work")
    options = parser.parse_args(arguments)
    try:
        loaded = settings.load()
    except SettingError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    if not loaded.prefect_api_url:
        print("openaddr: PREFECT_API_URL is not set: it says which Prefect server to set up", file=sys.stderr)
        return ExitCode.CONFIGURATION
    try:
        changes = set_up(
            loaded.prefect_api_url,
            options.prefect_file,
            slots_of(loaded),
            work_pool=loaded.work_pool,
            job_template=loaded.job_template,
            nobody_works=options.nobody_works,
            notices=is_wanted(loaded),
        )
    except ProblemError as error:
        print(f"openaddr: {error}", file=sys.stderr)
        return error.problem.explanation.exit_code
    print("\n".join(changes) or "nothing to change")
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
