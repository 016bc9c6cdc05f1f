"""Those who run it are told of troubles: what Prefect sees, what the sweep sees, and each once an hour."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import boto3
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.variables import Variable

from demo.servers.files import FileServer
from demo.servers.serving import Response
from deployments import pool, prefect_file
from deployments.deploying import agree
from deployments.embedded.service import ROOT
from deployments.setup import PREFECT_FILE, _queues
from flows import notice as notices
from flows.notice import notice
from flows.sweep import sweep
from openaddr.db import outbox
from openaddr.machines import PROCESS
from openaddr.troubles import Kind, Trouble
from tests.flows.conftest import Town, state_of

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def posted(web: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """Where notices are posted."""
    web.responses["/canary"] = Response(b"ok")
    monkeypatch.setenv("OPENADDR_NOTICE_WEBHOOK_URL", f"{web.url}/canary")
    monkeypatch.setattr(notice, "retries", 0)
    return web


@pytest.fixture
def deployed() -> Iterator[UUID]:
    """The deployment `notice` of our own file."""
    wanted = next(each for each in prefect_file.read(PREFECT_FILE).deployments if each.name == "notice")
    with get_client(sync_client=True) as client:
        pool.agree(client, PROCESS)
        _queues(client, 4)
        found, _ = agree(client, wanted, ROOT, PROCESS)
        yield found
        client.delete_deployment(found)


def texts(web: FileServer) -> list[str]:
    """What was posted."""
    return [json.loads(request.body)["text"] for request in web.requests if request.method == "POST"]


def test_the_same_trouble_is_told_once_an_hour(posted: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"kind": "runs-stand-still", "sentence": "12 runs wait."}
    assert [state_of(notice, **told).name for _ in range(2)] == ["Told", "Known"]
    assert state_of(notice, "a-flow-crashed", subject="other", sentence="Else.").name == "Told"
    assert [text.splitlines()[0] for text in texts(posted)] == ["*Runs stand still*", "*A flow crashed: other*"]
    memory = notices._memory(Trouble(Kind.RUNS_STILL, ""))
    Variable.set(memory, (datetime.now(UTC) - timedelta(minutes=61)).isoformat(), overwrite=True)
    assert state_of(notice, **told).name == "Told"


def test_without_a_place_to_tell_nothing_is_told() -> None:
    assert state_of(notice, "a-set-is-late").name == "Nowhere"


def test_a_notice_that_did_not_get_there_is_told_again_and_its_address_is_in_no_state(posted: FileServer) -> None:
    posted.responses["/canary"] = [Response(status=500), Response(b"ok")]
    told = {"kind": "messages-stand-still", "sentence": "3 messages wait."}
    failed = state_of(notice, **told)
    assert (
        failed.is_failed()
        and "canary" not in str(failed.message)
        and "answers a notice with 500" in str(failed.message)
    )
    assert state_of(notice, **told).name == "Told"


@flow(name="unlucky")
async def unlucky() -> None:
    """Fails."""
    raise ValueError("no luck <today>")


def test_a_flow_that_failed_is_told_of_with_how_often_and_what_it_said(posted: FileServer) -> None:
    for _ in range(2):
        state = state_of(unlucky)
    flow_run = state.state_details.flow_run_id
    assert state_of(notice, "a-flow-crashed", resource=f"prefect.flow-run.{flow_run}").name == "Told"
    (text,) = texts(posted)
    assert text.startswith(
        "*A flow crashed: unlucky*\n2 flow runs of unlucky crashed or failed within an hour; the last, "
    )
    assert "no luck &lt;today&gt;" in text


def test_a_queue_that_nobody_takes_from_is_told_of_by_name(posted: FileServer, deployed: UUID) -> None:
    with get_client(sync_client=True) as client:
        queue = client.read_work_queue_by_name("upkeep", "machine")
    assert state_of(notice, "nobody-takes-from-a-queue", resource=f"prefect.work-queue.{queue.id}").name == "Told"
    assert "No worker has asked for work of the queue upkeep for" in texts(posted)[0]


def test_the_sweep_has_one_notice_told_of_what_stands_still(town: Town, posted: FileServer, deployed: UUID) -> None:
    with town.opened.pool.connection() as conn:
        outbox.put(conn, "unheard-of", "one", {})
        conn.execute("update outbox set next_try_at = clock_timestamp() - interval '2 hours'")
    first = state_of(sweep)
    assert "1 message is not sent; one has been overdue for 2 hours." in str(first.message)
    with town.opened.pool.connection() as conn:
        conn.execute("update outbox set next_try_at = clock_timestamp() - interval '2 hours'")
    state_of(sweep)
    (asked,) = asyncio.run(_asked(deployed))
    assert asked.parameters["kind"] == "messages-stand-still"
    assert state_of(notice, **asked.parameters).name in ("Told", "Known")


async def _asked(deployment: UUID) -> list[Any]:
    """The flow runs of a deployment."""
    async with get_client() as client:
        return [run for run in await client.read_flow_runs() if run.deployment_id == deployment]


def test_a_sweep_sends_the_numbers_to_cloudwatch(
    town: Town, s3_port: int, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_port}")
    monkeypatch.setenv("OPENADDR_CLOUDWATCH_NAMESPACE", "of.a.sweep")
    state = state_of(sweep)
    assert state.is_completed() and "no trouble" in str(state.message)
    cloudwatch: Any = boto3.client("cloudwatch", region_name="us-east-1")
    assert len(cloudwatch.list_metrics(Namespace="of.a.sweep")["Metrics"]) == 5


def test_a_cloudwatch_that_is_away_costs_a_sweep_nothing_and_is_said_once(
    town: Town, posted: FileServer, deployed: UUID, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OPENADDR_CLOUDWATCH_NAMESPACE", "openaddr.ci")
    states = [state_of(sweep) for _ in range(2)]
    assert all(state.is_completed() for state in states)
    assert "CloudWatch cannot be asked: EndpointConnectionError." in str(states[0].message)
    (asked,) = asyncio.run(_asked(deployed))
    assert asked.parameters["kind"] == "cloudwatch-takes-no-numbers"


def test_a_sweep_whose_server_has_no_notice_says_so(town: Town, posted: FileServer) -> None:
    with town.opened.pool.connection() as conn:
        outbox.put(conn, "unheard-of", "one", {})
        conn.execute("update outbox set next_try_at = clock_timestamp() - interval '2 hours'")
    state = state_of(sweep)
    assert state.is_completed() and "there is no deployment `notice`" in str(state.message)
