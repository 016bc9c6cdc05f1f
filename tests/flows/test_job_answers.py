"""What is said on GitHub: by an App with checks, in spite of troubles, and to nobody but GitHub."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from demo.servers.files import FileServer
from demo.servers.github import CONTRIBUTOR, UNICORN, rate_limited, refused
from demo.servers.github.deliveries import Deliveries
from demo.servers.serving import Request, Response
from flows.sending import send_due
from openaddr import settings
from openaddr.db import outbox
from openaddr.db.records import JobStatus
from tests.flows.conftest import Town
from tests.flows.jobs import NAME, Contributing
from tests.github.apps import known_app, private_key
from tests.github.checking import checked_github

TOWN = "sources/xx/town.json"


@pytest.fixture(params=["token", "app"])
def kind(request: pytest.FixtureRequest) -> str:
    """Who we are to GitHub."""
    return str(request.param)


@pytest.fixture
def world(town: Town, kind: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contributing]:
    """A repository whose default branch has a README only."""
    with checked_github("ghp_token", known_app()) as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        monkeypatch.setenv("OPENADDR_REPOSITORIES", NAME)
        monkeypatch.setenv("OPENADDR_SITE_URL", "https://machine.example")
        if kind == "token":
            monkeypatch.setenv("GITHUB_TOKEN", "ghp_token")
        else:
            monkeypatch.setenv("GITHUB_APP_ID", str(known_app().id))
            monkeypatch.setenv("GITHUB_APP_KEY", private_key().replace("\n", "\\n"))
        hosted = server.host(NAME)
        hosted.commit({"README.md": b"Sources."})
        town.opened = replace(town.opened, settings=settings.load())
        yield Contributing(town, server, hosted)


@pytest.mark.parametrize("kind", ["app"], indirect=True)
def test_an_app_marks_the_line_of_the_json_and_says_how_each_layer_ended(world: Contributing) -> None:
    source = json.loads(world.source())
    source["layers"]["addresses"][0]["conform"]["lat"] = "nowhere"
    world.hosted.change({TOWN: json.dumps(source, indent=2).encode()}, "mine")
    pull = world.hosted.open_pull("mine")
    job = world.checked(world.told.pull_request("opened", pull))
    checks = {check.name: check for check in world.hosted.checks}
    assert {name: check.conclusion for name, check in checks.items()} == {
        "openaddresses/lint": "success",
        "openaddresses/machine": "failure",
        "openaddresses/xx/town addresses town": "failure",
    }
    (annotation,) = checks["openaddresses/xx/town addresses town"].annotations
    lines = json.dumps(source, indent=2).splitlines()
    assert (annotation.path, annotation.level) == (TOWN, "failure")
    assert '"nowhere"' in lines[annotation.start_line - 1]
    assert (job.status, world.hosted.comments[0].by) == (JobStatus.FAILED, known_app().login)


@pytest.mark.parametrize("kind", ["app"], indirect=True)
def test_what_lint_says_is_there_before_anything_is_downloaded(world: Contributing) -> None:
    source = world.town.source()
    world.hosted.change({TOWN: source}, "mine")
    world.asked(world.told.push("mine"))
    checks = {check.name: check for check in world.hosted.checks}
    assert (checks["openaddresses/lint"].status, checks["openaddresses/lint"].conclusion) == ("completed", "failure")
    assert [note.start_line for note in checks["openaddresses/lint"].annotations if note.level == "failure"] == [1, 1]
    assert world.town.web.requests == []


def test_a_check_or_comment_asked_for_again_runs_the_pull_request_of_a_fork_again(world: Contributing) -> None:
    fork = world.server.fork(world.hosted, "somebody/openaddresses")
    sha = fork.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine", fork)
    first = world.checked(world.told.pull_request("opened", pull))
    again = world.checked(world.told.check_suite(sha))
    assert (again.status, again.pull_request) == (JobStatus.SUCCEEDED, pull.number)
    assert again.id != first.id and len(world.hosted.comments) == 1


def test_a_copy_of_our_mark_in_the_comment_of_a_stranger_is_left_alone(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine")
    strange = world.hosted.comment(pull.number, "<!-- openaddr-machine -->\nAll is well!", CONTRIBUTOR)
    world.checked(world.told.pull_request("opened", pull))
    assert [comment.by == CONTRIBUTOR for comment in world.hosted.comments] == [True, False]
    assert world.hosted.comments[0].body == strange.body


def test_a_comment_that_somebody_deletes_is_written_again(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()}, "mine")
    pull = world.hosted.open_pull("mine")
    done = world.asked(world.told.pull_request("opened", pull))
    world.hosted.delete_comment(world.hosted.comments[0].id)
    for run in world.open_runs(done.job):
        world.town.work(run.id)
    world.send(done.job)
    (comment,) = world.hosted.comments
    assert "1 of 1" in comment.body or "good" in comment.body


@pytest.mark.proves("I3", "I4", kind="GitHub refuses")
@pytest.mark.parametrize("kind", ["token"], indirect=True)
def test_one_job_that_github_always_refuses_keeps_no_other_from_its_final_state(world: Contributing) -> None:
    """Fifty healthy jobs and a bad one, whose messages are sent by one sweep after another, as after an outage."""
    shas = {}
    for number in range(51):
        sha = world.hosted.change({f"sources/xx/{number}.json": None, "README.md": f"{number}".encode()}, f"b{number}")
        shas[number] = sha

    def refuse(request: Request) -> Response | None:
        return refused(422, "Validation Failed") if shas[0] in request.path else None

    world.server.trouble["create_status"] = refuse
    done = [world.recorded(world.told.push(f"b{number}")) for number in range(51)]
    for _ in range(10):
        send_due(world.town.opened)
        with world.town.opened.pool.connection() as conn:
            conn.execute("update outbox set next_try_at = clock_timestamp() where sent_at is null")
    assert [status.sha for status in world.hosted.statuses] == [shas[number] for number in range(1, 51)]
    with world.town.opened.pool.connection() as conn:
        parked = conn.execute("select key, error from outbox where parked_at is not null").fetchall()
        assert not outbox.is_waiting(conn, str(done[1].job.id))
    assert [key for key, _ in parked] == [str(done[0].job.id)] and "422" in parked[0][1]


@pytest.mark.proves("I3", kind="GitHub limits requests")
@pytest.mark.parametrize("kind", ["token"], indirect=True)
def test_a_rate_limit_is_waited_for_as_long_as_github_says(world: Contributing) -> None:
    world.server.trouble["create_status"] = rate_limited(600)
    world.hosted.change({"README.md": b"More."}, "mine")
    done = world.asked(world.told.push("mine"))
    with world.town.opened.pool.connection() as conn:
        query = (
            "select extract(epoch from next_try_at - clock_timestamp()) from outbox where key = %s and kind = 'status'"
        )
        ((seconds,),) = conn.execute(query, [str(done.job.id)]).fetchall()
    assert 500 < seconds <= 600


@pytest.mark.parametrize("kind", ["token"], indirect=True)
def test_no_address_of_a_payload_is_ever_asked(world: Contributing, web: FileServer) -> None:
    with FileServer(world.town.folder) as canary:
        told = Deliveries(world.hosted, elsewhere=canary.url)
        fork = world.server.fork(world.hosted, "somebody/openaddresses")
        fork.change({TOWN: world.source()}, "mine")
        pull = world.hosted.open_pull("mine", fork)
        assert canary.url in json.dumps(told.pull_request("opened", pull).payload)
        world.checked(told.pull_request("opened", pull))
        world.checked(told.issue_comment(world.hosted.comment(pull.number, "re-run this please")))
        world.hosted.merge(pull)
        world.deliver(told.pull_request("closed", pull))
        world.checked(told.push())
        assert canary.requests == []


def test_the_trust_that_github_would_not_tell_of_is_asked_for_again(world: Contributing) -> None:
    world.hosted.change({TOWN: world.source()})
    answers: list[Response | None] = [None, *[UNICORN] * 5]

    def away_a_while(request: Request) -> Response | None:
        return answers.pop(0) if answers else None

    world.server.trouble["compare"] = away_a_while
    done = world.asked(world.told.push())
    answers.extend([UNICORN] * 2)
    (run,) = done.runs
    world.town.work(run.id)
    world.send(done.job)
    assert (world.job(done.job).trust, world.town.latest) == ("unknown", None)
    answers.clear()
    with world.town.opened.pool.connection() as conn:
        conn.execute("update outbox set next_try_at = clock_timestamp() where sent_at is null")
    send_due(world.town.opened)
    assert world.job(done.job).trust == "merged" and world.town.last_good is not None


def test_what_is_no_longer_on_the_default_branch_when_it_is_done_is_not_published(world: Contributing) -> None:
    before = world.hosted.branches["master"]
    world.hosted.change({TOWN: world.source()})
    done = world.asked(world.told.push())
    assert done.job.trust == "merged"
    world.hosted.branches["master"] = before
    (run,) = done.runs
    world.town.work(run.id)
    world.send(done.job)
    assert (world.job(done.job).trust, world.town.row(run.id).trust) == ("unmerged", "unmerged")
    assert (world.town.last_good, world.town.latest) == (None, None)
