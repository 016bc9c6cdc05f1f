"""The webhook of a real stack: what is delivered to it begins in Prefect, once."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient

from tests.deployments.conftest import Lives
from tests.deployments.hooks import told
from tests.deployments.processes import eventually
from tests.github.payloads import push

pytestmark = pytest.mark.timeout(300)


def test_the_same_delivery_fifty_times_at_once_begins_one_flow_run(lives: Lives, client: SyncPrefectClient) -> None:
    secret = (lives.second.folder / "webhook-secret").read_text()
    address, delivery_id, body = lives.second.place("Webhook"), str(uuid4()), msgspec.json.encode(push())
    headers = told(body, "push", delivery_id, secret)

    def deliver() -> tuple[int, dict[str, str | None]]:
        answer = httpx.post(address, content=body, headers=headers, timeout=30)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(50) as threads:
        answers = [each.result() for each in [threads.submit(deliver) for _ in range(50)]]
    assert {(status, answer["delivery"]) for status, answer in answers} == {(202, delivery_id)}
    flow_run = eventually(lambda: deliver()[1]["flow_run"], 60)
    with psycopg.connect(lives.second.database) as conn:
        rows = conn.execute("select status::text, flow_run_id, tries from deliveries").fetchall()
    assert rows == [("started", UUID(flow_run), 0)]
    (found,) = [each for each in client.read_flow_runs(limit=200) if "delivery_id" in each.parameters]
    assert (found.id, found.name) == (UUID(flow_run), f"delivery {delivery_id}")
    assert (found.parameters, found.work_queue_name) == ({"delivery_id": delivery_id}, "upkeep")
    eventually(lambda: client.read_flow_run(found.id).state_name == "Completed", 120)


def test_only_who_knows_the_secret_of_the_stack_can_deliver(lives: Lives) -> None:
    body = msgspec.json.encode(push())
    assert httpx.post(lives.second.place("Webhook"), content=body, headers=told(body)).status_code == 401
