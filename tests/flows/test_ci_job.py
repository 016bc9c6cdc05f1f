"""`ci-job` as Prefect runs it, and `openaddr job` as people do."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from typer.testing import CliRunner

from demo.servers.github import CUT_ANSWER, HANGS_UP, UNICORN, rate_limited
from demo.servers.serving import Response
from flows.ci_job import ci_job
from openaddr import settings
from openaddr.cli import app
from openaddr.db import deliveries, runs
from openaddr.db.records import Delivery, DeliveryStatus, RunStatus
from tests.flows.conftest import Town, state_of
from tests.flows.jobs import NAME, Contributing
from tests.github.checking import checked_github

pytestmark = [
    pytest.mark.usefixtures("prefect", "connections_of_prefect"),
    # Clients of Prefect leave their connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
TOWN = "sources/xx/town.json"


@pytest.fixture
def world(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contributing]:
    """A repository with a branch that adds the town."""
    with checked_github("ghp_token") as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("GITHUB_TOKEN", "ghp_token")
        monkeypatch.setenv("OPENADDR_REPOSITORIES", NAME)
        hosted = server.host(NAME)
        hosted.commit({"README.md": b"Sources."})
        town.opened = replace(town.opened, settings=settings.load())
        world = Contributing(town, server, hosted)
        hosted.change({TOWN: world.source()}, "mine")
        yield world


@pytest.fixture
def deployed() -> Iterator[SyncPrefectClient]:
    """A client of Prefect, which has a deployment of `source-run` on which nobody works."""
    with get_client(sync_client=True) as client:
        deployment = client.create_deployment(client.create_flow_from_name("source-run"), "source-run")
        yield client
        client.delete_deployment(deployment)


def put(world: Contributing) -> str:
    """A delivery of the push, on the record; gives its id."""
    told = world.told.push("mine")
    with world.town.opened.pool.connection() as conn:
        deliveries.receive(conn, told.id, told.event, told.payload)
    return told.id


def found(world: Contributing, delivery_id: str) -> Delivery:
    with world.town.opened.pool.connection() as conn:
        delivery = deliveries.get(conn, delivery_id)
    assert delivery is not None
    return delivery


def test_a_delivery_becomes_flow_runs_once_however_often_it_is_begun(
    world: Contributing, deployed: SyncPrefectClient
) -> None:
    delivery_id = put(world)
    state = state_of(ci_job, delivery_id)
    assert state.is_completed() and state.message is not None and "1 runs asked for" in state.message
    assert state_of(ci_job, delivery_id).name == "Left"
    assert found(world, delivery_id).status is DeliveryStatus.HANDLED
    asked = [each for each in deployed.read_flow_runs(limit=50) if each.name.startswith("xx/town addresses town #")]
    assert len(asked) == 1 and [each.state for each in world.hosted.statuses] == ["pending"]


def test_what_nobody_expected_fails_the_flow_and_the_delivery_is_tried_again(
    world: Contributing, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery_id = put(world)
    monkeypatch.setattr("flows.ci_job.propose", lambda changed: 1 / 0)
    assert state_of(ci_job, delivery_id).is_failed()
    delivery = found(world, delivery_id)
    assert (delivery.status, delivery.tries) == (DeliveryStatus.WAITING, 1) and "ZeroDivisionError" in delivery.reason


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (UNICORN, "GITHUB_AWAY"),
        (HANGS_UP, "GITHUB_AWAY"),
        (CUT_ANSWER, "GITHUB_AWAY"),
        (rate_limited(3_000), "GITHUB_RATE_LIMITED"),
    ],
)
def test_github_in_trouble_postpones_a_delivery(world: Contributing, trouble: Response, code: str) -> None:
    world.server.trouble["repository"] = trouble
    delivery_id = put(world)
    state_of(ci_job, delivery_id)
    delivery = found(world, delivery_id)
    assert (delivery.status, delivery.tries) == (DeliveryStatus.WAITING, 0) and code in delivery.reason


def job(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["job", *arguments])
    return result.exit_code, result.output


def test_a_person_checks_a_commit_as_if_github_had_told_of_it(world: Contributing) -> None:
    sha = world.hosted.branches["mine"]
    code, output = job("--repository", NAME, "--commit", sha)
    assert code == 0 and "1 runs asked for" in output and "without PREFECT_API_URL" in output
    with world.town.opened.pool.connection() as conn:
        (run,) = runs.recent(conn, 10)
    assert (run.source_id, run.status) == ("xx/town", RunStatus.QUEUED)


def test_a_saved_delivery_is_done_again(world: Contributing, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text(json.dumps(world.told.push("mine").payload))
    code, output = job("--delivery", str(tmp_path / "payload.json"), "--event", "push")
    assert code == 0 and "1 runs asked for" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--repository", "somebody/else", "--commit", "a" * 40], "is not on the list"),
        (["--repository", NAME, "--commit", "abc"], "cannot be used"),
        (["--repository", NAME], "Neither a commit nor a pull request is named."),
        (["--delivery", "/nowhere.json"], "No such file"),
    ],
)
def test_what_cannot_be_checked_says_why(world: Contributing, arguments: list[str], says: str) -> None:
    code, output = job(*arguments)
    assert code == 2 and says in output
