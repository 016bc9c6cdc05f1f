"""Deliveries begin in Prefect: once each, one that is refused in nobody's way, and none forgotten while it is away."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed

from deployments.webhook import dispatching
from deployments.webhook.dispatching import Dispatcher
from flows import beginning, policies
from flows.beginning import begin, begin_waiting
from flows.handing_over import desk
from flows.services import Services
from flows.sweep import sweep
from openaddr.db import deliveries
from openaddr.db.records import Delivery, DeliveryStatus
from tests.deployments.processes import eventually
from tests.flows.conftest import state_of

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
SCHEMA = {"type": "object", "properties": {"delivery_id": {"type": "string", "pattern": "^good"}}}
NOBODY = "http://127.0.0.1:1/api"


@pytest.fixture
def client(prefect: None) -> Iterator[SyncPrefectClient]:
    """A client of Prefect."""
    with get_client(sync_client=True) as client:
        yield client


def deploy(client: SyncPrefectClient) -> UUID:
    """A deployment of a flow `ci-job` for good deliveries, on which nobody works."""
    flow_id = client.create_flow_from_name("ci-job")
    return client.create_deployment(flow_id, "ci-job", parameter_openapi_schema=SCHEMA, enforce_parameter_schema=True)


@pytest.fixture
def deployed(client: SyncPrefectClient) -> Iterator[UUID]:
    """The deployment, for one test: its flow runs go with it."""
    found = deploy(client)
    yield found
    client.delete_deployment(found)


def receive(opened: Services, *names: str) -> None:
    with opened.pool.connection() as conn:
        for name in names:
            assert deliveries.receive(conn, name, "push", {})


def row(opened: Services, name: str) -> Delivery:
    with opened.pool.connection() as conn:
        found = deliveries.get(conn, name)
    assert found
    return found


def let_time_pass(opened: Services) -> None:
    with opened.pool.connection() as conn:
        conn.execute("update deliveries set next_try_at = clock_timestamp()")


def flow_runs(client: SyncPrefectClient) -> list[FlowRun]:
    return [
        each for each in client.read_flow_runs(limit=200) if str(each.parameters.get("delivery_id")).startswith("good")
    ]


@pytest.mark.usefixtures("deployed")
def test_what_waits_is_begun_however_much_it_is(
    opened: Services, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "AT_ONCE", 2)
    names = [f"good-several-{number}" for number in range(5)]
    receive(opened, *names)
    asyncio.run(begin_waiting(opened.pool))
    found = {str(each.parameters["delivery_id"]): each.id for each in flow_runs(client)}
    assert found == {name: row(opened, name).flow_run_id for name in names}
    assert {row(opened, name).status for name in names} == {DeliveryStatus.STARTED}


@pytest.mark.usefixtures("deployed")
def test_two_who_begin_at_once_begin_one_flow_run_each(opened: Services, client: SyncPrefectClient) -> None:
    receive(opened, "good-raced-1", "good-raced-2")

    async def race() -> None:
        async with desk() as where:
            await asyncio.gather(*(begin(opened.pool, where, 10) for _ in range(3)))

    asyncio.run(race())
    assert len([each for each in flow_runs(client) if "raced" in str(each.parameters)]) == 2


@pytest.mark.usefixtures("deployed")
def test_a_delivery_whose_flow_run_died_may_be_begun_again(opened: Services, client: SyncPrefectClient) -> None:
    async def begun() -> UUID:
        async with desk() as where:
            return (await where.begin("good-died")).id

    first = asyncio.run(begun())
    assert asyncio.run(begun()) == first
    client.set_flow_run_state(first, Crashed())
    assert asyncio.run(begun()) != first


@pytest.mark.usefixtures("deployed")
def test_the_sweep_sees_to_a_delivery_whose_flow_run_died_and_leaves_one_at_work_alone(
    opened: Services, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(opened, "good-killed", "good-at-work")
    asyncio.run(begin_waiting(opened.pool))
    killed, at_work = row(opened, "good-killed").flow_run_id, row(opened, "good-at-work").flow_run_id
    assert killed and at_work
    client.set_flow_run_state(killed, Crashed())
    monkeypatch.setattr(policies, "UNCLAIMED_SECONDS", 0.0)
    assert state_of(sweep).is_completed()
    of = {
        name: [each.id for each in flow_runs(client) if each.parameters == {"delivery_id": name}]
        for name in ("good-killed", "good-at-work")
    }
    assert len(of["good-killed"]) == 2 and of["good-at-work"] == [at_work]


@pytest.mark.proves("I4")
@pytest.mark.usefixtures("deployed")
def test_one_that_prefect_refuses_is_parked_after_five_tries_and_stands_in_nobodys_way(opened: Services) -> None:
    receive(opened, "bad", "good-behind")
    for tries in range(1, 5):
        asyncio.run(begin_waiting(opened.pool))
        assert (row(opened, "bad").status, row(opened, "bad").tries) == (DeliveryStatus.WAITING, tries)
        assert row(opened, "good-behind").status is DeliveryStatus.STARTED
        let_time_pass(opened)
    asyncio.run(begin_waiting(opened.pool))
    assert row(opened, "bad").status is DeliveryStatus.PARKED and "409" in row(opened, "bad").reason


@pytest.mark.proves("I1", kind="Prefect away")
@pytest.mark.usefixtures("deployed")
def test_while_prefect_is_away_deliveries_wait_and_no_try_is_counted(opened: Services) -> None:
    receive(opened, "good-waits")
    with temporary_settings({PREFECT_API_URL: NOBODY}), pytest.raises(httpx.ConnectError):
        asyncio.run(begin_waiting(opened.pool))
    assert (row(opened, "good-waits").status, row(opened, "good-waits").tries) == (DeliveryStatus.WAITING, 0)
    state = state_of(sweep)
    assert state.message is not None and ", 1 deliveries begun, " in state.message
    assert row(opened, "good-waits").status is DeliveryStatus.STARTED


def test_a_dispatcher_begins_what_it_is_woken_for_and_tries_again_what_did_not_work(
    opened: Services, client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(dispatching, "PAUSE_SECONDS", 0.05)
    receive(opened, "good-early")

    async def life() -> None:
        dispatcher = Dispatcher(opened.pool)
        task = asyncio.create_task(dispatcher.run())
        await asyncio.to_thread(eventually, lambda: f"deliveries wait: {ObjectNotFound.__name__}" in caplog.text)
        deployment = await asyncio.to_thread(deploy, client)
        await asyncio.to_thread(eventually, lambda: row(opened, "good-early").flow_run_id)
        await asyncio.to_thread(receive, opened, "good-late")
        dispatcher.wake()
        await asyncio.to_thread(eventually, lambda: row(opened, "good-late").flow_run_id)
        await asyncio.to_thread(client.delete_deployment, deployment)
        task.cancel()

    asyncio.run(life())
    assert row(opened, "good-early").tries == 0
