"""The set-up brings the server to what `prefect.yaml` says, and then leaves it alone."""

import json
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.events.schemas.automations import AutomationCore
from pydantic import BaseModel

from deployments import abandoned, pool, prefect_file
from deployments.automations import PREFIX
from deployments.embedded.postgres import PREFECTS
from deployments.queues import POOL, QUEUES
from deployments.setup import PREFECT_FILE, set_up
from deployments.stack import _beside
from flows.closing import OURS
from openaddr import hosts
from openaddr.errors import Code, ProblemError
from openaddr.machines import ECS, KUBERNETES, PROCESS
from tests.deployments.conftest import FILE, Lives
from tests.deployments.processes import eventually

pytestmark = pytest.mark.timeout(300)

BY_ITSELF = {"updated", "last_polled", "status", "active_slots"}
"""What a server changes while nobody sets it up."""


def everything(client: SyncPrefectClient) -> dict[str, list[str]]:
    """All that a set-up may touch, with ids and times of making: what was made anew differs."""
    found: dict[str, Sequence[BaseModel]] = {
        "pools": client.read_work_pools(),
        "queues": client.read_work_queues(work_pool_name=POOL),
        "limits": client.read_global_concurrency_limits(limit=200),
        "deployments": client.read_deployments(),
        "automations": client.read_automations(),
        "planned": [run for run in client.read_flow_runs(limit=200) if run.state_name == "Scheduled"],
    }
    return {name: sorted(map(content, items)) for name, items in found.items()}


def content(item: BaseModel) -> str:
    """What an object of the server says, in a form that can be sorted."""
    return json.dumps(item.model_dump(mode="json", exclude=BY_ITSELF), sort_keys=True)


@pytest.fixture
def file(lives: Lives) -> Path:
    """The file that the stack was set up with; a test may change it, and what it changed is undone."""
    path = lives.second.prefect_file
    path.write_text(FILE)
    set_up(lives.second.api, path, 1)
    return path


def test_setting_up_again_changes_nothing(lives: Lives, client: SyncPrefectClient, file: Path) -> None:
    # What is planned, the server makes when it gets to it.
    before = eventually(lambda: found if all((found := everything(client)).values()) else {}, 90)
    assert set_up(lives.second.api, file, 1) == []
    assert everything(client) == before


def test_of_what_the_clock_asked_for_while_nobody_worked_one_run_is_left(
    lives: Lives, client: SyncPrefectClient, file: Path
) -> None:
    queue = client.read_work_queue_by_name("upkeep", POOL)
    planned = eventually(lambda: found if len(found := _planned(client)) > 2 else [], 60)
    client.update_work_queue(queue.id, is_paused=True)
    try:
        with psycopg.connect(_beside(lives.second.database, PREFECTS), autocommit=True) as prefect:
            prefect.execute("update flow_run set expected_start_time = now() - interval '1 hour' where auto_scheduled")
        assert abandoned.thin_out(client) == [f"removed {len(planned) - 1} flow runs that the clock had asked for"]
        assert abandoned.thin_out(client) == []
    finally:
        for left in _planned(client):
            client.delete_flow_run(left.id)
        client.update_work_queue(queue.id, is_paused=False)


def _planned(client: SyncPrefectClient) -> list[FlowRun]:
    return [run for run in client.read_flow_runs(limit=200) if run.auto_scheduled and run.state_name == "Scheduled"]


def test_queues_come_in_the_order_of_their_urgency(client: SyncPrefectClient, file: Path) -> None:
    found = {queue.name: queue for queue in client.read_work_queues(work_pool_name=POOL)}
    assert [found[name].priority for name in ("ci", "upkeep", "scheduled", "batch")] == [1, 2, 5, 10]
    assert [found[queue.name].concurrency_limit for queue in QUEUES] == [None, None, None, 1]


def test_a_machine_with_more_slots_gives_batches_more_but_not_all(
    lives: Lives, client: SyncPrefectClient, file: Path
) -> None:
    assert set_up(lives.second.api, file, 6) == ["changed queue batch"]
    assert client.read_work_queue_by_name("batch", POOL).concurrency_limit == 5


def test_where_each_worker_has_a_limit_the_queue_has_none(client: SyncPrefectClient, lives: Lives, file: Path) -> None:
    set_up(lives.second.api, file, None)
    limits = {queue.name: queue.concurrency_limit for queue in client.read_work_queues(work_pool_name=POOL)}
    assert limits["batch"] is None
    set_up(lives.second.api, file, 1)


@pytest.mark.parametrize("work_pool", [KUBERNETES, ECS])
def test_a_pool_of_a_cluster_has_our_template_until_the_operator_has_another(
    client: SyncPrefectClient, work_pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "POOL", f"machine-{work_pool}")
    assert pool.agree(client, work_pool) == [f"created work pool machine-{work_pool} of type {work_pool}"]
    assert pool.agree(client, work_pool) == []
    own = tmp_path / "own.json"
    own.write_text(json.dumps(pool.template(work_pool) | {"job_configuration": {"env": "{{ env }}"}}))
    assert pool.agree(client, work_pool, str(own)) == [f"changed the job template of work pool machine-{work_pool}"]
    found = client.read_work_pool(f"machine-{work_pool}")
    assert (found.type, found.base_job_template["job_configuration"]) == (work_pool, {"env": "{{ env }}"})
    with pytest.raises(ProblemError, match="is of type"):
        pool.agree(client, PROCESS)


@pytest.mark.parametrize("text", ["", "{}", '{"job_configuration": {}, "variables": {}, "image": ""}', "[]"])
def test_a_file_that_is_no_job_template_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(ProblemError) as caught:
        pool.template(KUBERNETES, str(tmp_path / "own.json"))
    assert caught.value.problem.code is Code.DEPLOYMENT_INVALID and "own.json" in str(caught.value)


def test_well_known_hosts_have_their_limits(client: SyncPrefectClient, file: Path) -> None:
    limits = {limit.name: limit.limit for limit in client.read_global_concurrency_limits(limit=200)}
    assert limits.items() >= {(hosts.limit_name(host), limit) for host, limit in hosts.FAMILIES.items()}


def test_a_schedule_taken_out_of_the_file_is_taken_off_the_server(
    lives: Lives, client: SyncPrefectClient, file: Path
) -> None:
    file.write_text("".join(line for line in FILE.splitlines(keepends=True) if "daily" not in line))
    assert set_up(lives.second.api, file, 1) == ["changed deployment sweep/sweep"]
    schedules = client.read_deployment_by_name("sweep/sweep").schedules
    assert [schedule.slug for schedule in schedules] == ["yearly"]


def test_a_deployment_taken_out_of_the_file_is_taken_off_the_server(
    lives: Lives, client: SyncPrefectClient, file: Path
) -> None:
    file.write_text(FILE[: FILE.index("  - name: sweep")])
    assert set_up(lives.second.api, file, 1) == ["removed deployment sweep"]
    assert sorted(item.name for item in client.read_deployments()) == ["batch", "ci", "ci-job"]


def test_an_automation_that_somebody_changed_or_copied_is_put_right(
    lives: Lives, client: SyncPrefectClient, file: Path
) -> None:
    known = next(item for item in client.read_automations() if "silent" in item.name)
    copy = AutomationCore.model_validate(
        known.model_dump(include=set(AutomationCore.model_fields) - {"owner_resource"})
    )
    client.create_automation(copy)
    client.update_automation(known.id, copy.model_copy(update={"description": "Changed."}))
    assert set_up(lives.second.api, file, 1) != []
    found = client.read_automations()
    assert [item.name for item in found] == [f"{PREFIX}silent flow runs have crashed"]
    assert "Changed." not in {item.description for item in found}


@pytest.mark.parametrize(
    "text, told",
    [
        ("name: x", "missing required field `deployments`"),
        ("{", "line 2"),
        ("{name: x, deployments: [{name: a, entrypoint: b, work_pool: {work_queue_name: c}, sla: 1}]}", "`sla`"),
        ("{name: x, deployments: [{name: a, entrypoint: b, work_pool: {work_queue_name: 1}}]}", "work_queue_name"),
    ],
)
def test_a_file_that_says_what_we_would_ignore_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "prefect.yaml").write_text(text)
    with pytest.raises(ProblemError, match=told) as caught:
        prefect_file.read(tmp_path / "prefect.yaml")
    assert caught.value.problem.code is Code.DEPLOYMENT_INVALID


def test_flows_close_what_is_stuck_in_the_pool_that_is_deployed() -> None:
    assert OURS.name is not None and OURS.name.any_ == [POOL]


def test_our_own_file_can_be_read_and_uses_our_queues() -> None:
    deployments = prefect_file.read(PREFECT_FILE).deployments
    assert {item.name for item in deployments} >= {"source-run", "batch-set", "sweep", "publish-site"}
    assert {item.work_pool.work_queue_name for item in deployments} <= {queue.name for queue in QUEUES}


@pytest.mark.parametrize(
    "host, limit",
    [
        ("services1.arcgis.com", "host:arcgis.com"),
        ("ARCGIS.com.", "host:arcgis.com"),
        ("notarcgis.com", "host:notarcgis.com"),
        ("gis.example.gov", "host:gis.example.gov"),
    ],
)
def test_hosts_of_one_family_share_a_limit(host: str, limit: str) -> None:
    assert hosts.limit_name(host) == limit
