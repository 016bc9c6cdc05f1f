"""Prefect: the server, what was deployed to it, and the workers that take it up."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import prefect
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import WorkQueue
from prefect.exceptions import ObjectNotFound

from deployments import automations, deploying, prefect_file
from deployments.doctor.clocks import date_of
from deployments.embedded.prefect_server import is_healthy
from deployments.prefect_client import client_of
from deployments.queues import POOL, QUEUES, Queue, slots_of
from openaddr.doctor.checks import Check
from openaddr.doctor.parts import Look, Part
from openaddr.errors import Code, ProblemError
from openaddr.settings import Settings

UNSET = "Set PREFECT_API_URL, or name the folder of `openaddr up` by --folder, and it is checked."
START = "Start the Prefect server (`openaddr up`, or your own), and look at PREFECT_API_URL, which ends in /api."
DEPLOY = "`openaddr deploy` makes the server agree with prefect.yaml."
LONGEST_POLL = timedelta(seconds=60)
"""Workers ask every 10 seconds or more often."""
FIRST = "Prefect answers"


def part(settings: Settings, path: Path) -> Part:
    """What is looked at; `path` is the file that says what is to be deployed."""
    api = settings.prefect_api_url.rstrip("/")
    asked: dict[str, tuple[Callable[[SyncPrefectClient], Iterator[Check]], str]] = {
        "version": (_version, f"pip install prefect=={prefect.__version__}"),
        "work pool": (lambda client: _pool(client, settings.work_pool), DEPLOY),
        "queues": (lambda client: _queues(client, slots_of(settings)), DEPLOY),
        "deployments": (lambda client: _deployments(client, path, settings.work_pool), DEPLOY),
        "automations": (_automations, DEPLOY),
        "workers": (lambda client: _workers(client, api), _start("--pool machine")),
    }
    looks = [Look(name, _with_client(api, look), fix) for name, (look, fix) in asked.items()]
    return Part("Prefect", looks, Look(FIRST, lambda: _answers(api), START), unset="" if api else UNSET)


def _with_client(api: str, look: Callable[[SyncPrefectClient], Iterator[Check]]) -> Callable[[], Iterator[Check]]:
    def asked() -> Iterator[Check]:
        with client_of(api) as client:
            yield from look(client)

    return asked


def _answers(api: str) -> Iterator[Check]:
    if not is_healthy(api):
        raise ProblemError(Code.STACK_FAILED, f"No Prefect server answers at {api}.")
    yield Check(FIRST, True, api)


def _version(client: SyncPrefectClient) -> Iterator[Check]:
    theirs, ours = str(client.api_version()), prefect.__version__
    told = theirs if theirs == ours else f"the server has {theirs}, we have {ours}"
    fix = f"Move both to the version of the lock file: `pip install prefect=={ours}` where the server runs."
    yield Check("version", theirs == ours, told, fix)


def _pool(client: SyncPrefectClient, wanted: str) -> Iterator[Check]:
    try:
        pool = client.read_work_pool(POOL)
    except ObjectNotFound:
        yield Check("work pool", False, f"there is no pool {POOL}", DEPLOY)
        return
    if pool.type != wanted:
        told = f"{POOL} is of type {pool.type}, OPENADDR_WORK_POOL asks for {wanted}"
        yield Check("work pool", False, told, f"Stop its workers, `prefect work-pool delete {POOL}`. {DEPLOY}")
        return
    fix = f"`prefect work-pool resume {POOL}`: nothing begins while it is paused."
    yield Check("work pool", not pool.is_paused, f"{POOL}{' is paused' if pool.is_paused else f' ({pool.type})'}", fix)


def _queues(client: SyncPrefectClient, slots: int | None) -> Iterator[Check]:
    known = {queue.name: queue for queue in _known_queues(client)}
    for queue in QUEUES:
        wrong = _wrong(queue, known.get(queue.name), slots)
        limit = queue.limit(slots)
        told = f"priority {queue.priority}, {'no limit' if limit is None else f'at most {limit} at once'}"
        fix = f"`prefect work-queue resume {queue.name} --pool {POOL}`" if wrong == "it is paused" else DEPLOY
        yield Check(f"queue {queue.name}", not wrong, wrong or told, fix)


def _known_queues(client: SyncPrefectClient) -> list[WorkQueue]:
    try:
        return client.read_work_queues(work_pool_name=POOL)
    except ObjectNotFound:
        return []


def _wrong(queue: Queue, found: WorkQueue | None, slots: int | None) -> str:
    """What is not as it is to be with a queue."""
    if found is None:
        return "there is no such queue"
    if found.is_paused:
        return "it is paused"
    wanted = (queue.priority, queue.limit(slots))
    there = (found.priority, found.concurrency_limit)
    return "" if there == wanted else f"priority and limit are {there}, they are to be {wanted}"


def _deployments(client: SyncPrefectClient, path: Path, work_pool: str) -> Iterator[Check]:
    wanted = prefect_file.read(path).deployments
    known = {each.name: each for each in client.read_deployments(limit=200) if each.work_pool_name == POOL}
    for deployment in wanted:
        found = known.pop(deployment.name, None)
        wrong = deploying.differing(deployment, found, work_pool)
        told = "there is no such deployment" if found is None else f"not as in {path.name}: {', '.join(wrong)}"
        if found is not None and found.paused:
            fix = f"`prefect deployment schedule resume`, or {DEPLOY}"
            yield Check(f"deployment {deployment.name}", False, "it is paused", fix)
            continue
        scheduled = ", ".join(each.cron or f"every {each.interval:g} s" for each in deployment.schedules)
        ok = f"in queue {deployment.work_pool.work_queue_name}, {scheduled or 'when asked'}"
        yield Check(f"deployment {deployment.name}", not wrong, told if wrong else ok, DEPLOY)
    if known:
        told = f"{', '.join(sorted(known))}, of which {path.name} says nothing"
        yield Check("other deployments", False, told, DEPLOY)


def _automations(client: SyncPrefectClient) -> Iterator[Check]:
    known = {each.name: each for each in client.read_automations(limit=200)}
    for automation in automations.wanted():
        found = known.get(automation.name)
        name = f"automation {automation.name.removeprefix(automations.PREFIX)}"
        if found is None:
            yield Check(name, False, "it is not there", DEPLOY)
        elif not found.enabled:
            yield Check(name, False, "it is switched off", f"`prefect automation resume '{automation.name}'`")
        else:
            same = automations.content(found) == automations.content(automation)
            yield Check(name, same, "there" if same else "it is not what we would make", DEPLOY)


def _workers(client: SyncPrefectClient, api: str) -> Iterator[Check]:
    now = datetime.fromtimestamp(date_of(f"{api}/health"), UTC)
    known = {queue.name: queue for queue in _known_queues(client)}
    for queue in QUEUES:
        found = known.get(queue.name)
        asked = found.last_polled if found else None
        is_asked = asked is not None and now - asked < LONGEST_POLL
        told = "nobody has ever asked for its runs"
        if asked is not None:
            told = f"last asked for runs {max(0.0, (now - asked).total_seconds()):,.0f} s ago"
        yield Check(f"worker on {queue.name}", is_asked, told, _start(f"--pool {POOL} --work-queue {queue.name}"))


def _start(options: str) -> str:
    return (
        f"Start one (`prefect worker start {options}`), or look into its log: `openaddr up` has them in <folder>/logs."
    )
